"""How does a session of the OTTO recommender data become events of a shop?

A line is `{"session": …, "events": [{"aid", "ts", "type"}, …]}` (milliseconds, UTC). `clicks` are views of the product,
`carts` add one to the cart, and the `orders` that a session holds at one instant are the lines of one paid order.
Sessions stand in the order in which they began, and are woven into one stream without reading further than need be.
"""

import heapq
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from streams.converters.people import People, Share
from streams.converters.products import Shelf, made_up
from streams.converters.record import BadSource, Record, Tally
from streams.recording import opened


class Event(Struct, frozen=True):
    """One click, cart or order of one product."""

    aid: int
    #: ms since the epoch, UTC.
    ts: int
    type: Literal["clicks", "carts", "orders"]


class Session(Struct, frozen=True):
    """One visitor, as the data set knows it."""

    session: int
    events: tuple[Event, ...]


class Step(NamedTuple):
    """What a session did at one instant: one view, one add, or one order of all its lines."""

    at: int
    session: int
    #: Place of its first event in the session.
    number: int
    type: Literal["clicks", "carts", "orders"]
    products: tuple[str, ...]


def convert(path: Path, contacts: Share, tally: Tally) -> Iterator[Record]:
    """Make the records of a file; a visitor's first event and every order name its contact."""
    people, shelf = People(contacts), Shelf("https://otto.example")
    for step in woven(sessions(path)):
        for product_id in step.products:
            yield from shelf.introduced(made_up(product_id), step.at)
        contact_id = f"c{step.session}"
        introduction = people.introduced(contact_id, step.at)
        yield from introduction
        is_named = introduction or (step.type == "orders" and people.is_known(contact_id))
        who = {"visitor_id": f"s{step.session}"} | ({"contact_id": contact_id} if is_named else {})
        tally.taken += len(step.products)
        yield event(step, who, shelf)


def sessions(path: Path) -> Iterator[Session]:
    """Read a file of sessions."""
    decoder = msgspec.json.Decoder(Session)
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BadSource(f'{path}:{number}: expected {{"session": …, "events": […]}}: {error}') from error


def steps(session: Session) -> Iterator[Step]:
    """Take a session apart, in its own order."""
    number = 0
    for (at, type), group in groupby(session.events, key=lambda event: (event.ts, event.type)):
        products = tuple(str(event.aid) for event in group)
        lines = [products] if type == "orders" else [(product_id,) for product_id in products]
        for line in lines:
            yield Step(at, session.session, number, type, line)
            number += len(line)


def woven(sessions: Iterator[Session]) -> Iterator[Step]:
    """Weave sessions, given in the order in which they began, into one stream in the order of time."""
    waiting: list[Step] = []
    for session in sessions:
        while waiting and session.events and waiting[0].at <= session.events[0].ts:
            yield heapq.heappop(waiting)
        for step in steps(session):
            heapq.heappush(waiting, step)
    while waiting:
        yield heapq.heappop(waiting)


def event(step: Step, who: dict[str, str], shelf: Shelf) -> Record:
    """Make the event of one step."""
    event_id = f"session-{step.session}-{step.number}"
    products = [made_up(product_id) for product_id in step.products]
    lines = [{"product_id": p.product_id, "quantity": 1, "unit_price_minor": p.price_minor} for p in products]
    match step.type:
        case "clicks":
            seen = {"kind": "product", "url": shelf.page(step.products[0]), "product_id": step.products[0]}
            return Record("page-views", event_id, step.at, {**who, **seen})
        case "carts":
            return Record("cart-adds", event_id, step.at, {**who, "action": "add", **lines[0], "currency": "EUR"})
        case "orders":
            bought = {"order_id": f"order-{step.session}-{step.number}", "status": "paid", "lines": lines}
            paid = {"total_minor": sum(p.price_minor for p in products), "currency": "EUR"}
            return Record("orders", event_id, step.at, {**who, **bought, **paid})
