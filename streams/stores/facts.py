"""What does a message from a shop mean for who must not be written to?

A fact is about *subjects* (`streams/core/identity.py`), never about addresses: a mail or a phone is its fingerprint.
"""

from collections.abc import Iterator

from msgspec import Struct

from schemas.consent_change import ConsentChange
from schemas.contact import Contact
from schemas.contact import ContactErased as Tombstone
from schemas.decoding import Message, Removal
from schemas.order import Order
from streams.core.identity import CART, CONTACT, MAIL, PHONE, VISITOR, fingerprint, subject


class Purchase(Struct, frozen=True, tag=True):
    """An order reached a status."""

    #: Subjects of everybody and everything the order names.
    identities: tuple[bytes, ...]
    order_id: str
    status: str
    #: When, by the shop's clock, ms since the epoch, UTC.
    at: int
    #: The shop's `event_id`, for evidence.
    event_id: str


class Consent(Struct, frozen=True, tag=True):
    """A contact granted or withdrew consent for one channel and purpose."""

    contact: bytes
    channel: str
    purpose: str
    state: str
    #: When, by the shop's clock, ms since the epoch, UTC.
    at: int
    #: The shop's `event_id`, for evidence.
    event_id: str


class ContactKnown(Struct, frozen=True, tag=True):
    """A contact has these addresses, and no others any more."""

    contact: bytes
    mail: bytes | None
    phone: bytes | None


class ContactErased(Struct, frozen=True, tag=True):
    """A contact was erased. What was bought and refused under its id stays: a no outlives the name."""

    contact: bytes


Fact = Purchase | Consent | ContactKnown | ContactErased


def facts_of(message: Message | Removal, secret: bytes, *, arrived_at: int) -> list[Fact]:
    """Return what one message means for suppression; nothing, for most. `secret` fingerprints addresses.

    What happened is never later than its arrival (`arrived_at`, ms since the epoch, UTC): a shop's clock that runs ahead must
    not make yesterday's grant outlive today's withdrawal.
    """
    match message:
        case Order():
            at = min(message.occurred_at, arrived_at)
            identities = tuple(_identities(message, secret))
            return [Purchase(identities, message.order_id, message.status, at, message.event_id)]
        case ConsentChange():
            at = min(message.occurred_at, arrived_at)
            contact = subject(CONTACT, message.shop_id, message.contact_id)
            about = (message.channel, message.purpose, message.state)
            return [Consent(contact, *about, at, message.event_id)]
        case Contact():
            contact = subject(CONTACT, message.shop_id, message.contact_id)
            addresses = dict(_addresses(message, secret))
            return [ContactKnown(contact, addresses.get(MAIL), addresses.get(PHONE))]
        case Tombstone():
            return [ContactErased(subject(CONTACT, message.shop_id, message.contact_id))]
        case _:
            return []


def _identities(order: Order, secret: bytes) -> Iterator[bytes]:
    named = ((CONTACT, order.contact_id), (VISITOR, order.visitor_id), (CART, order.cart_id))
    yield from (subject(kind, order.shop_id, id) for kind, id in named if id is not None)
    yield from (address for _, address in _addresses(order, secret))


def _addresses(message: Order | Contact, secret: bytes) -> Iterator[tuple[str, bytes]]:
    for kind, address in ((MAIL, message.email), (PHONE, message.phone)):
        if address is not None:
            yield kind, subject(kind, message.shop_id, fingerprint(secret, address))
