"""How does a row of the Taobao User Behavior data become events of a shop?

A row is `user_id,item_id,category_id,behavior,timestamp` (seconds, UTC). `pv` and `fav` become views of the product: to
put something on a list of favourites is to look at it, and the wire has no word of its own for it. `cart` adds one to
the cart, `buy` is a paid order of one. The file's order is the order of arrival, so a row out of order is an event that
arrives late.
"""

from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from streams.converters.people import People, Share
from streams.converters.products import Product, Shelf, made_up
from streams.converters.record import BadSource, Record, Tally
from streams.recording import opened

HEADER = "user_id,item_id,category_id,behavior,timestamp"


class _Row(NamedTuple):
    number: int
    user: str
    item: str
    category: str
    behavior: str
    occurred_at: int


def convert(path: Path, contacts: Share, tally: Tally) -> Iterator[Record]:
    """Make the records of a file; a visitor's first event and every order name its contact."""
    people, shelf = People(contacts), Shelf("https://taobao.example")
    for row in _rows(path):
        product = made_up(row.item)._replace(category=row.category)
        yield from shelf.introduced(product, row.occurred_at)
        contact_id = f"c{row.user}"
        introduction = people.introduced(contact_id, row.occurred_at)
        yield from introduction
        is_named = introduction or (row.behavior == "buy" and people.is_known(contact_id))
        who = {"visitor_id": f"u{row.user}"} | ({"contact_id": contact_id} if is_named else {})
        topic, fields = _event(row, product, shelf)
        tally.taken += 1
        yield Record(topic, f"row-{row.number}", row.occurred_at, {**who, **fields})


def _event(row: _Row, product: Product, shelf: Shelf) -> tuple[str, dict[str, object]]:
    line = {"product_id": row.item, "quantity": 1, "unit_price_minor": product.price_minor}
    match row.behavior:
        case "pv" | "fav":
            return "page-views", {"kind": "product", "url": shelf.page(row.item), "product_id": row.item}
        case "cart":
            return "cart-adds", {"action": "add", **line, "currency": product.currency}
        case _:
            paid = {"total_minor": product.price_minor, "currency": product.currency}
            return "orders", {"order_id": f"order-{row.number}", "status": "paid", "lines": [line], **paid}


def _rows(path: Path) -> Iterator[_Row]:
    with TextIOWrapper(opened(path), "utf-8", errors="replace") as text:
        for number, line in enumerate(text, 1):
            if number > 1 or line.strip() != HEADER:
                yield _row(path, number, line)


def _row(path: Path, number: int, line: str) -> _Row:
    try:
        user, item, category, behavior, seconds = line.strip().split(",")
        if behavior in ("pv", "fav", "cart", "buy"):
            return _Row(number, user, item, category, behavior, int(seconds) * 1000)
    except ValueError as error:
        raise BadSource(f"{path}:{number}: expected {HEADER}, found {line[:80]!r}") from error
    raise BadSource(f"{path}:{number}: behavior is one of pv, fav, cart, buy, not {behavior!r}")
