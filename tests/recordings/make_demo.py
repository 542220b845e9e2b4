"""How is the demo's recording made from twenty real sessions?

    python -m tests.recordings.make_demo sessions.jsonl > streams/demo/recording.jsonl

The clicks, carts and orders of the sessions stay, in their order. Long silences shrink, the beginnings are spread over
hours, and people, products and the events of `twist` are made up, so that each way of not being written to can be seen.
See streams/demo/ATTRIBUTION.md.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from streams.converters import line
from streams.converters.otto import Session, Step, event, sessions, steps
from streams.converters.people import consent, contact
from streams.converters.products import Shelf, made_up
from streams.converters.record import Record
from streams.recording import written

SHOP = "boutique"
MINUTE_MS = 60_000
#: Monday 1 August 2022, eight in the morning in Paris.
START_MS = 1_659_333_600_000
#: When silence makes a cart abandoned: `idle_for` in scenarios.yaml.
IDLE_MS = 30 * MINUTE_MS
#: What a longer silence becomes, with a cart left open and without.
SILENCE_WITH_CART_MS, SILENCE_MS = 40 * MINUTE_MS, 10 * MINUTE_MS
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


class Part(NamedTuple):
    """Which part a session plays."""

    #: Minutes from the start of the recording to its first event.
    begins: int
    #: Whom it belongs to; None for somebody whom the shop never gets to know.
    contact_id: str | None
    #: Whether a made-up add follows its last event.
    leaves_a_cart: bool = False


#: By the place of the session in the file; 0 to 5 and 9 hold carts of their own.
CAST = (
    Part(5, "contact-00-buys-and-returns"),
    Part(0, "contact-01-leaves-a-cart"),
    Part(160, "contact-02-withdraws-consent"),
    Part(50, "contact-03-keeps-returning"),
    Part(255, "contact-04-bought-before"),
    Part(35, "contact-05-buys-in-store"),
    Part(90, "contact-06-only-looks"),
    Part(80, "contact-07-never-consented", leaves_a_cart=True),
    Part(300, "contact-08-leaves-a-cart", leaves_a_cart=True),
    Part(95, "contact-09-buys-on-another-device"),
    Part(120, "contact-09-buys-on-another-device"),
    Part(130, None, leaves_a_cart=True),
    Part(140, "contact-12-buys-as-a-guest", leaves_a_cart=True),
    Part(185, "contact-13-leaves-two-carts", leaves_a_cart=True),
    Part(425, "contact-13-leaves-two-carts", leaves_a_cart=True),
    Part(215, "contact-15-buys-by-phone", leaves_a_cart=True),
    Part(20, "contact-16-buys-before-the-mail", leaves_a_cart=True),
    Part(240, "contact-17-empties-the-cart", leaves_a_cart=True),
    Part(65, "contact-18-payment-fails", leaves_a_cart=True),
    Part(8, "contact-19-leaves-a-cart", leaves_a_cart=True),
)


def lines(path: Path) -> Iterator[bytes]:
    """Make the recording, in the order of time."""
    visits = [played(session, part) for session, part in zip(sessions(path), CAST, strict=True)]
    records = [*catalog(step for visit in visits for step in visit), *people()]
    for number, (part, visit) in enumerate(zip(CAST, visits, strict=True)):
        records += events(number, part, visit)
        records += twist(number, part.contact_id or "", visit)
    records += crawler(visits[6])
    timed = [(record.occurred_at, line(SHOP, record, record.occurred_at)) for record in records]
    return (text for _, text in sorted([*timed, retried(timed), *broken()], key=lambda each: each[0]))


def played(session: Session, part: Part) -> list[Step]:
    """Move a session to its place in the day, and let its long silences shrink."""
    moved: list[Step] = []
    at, before, holds_cart = START_MS + part.begins * MINUTE_MS, session.events[0].ts, False
    for step in steps(session):
        silence, before = step.at - before, step.at
        if silence > IDLE_MS:
            silence = min(silence, SILENCE_WITH_CART_MS if holds_cart else SILENCE_MS)
            holds_cart = False
        at += silence
        holds_cart = step.type == "carts" or (holds_cart and step.type == "clicks")
        moved.append(step._replace(at=at))
    if part.leaves_a_cart:
        last = moved[-1]
        moved.append(last._replace(at=last.at + 20_000, number=last.number + 1, type="carts"))
    return moved


def people() -> Iterator[Record]:
    """Introduce everybody at the start; all but one consent."""
    for contact_id in sorted({part.contact_id for part in CAST if part.contact_id}):
        yield introduced(contact_id)
        if contact_id != "contact-07-never-consented":
            yield consent(contact_id, START_MS, state="granted")


def introduced(contact_id: str) -> Record:
    """Make up a contact: French with an even number, English with an odd one."""
    return contact(contact_id, START_MS, locale=("fr", "en")[int(contact_id.split("-")[1]) % 2])


def catalog(visited: Iterable[Step]) -> Iterator[Record]:
    """Describe every product at the start."""
    shelf = Shelf("https://boutique.example")
    for product_id in sorted({product_id for step in visited for product_id in step.products}):
        yield from shelf.introduced(made_up(product_id), START_MS)


def events(number: int, part: Part, visit: list[Step]) -> Iterator[Record]:
    """Make a session's own events; the first one and every order name the contact."""
    shelf = Shelf("https://boutique.example")
    for place, step in enumerate(visit):
        who = {"visitor_id": f"visitor-{number:02}"}
        if part.contact_id and (place == 0 or step.type == "orders"):
            who["contact_id"] = part.contact_id
        yield event(step, who, shelf)


