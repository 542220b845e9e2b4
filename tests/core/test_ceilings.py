"""Claims about ceilings: whatever a bot does, what is kept of one visitor, contact or address stays below `CEILING` bytes."""

from collections import Counter, deque
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest

from streams.core.memory import DIGEST_BYTES
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.core.state import POSITION
from streams.journal.intake import Entry, entries_of, source_of
from streams.journal.records import encode
from tests.core.events import NINE, SECOND, changed
from tests.core.story import LAPTOP, Written

#: With two scenarios and twelve partitions of each public topic. The largest is a contact: 64 orders of two ids each, 32 devices, six
#: consents, a relaunch by scenario, 2048 digests, a stamp by source partition. An id takes up to 1024 bytes.
CEILING = 256 * 1024
#: What a bot that knows the limits comes near to, by kind of subject.
PRESSED = {b"v": 140_000, b"c": 170_000, b"m": 45_000}

EVENTS, SOURCES, BATCH = 20_000, 12, 100
RULES = tuple(CartRules(name=name * 64, idle_for_ms=20 * SECOND, min_hold_ms=1, once_per_ms=1) for name in "ab")
#: Digits as characters of four bytes each.
WIDE = {ord(digit): 0x20000 + place for place, digit in enumerate("0123456789")}
PRICE = {"quantity": 1_000_000, "unit_price_minor": 1_000_000_000_000, "currency": "EUR"}
LINE = {"product_id": "p", "quantity": 1, "unit_price_minor": 1}


def longest(number: int) -> str:
    """Return an id as long as the wire lets it be, 256 characters, in as many bytes as UTF-8 needs at most."""
    return f"{number:0256d}".translate(WIDE)


#: One that is linked time and again, and one that never is.
VISITOR, ANONYMOUS = longest(1), longest(2)
CONTACT = longest(3)


class Bot:
    """Tells a shop nothing twice, much of it about the same few, all of it in the longest words."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._number = 10
        self._offsets: Counter[int] = Counter()

    def tells(self, now: int) -> Iterator[Entry]:
        """Yield what its next event becomes in the journal."""
        topic, value = self._event()
        source = source_of(topic, self._random.randrange(SOURCES))
        self._offsets[source] += 1
        common = {"v": 1, "event_id": self._new(), "shop_id": "s" * 64, "occurred_at": now}
        raw = msgspec.json.encode(common | value)
        yield from entries_of(
            topic, raw, None, arrived_at=now, source=source, offset=self._offsets[source], secret=b"x" * 32
        )

    def _new(self) -> str:
        self._number += 1
        return longest(self._number)

    def _event(self) -> tuple[str, dict[str, Any]]:
        chance = self._random
        visitor = chance.choice((VISITOR, ANONYMOUS, ANONYMOUS, self._new()))
        contact = chance.choice(({"contact_id": CONTACT}, {"contact_id": self._new()}))
        if visitor == ANONYMOUS:
            contact = {}
        draw = chance.random()
        if draw < 0.1:
            return "page-views", {"visitor_id": visitor, "kind": "product", "product_id": self._new(), **contact}
        if draw < 0.5:
            cart = {"product_id": self._new(), "cart_id": self._new(), **PRICE}
            return "cart-adds", {"visitor_id": visitor, "action": "add", **cart, **contact}
        if draw < 0.9:
            return "orders", self._order(visitor, contact)
        if draw < 0.95:
            channel, purpose = chance.choice(("email", "sms", "ads")), chance.choice(("marketing", "tracking"))
            about = {"channel": channel, "purpose": purpose, "state": "granted"}
            return "consent-changes", {"contact_id": CONTACT, **about}
        return "contacts", {"contact_id": self._new(), "email": f"b{chance.randrange(3)}@example.org"}

    def _order(self, visitor: str, contact: dict[str, str]) -> dict[str, Any]:
        """Return an order that empties no cart, or one that names an address alone."""
        chance = self._random
        buyer = chance.choice(({"visitor_id": visitor, **contact}, contact, {}))
        status = chance.choice(("failed", "cancelled", "refunded")) if "visitor_id" in buyer else "placed"
        lines = {"lines": [LINE], "total_minor": 1, "currency": "EUR"}
        return {"order_id": self._new(), "status": status, "email": "bot@example.org", **lines, **buyer}


@pytest.fixture(scope="module")
def largest() -> dict[bytes, int]:
    """The most bytes that a subject of each kind ever took while a bot told its worst."""
    found: Counter[bytes] = Counter()
    bot, partition, waiting = Bot(1), Partition(RULES), deque[tuple[bytes, bytes]]()
    offset = 0
    for start in range(0, EVENTS, BATCH):
        now = NINE + start * SECOND // 10
        waiting.extend((key, encode(event)) for _ in range(BATCH) for key, event in bot.tells(now))
        records = [Written(offset + place, now, *entry) for place, entry in enumerate(waiting)]
        offset += len(records)
        waiting.clear()
        effects = partition.apply(records)
        waiting.extend((key, encode(notice)) for key, notice in effects.notices)
        for key, stored in effects.changes:
            if key != POSITION and stored is not None:
                found[key[:1]] = max(found[key[:1]], len(stored))
    return found


@pytest.mark.parametrize("kind", PRESSED)
def test_a_bot_cannot_make_a_subject_larger_than_the_ceiling(kind: bytes, largest: dict[bytes, int]) -> None:
    assert PRESSED[kind] < largest[kind] < CEILING


def test_scenarios_that_come_and_go_leave_no_episodes_behind() -> None:
    states: dict[bytes, bytes] = {}
    sizes = []
    for number in range(30):
        partition = Partition((CartRules(name=f"scenario-{number:02d}"),))
        for key, stored in states.items():
            partition.restore(key, stored)
        partition.restored()
        add = encode(changed("add", id=f"add-{number:02d}", at=NINE + number, offset=number))
        effects = partition.apply([Written(number, NINE + number, LAPTOP, add)])
        states |= {key: stored for key, stored in effects.changes if stored is not None}
        sizes.append(len(states[LAPTOP]) - number * DIGEST_BYTES)
    assert max(sizes) - min(sizes) < len("scenario-00")
