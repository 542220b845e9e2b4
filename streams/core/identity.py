"""Under which names can one person be known?

A *subject* is what the journal is keyed by and what state is kept for: `visitor:<shop>:<id>`, `contact:<shop>:<id>`,
and for somebody known by an address alone `mail:<shop>:<fingerprint>` or `phone:<shop>:<fingerprint>`. A shop's id holds no colon.
"""

import hashlib
import hmac
from typing import NamedTuple

VISITOR = "visitor"
CONTACT = "contact"
CART = "cart"
MAIL = "mail"
PHONE = "phone"


class Subject(NamedTuple):
    """A subject's key, taken apart."""

    kind: str
    shop_id: str
    id: str


def subject(kind: str, shop_id: str, id: str) -> bytes:
    """Return the key of one subject, UTF-8."""
    return f"{kind}:{shop_id}:{id}".encode()


def parsed(key: bytes) -> Subject:
    """Take a subject's key apart; the id may itself hold colons."""
    kind, shop_id, id = key.decode().split(":", 2)
    return Subject(kind, shop_id, id)


def fingerprint(secret: bytes, normal_address: str) -> str:
    """Return 32 hex digits that stand for a normalised e-mail address or phone number (HMAC-SHA-256, RFC 2104).

    Keyed, because a plain hash of an address is undone by trying the addresses there are.
    """
    return hmac.new(secret, normal_address.encode(), hashlib.sha256).hexdigest()[:32]