def twist(number: int, contact_id: str, visit: list[Step]) -> Iterator[Record]:
    """Make up what keeps a mail from being right, minutes before it is due."""
    visitor, person = {"visitor_id": f"visitor-{number:02}"}, {"contact_id": contact_id}
    due, cart = first_due(visit)

    def bought(minutes_before: int, who: dict[str, str], sales_channel: str, status: str = "paid") -> Record:
        return order(f"order-of-{number:02}", due - minutes_before * MINUTE_MS, who, cart, sales_channel, status)

    match number:
        case 2:
            yield consent(contact_id, due - 4 * MINUTE_MS, state="withdrawn")
        case 5:
            yield bought(2, person, "store")
        case 9:
            yield bought(3, {"visitor_id": "visitor-10", **person}, "app")
        case 12:
            yield bought(2, {"email": str(introduced(contact_id).fields["email"]).title()}, "web")
        case 15:
            yield bought(1, person, "phone")
        case 16:
            yield bought(5, visitor | person, "web")
        case 17:
            removed = {"action": "remove", "product_id": cart[0], "quantity": 1}
            yield Record("cart-adds", "removal-of-17", due - 10 * MINUTE_MS, {**visitor, **removed})
        case 18:
            yield bought(15, person, "app", status="placed")
            yield bought(14, person, "app", status="failed")


def first_due(visit: list[Step]) -> tuple[int, tuple[str, ...]]:
    """Return when the mail about the first abandoned cart is due, and what that cart holds; 0 if there is none."""
    cart: tuple[str, ...] = ()
    for place, step in enumerate(visit):
        cart += step.products if step.type == "carts" else ()
        is_last = place + 1 == len(visit)
        if cart and (is_last or visit[place + 1].at - step.at > IDLE_MS):
            return step.at + IDLE_MS, cart
    return 0, ()


def order(
    order_id: str, at: int, who: dict[str, str], cart: tuple[str, ...], sales_channel: str, status: str
) -> Record:
    """Make up an order of all that is in a cart."""
    products = [made_up(product_id) for product_id in cart]
    fields: dict[str, object] = {
        "order_id": order_id,
        "status": status,
        **who,
        "lines": [{"product_id": p.product_id, "quantity": 1, "unit_price_minor": p.price_minor} for p in products],
        "total_minor": sum(p.price_minor for p in products),
        "currency": "EUR",
        "sales_channel": sales_channel,
    }
    return Record("orders", f"{order_id}-{status}", at, fields)


def crawler(seen: list[Step]) -> Iterator[Record]:
    """Let a search engine look at what somebody looked at."""
    for number, step in enumerate(seen[:8]):
        url = f"https://boutique.example/p/{step.products[0]}"
        looked = {"visitor_id": "crawler", "kind": "product", "url": url, "product_id": step.products[0]}
        at = START_MS + 100 * MINUTE_MS + number * 15_000
        yield Record("page-views", f"crawler-{number}", at, {**looked, "user_agent": CRAWLER})


def retried(timed: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    """Let the shop send its first cart add again, four seconds later, as its retries do."""
    at, text = min(each for each in timed if b'"topic":"cart-adds"' in each[1])
    return at + 4_000, text.replace(b'"at":%d' % at, b'"at":%d' % (at + 4_000), 1)


def broken() -> Iterator[tuple[int, bytes]]:
    """Make four records that a shop might publish by mistake, each wrong in one thing."""
    minutes = iter((3, 45, 110, 200))

    def wrong(topic: str, event_id: str, **fields: object) -> tuple[int, bytes]:
        at = START_MS + next(minutes) * MINUTE_MS
        shared = {"v": 1, "event_id": event_id, "shop_id": SHOP, "occurred_at": at}
        return at, written(topic, at, shared | fields)

    visitor = "visitor-of-a-broken-app"
    yield wrong("page-views", "broken-version", v=99, visitor_id=visitor, kind="page")
    yield wrong("cart-adds", "broken-quantity", visitor_id=visitor, action="add", product_id="1517085", quantity=-2)
    yield wrong("contacts", "broken-address", contact_id="contact-of-two", email="one@example.com,two@example.com")
    at = START_MS + next(minutes) * MINUTE_MS
    yield at, written("page-views", at, '{"v":1,"event_id":"a message encoded twice and cut off, "shop_id":"bouti')


if __name__ == "__main__":
    sys.stdout.buffer.writelines(lines(Path(sys.argv[1])))
