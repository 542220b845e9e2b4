"""Does the journal hold every valid public event for each subject it concerns, and in order?

What a public record must become is written down here a second time; nothing of `schemas` or `streams` is used. A record that is in the
journal twice is harmless; the first one of each must come in the order of its source partition.
"""

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from tests.chaos.journal_layout import ADDRESS, CART_CHANGE, CONSENT, ORDER, PAGE_VIEW, Record, digest, encode
from tests.chaos.oracle_wire import is_crawler, is_valid, normal_email, normal_phone

#: The public topics, each in the place by which the journal numbers its partitions.
TOPICS = ("page-views", "cart-adds", "orders", "consent-changes", "contacts", "catalog")


class IntakeOracle:
    """Compares a journal with the public topics it was made from: tell it first all that was published, then the journal."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        #: Keys and values that the journal must hold, and those that it was found to hold, as hashes.
        self._wanted: set[int] = set()
        self._found: set[int] = set()
        self._highest: dict[tuple[int, bytes], int] = {}
        #: First occurrences behind one of a higher offset, per source partition and subject.
        self.out_of_order = 0
        #: Valid public events.
        self.valid = 0

    def published(self, topic: str, partition: int, offset: int, timestamp: int, value: bytes | None) -> None:
        """Take in a record of a public topic."""
        try:
            event = msgspec.json.decode(value or b"")
        except msgspec.DecodeError:
            return
        if not is_valid(event, topic=topic, now=timestamp) or (topic == "page-views" and is_crawler(event)):
            return
        self.valid += 1
        source = TOPICS.index(topic) << 16 | partition
        self._wanted.update(hash(entry) for entry in _entries(topic, event, source, offset, self._secret))

    def journaled(self, key: bytes, value: bytes, record: Record) -> None:
        """Take in a record of the journal that came from a shop, as it stands and decoded."""
        entry = hash((key, value))
        if entry in self._found:
            return
        self._found.add(entry)
        source, offset = record[4], record[5]
        if self._highest.setdefault((source, key), offset) > offset:
            self.out_of_order += 1
        else:
            self._highest[source, key] = offset

    @property
    def missing(self) -> int:
        """How many entries the journal lacks."""
        return len(self._wanted - self._found)

    @property
    def unexpected(self) -> int:
        """How many entries follow from nothing that was published."""
        return len(self._found - self._wanted)


def _entries(
    topic: str, event: dict[str, Any], source: int, offset: int, secret: bytes
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the key and the value of each journal record that an event becomes."""
    if topic == "catalog":
        return
    stamp = [event["event_id"], digest(event["event_id"]), event["occurred_at"], source, offset]
    kind, fields = _SAYS[topic]
    said = encode([kind, *stamp, *(event.get(name) for name in fields)])
    if topic == "consent-changes":
        said = encode([kind, *stamp, event["channel"], event["purpose"], event["state"] == "granted"])
    for key in _subjects(topic, event, secret):
        yield key, said


_SAYS: dict[str, tuple[int, tuple[str, ...]]] = {
    "page-views": (PAGE_VIEW, ("contact_id", "kind", "product_id")),
    "cart-adds": (
        CART_CHANGE,
        ("contact_id", "action", "product_id", "quantity", "unit_price_minor", "currency", "cart_id"),
    ),
    "orders": (ORDER, ("contact_id", "order_id", "status")),
    "consent-changes": (CONSENT, ()),
    "contacts": (ADDRESS, ("contact_id",)),
}


def _subjects(topic: str, event: dict[str, Any], secret: bytes) -> Iterator[bytes]:
    shop_id = event["shop_id"]
    if topic in ("page-views", "cart-adds", "orders") and event.get("visitor_id"):
        yield f"visitor:{shop_id}:{event['visitor_id']}".encode()
    if topic in ("orders", "consent-changes") and event.get("contact_id"):
        yield f"contact:{shop_id}:{event['contact_id']}".encode()
    if topic in ("orders", "contacts"):
        if event.get("email"):
            yield f"mail:{shop_id}:{_fingerprint(secret, normal_email(event['email']))}".encode()
        if event.get("phone"):
            yield f"phone:{shop_id}:{_fingerprint(secret, normal_phone(event['phone']))}".encode()


def _fingerprint(secret: bytes, address: str) -> str:
    return hmac.new(secret, address.encode(), sha256).hexdigest()[:32]
