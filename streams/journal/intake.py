"""What does one public record become in the journal?

Nothing, a dead letter, or one entry for each subject it is about: the visitor, the contact, and for an order the addresses it
was made with. Names and addresses stay behind; what goes in is a fingerprint.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, cast

from crawleruseragents import is_crawler

from schemas.cart_change import CartChange
from schemas.consent_change import ConsentChange
from schemas.contact import Contact
from schemas.decoding import Message, decode
from schemas.order import Order
from schemas.page_view import PageView
from schemas.product import Product
from streams import topics
from streams.core.events import AddressKnown, CartChanged, ConsentChanged, FromShop, OrderChanged, PageViewed
from streams.core.identity import CONTACT, MAIL, PHONE, VISITOR, fingerprint, subject
from streams.core.memory import DIGEST_BYTES

Entry = tuple[bytes, FromShop]

#: The topics that ingest reads. A topic's place is part of every source stamp: add at the end, never reorder.
SOURCES = (
    topics.PAGE_VIEWS.name,
    topics.CART_ADDS.name,
    topics.ORDERS.name,
    topics.CONSENT_CHANGES.name,
    topics.CONTACTS.name,
    topics.CATALOG.name,
)
_PLACE = {topic: place << 16 for place, topic in enumerate(SOURCES)}

#: Crawlers announce themselves; matching the patterns costs 0.1 ms, hence the cache.
_is_crawler = lru_cache(maxsize=50_000)(is_crawler)


class Crawler(Exception):
    """A page view that no person made. Count it and go on."""


def source_of(topic: str, partition: int) -> int:
    """Return the number by which a source stamp knows a partition of a public topic."""
    return _PLACE[topic] | partition


def digest_of(event_id: str) -> bytes:
    """Return the bytes by which a repeated event is recognised within its shop."""
    return blake2b(event_id.encode(), digest_size=DIGEST_BYTES).digest()


def entries_of(
    topic: str, raw: bytes | None, key: bytes | None, *, arrived_at: int, source: int, offset: int, secret: bytes
) -> Iterable[Entry]:
    """Return the journal entries of one public record.

    `arrived_at` is its append time, ms, UTC. Raises `schemas.errors.Undecodable` for a dead letter, `Crawler` for a bot's page view.
    """
    decoded = decode(topic, raw, arrived_at=arrived_at, key=key)
    if raw is None:  # a removal: detection knows no names and no products
        return ()
    message = cast(Message, decoded)
    id = message.event_id
    common = {"id": id, "digest": digest_of(id), "at": message.occurred_at, "source": source, "offset": offset}
    return _TRANSLATIONS[type(message)](message, common, secret)


def _page_view(message: PageView, common: dict[str, Any], secret: bytes) -> Iterable[Entry]:
    if message.user_agent is not None and _is_crawler(message.user_agent):
        raise Crawler
    viewed = PageViewed(
        **common,
        contact_id=message.contact_id,
        kind=message.kind,
        product_id=message.product_id,
    )
    return ((subject(VISITOR, message.shop_id, message.visitor_id), viewed),)


def _cart_change(message: CartChange, common: dict[str, Any], secret: bytes) -> Iterable[Entry]:
    changed = CartChanged(
        **common,
        contact_id=message.contact_id,
        action=message.action,
        product_id=message.product_id,
        quantity=message.quantity,
        unit_price_minor=message.unit_price_minor,
        currency=message.currency,
        cart_id=message.cart_id,
    )
    return ((subject(VISITOR, message.shop_id, message.visitor_id), changed),)


def _order(message: Order, common: dict[str, Any], secret: bytes) -> Iterable[Entry]:
    changed = OrderChanged(
        **common,
        contact_id=message.contact_id,
        order_id=message.order_id,
        status=message.status,
    )
    names = ((VISITOR, message.visitor_id), (CONTACT, message.contact_id))
    named = [subject(kind, message.shop_id, id) for kind, id in names if id is not None]
    return [(key, changed) for key in (*named, *_addresses(message, secret))]


def _consent_change(message: ConsentChange, common: dict[str, Any], secret: bytes) -> Iterable[Entry]:
    changed = ConsentChanged(
        **common,
        channel=message.channel,
        purpose=message.purpose,
        granted=message.state == "granted",
    )
    return ((subject(CONTACT, message.shop_id, message.contact_id), changed),)


def _contact(message: Contact, common: dict[str, Any], secret: bytes) -> Iterable[Entry]:
    known = AddressKnown(
        **common,
        contact_id=message.contact_id,
    )
    return [(key, known) for key in _addresses(message, secret)]


def _addresses(message: Order | Contact, secret: bytes) -> Iterable[bytes]:
    for kind, address in ((MAIL, message.email), (PHONE, message.phone)):
        if address is not None:
            yield subject(kind, message.shop_id, fingerprint(secret, address))


def _nothing(message: Message, common: dict[str, Any], secret: bytes) -> Iterable[Entry]:
    """Detection needs no products yet."""
    return ()


_TRANSLATIONS: dict[type, Callable[..., Iterable[Entry]]] = {
    PageView: _page_view,
    CartChange: _cart_change,
    Order: _order,
    ConsentChange: _consent_change,
    Contact: _contact,
    Product: _nothing,
}
