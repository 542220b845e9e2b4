"""What would a suppression table do that lives in a dictionary?

The fake for tests of whatever asks the table; it and the real one pass the same contract, `tests/stores/contract.py`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, assert_never

from streams.core.decisions import Reason
from streams.core.visitor import STOPPING
from streams.stores.facts import Consent, ContactErased, ContactKnown, Fact, Purchase
from streams.stores.ports import (
    MOST_ORDERS,
    AlreadyReserved,
    AlreadySettled,
    Applied,
    Refused,
    Request,
    Reserved,
    Suppressed,
    Verdict,
)


class Entry(NamedTuple):
    """The latest word on one order, or on one channel and purpose."""

    at: int
    word: str
    event_id: str


class Window(NamedTuple):
    """Whose relaunches are counted together."""

    contact: bytes
    scenario: str


class SuppressionInMemory:
    """The suppression table without a server."""

    def __init__(self) -> None:
        self._watermarks: dict[tuple[str, int], int] = {}
        self._purchases: dict[bytes, dict[str, Entry]] = {}
        self._consents: dict[bytes, dict[str, Entry]] = {}
        self._cards: dict[bytes, tuple[bytes, ...]] = {}
        self._windows: dict[Window, dict[str, int]] = {}
        self._reserved: dict[str, Window] = {}
        self._results: dict[str, str] = {}

    async def next_offsets(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Return the next offset to apply of each partition; one that was never applied is absent."""
        return {p: self._watermarks[topic, p] for p in partitions if (topic, p) in self._watermarks}

    async def apply(
        self, topic: str, partition: int, *, expected: int | None, next_offset: int, facts: Sequence[Fact]
    ) -> Applied | Refused:
        """Write facts and move the watermark, provided that it is `expected`: None if there is none yet."""
        watermark = self._watermarks.get((topic, partition))
        if watermark != expected:
            return Refused(watermark)
        for fact in facts:
            self._write(fact)
        self._watermarks[topic, partition] = next_offset
        return Applied()

    async def reserve(self, request: Request) -> Verdict:
        """Check everything that could speak against a relaunch and reserve it, in one step."""
        if before := await self.taken(request.relaunch_id):
            return before
        if against := self._against(request):
            return against
        window = Window(request.contact, request.scenario)
        self._windows.setdefault(window, {})[request.relaunch_id] = request.now_ms
        self._reserved[request.relaunch_id] = window
        return Reserved()

    async def taken(self, relaunch_id: str) -> AlreadyReserved | AlreadySettled | None:
        """Return what reserving would find of an earlier reservation, without reserving; None if there is none."""
        if relaunch_id in self._results:
            return AlreadySettled(self._results[relaunch_id])
        return AlreadyReserved() if relaunch_id in self._reserved else None

    async def settle(self, relaunch_id: str, result: str) -> None:
        """Note what became of a reserved relaunch. The first result stays."""
        self._results.setdefault(relaunch_id, result)

    async def release(self, relaunch_id: str) -> None:
        """Give a reservation back, with its place in the window. A settled one stays."""
        if relaunch_id in self._reserved and relaunch_id not in self._results:
            del self._windows[self._reserved.pop(relaunch_id)][relaunch_id]

    def _write(self, fact: Fact) -> None:
        match fact:
            case Purchase():
                for subject in fact.identities:
                    orders = self._purchases.setdefault(subject, {})
                    _newest_wins(orders, fact.order_id, Entry(fact.at, fact.status, fact.event_id))
                    _trim(orders)
            case Consent():
                consents = self._consents.setdefault(fact.contact, {})
                _newest_wins(consents, f"{fact.channel}/{fact.purpose}", Entry(fact.at, fact.state, fact.event_id))
            case ContactKnown():
                self._cards[fact.contact] = tuple(subject for subject in (fact.mail, fact.phone) if subject is not None)
            case ContactErased():
                self._cards.pop(fact.contact, None)
            case _:
                assert_never(fact)

    def _against(self, request: Request) -> Suppressed | None:
        subjects = (request.contact, *request.identities, *self._cards.get(request.contact, ()))
        orders = (order for subject in subjects for order in self._purchases.get(subject, {}).values())
        bought = [order for order in orders if order.word in STOPPING and order.at >= request.trigger_at]
        if bought:
            return Suppressed(Reason.PURCHASED, (min(bought, key=lambda order: (order.at, order.event_id)).event_id,))
        consent = self._consents.get(request.contact, {}).get(f"{request.channel}/marketing")
        if consent is None or consent.word != "granted":
            return Suppressed(Reason.NO_CONSENT, (consent.event_id,) if consent else ())
        window = self._windows.get(Window(request.contact, request.scenario), {})
        others = [(at, other) for other, at in window.items() if request.now_ms - at < request.once_per_ms]
        return Suppressed(Reason.PRESSURE, (max(others)[1],)) if others else None


def _newest_wins(entries: dict[str, Entry], name: str, entry: Entry) -> None:
    known = entries.get(name)
    if known is None or entry.at > known.at or (entry.at == known.at and known.word != "withdrawn"):
        entries[name] = entry


def _trim(orders: dict[str, Entry]) -> None:
    if len(orders) > MOST_ORDERS:
        del orders[min(orders, key=lambda order_id: (orders[order_id].word in STOPPING, orders[order_id].at))]
