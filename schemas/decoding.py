"""Which message does a record of a public topic hold?

Law 1  Whatever the bytes, the answer is a message or `Undecodable`.
Law 2  A message that is returned can be acted on: its time is plausible, its addresses are normal, its key agrees.
"""

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.cart_change import CartChange
from schemas.complaints import DAY_MS, complaint, too_far_ahead
from schemas.consent_change import ConsentChange
from schemas.contact import Contact, ContactErased
from schemas.errors import Reason, Undecodable
from schemas.json_object import json_object
from schemas.order import Order
from schemas.page_view import PageView
from schemas.product import Product, ProductRemoved

VERSION = 1

Message = PageView | CartChange | Order | ConsentChange | Contact | Product
Removal = ContactErased | ProductRemoved

#: The family of each topic that shops publish to.
FAMILY_OF: dict[str, type[Message]] = {
    "page-views": PageView,
    "cart-adds": CartChange,
    "orders": Order,
    "consent-changes": ConsentChange,
    "contacts": Contact,
    "catalog": Product,
}
#: The topics whose records can be deleted, and the field that their key ends with.
_COMPACTED: dict[str, tuple[type[Removal], str]] = {
    "contacts": (ContactErased, "contact_id"),
    "catalog": (ProductRemoved, "product_id"),
}
_VALIDATE: dict[str, Callable[[Any], Any]] = {
    topic: TypeAdapter(family).validator.validate_python for topic, family in FAMILY_OF.items()
}
_NAMES = {topic: frozenset(family.model_fields) for topic, family in FAMILY_OF.items()}


def decode(topic: str, raw: bytes | None, *, arrived_at: int, key: bytes | None = None) -> Message | Removal:
    """Return what a record says, normalised; raise `Undecodable` if it cannot be taken in.

    `arrived_at` is the record's append time, ms since the epoch, UTC. `key` matters on compacted topics only.
    A topic that shops do not publish to is a `KeyError`.
    """
    if raw is None:
        return _removal(topic, key, arrived_at)
    fields = json_object(raw, names=_NAMES[topic])
    version = fields.get("v")
    # True and 1.0 equal 1, and pydantic's Literal takes them for it.
    if version != VERSION or type(version) is not int:
        raise Undecodable(Reason.UNKNOWN_VERSION, "v is missing or null" if version is None else "")
    try:
        message: Message = _VALIDATE[topic](fields)
    except ValidationError as error:
        # The cause holds the record's contents.
        raise complaint(error, arrived_at) from None
    if message.occurred_at > arrived_at + DAY_MS:
        raise too_far_ahead(message.occurred_at, arrived_at)
    if key is not None and topic in _COMPACTED:
        _refuse_contradiction(message.shop_id, getattr(message, _COMPACTED[topic][1]), key)
    return message


def _removal(topic: str, key: bytes | None, arrived_at: int) -> Removal:
    if topic not in _COMPACTED:
        raise Undecodable(Reason.TOMBSTONE)
    family, name = _COMPACTED[topic]
    try:
        shop_id, colon, id = (key or b"").decode().partition(":")
        if not colon:
            raise Undecodable(Reason.BAD_KEY)
        return family.model_validate({"shop_id": shop_id, name: id})
    except UnicodeDecodeError:
        raise Undecodable(Reason.BAD_KEY, "not UTF-8") from None
    except ValidationError as error:
        raise Undecodable(Reason.BAD_KEY, complaint(error, arrived_at).detail) from None


def _refuse_contradiction(shop_id: str, id: str, key: bytes) -> None:
    if key not in (f"{shop_id}:{id}".encode(), id.encode()):
        raise Undecodable(Reason.KEY_CONTRADICTS)
