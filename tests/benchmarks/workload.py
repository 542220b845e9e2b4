"""Which traffic is measured, and what must come of it?

The mix is that of a shop: 90 % page views, 6 % cart adds, 2 % searches, 2 % orders, over ten hours of recorded time. What must be
noticed is worked out here once more, in the plainest way, so that a run that is wrong prints no figure.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from heapq import heappop, heappush

START_MS = 1_760_000_000_000
SPAN_MS = 10 * 3_600_000
IDLE_MS = 30 * 60_000
SHOP = "bench"
SCENARIO = "cart-reminder"
#: One visitor in so many is linked to a contact from the start: 30 %.
LINKED = 0.3
KINDS = ["page"] * 90 + ["add"] * 6 + ["search"] * 2 + ["order"] * 2


def scenarios(*, min_hold: str = "5m") -> str:
    """Return what a marketer would write; `min_hold` decides for events that arrive late."""
    return f"""scenarios:
  - name: {SCENARIO}
    kind: cart
    idle_for: 30m
    min_hold: {min_hold}
    once_per: 24h
    steps: [{{after: 0m, channel: email, template: cart-reminder}}]
    expires_after: 24h
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of the mix."""

    number: int
    kind: str
    visitor: int
    at: int

    @property
    def id(self) -> str:
        """The event's id."""
        return f"e{self.number:08x}"


def happenings(events: int, visitors: int, seed: int = 1) -> Iterator[Happening]:
    """Yield the traffic in order of time."""
    chance = random.Random(seed)
    for number in range(events):
        yield Happening(
            number, KINDS[chance.randrange(100)], chance.randrange(visitors), START_MS + SPAN_MS * number // events
        )


def leaving(number: int, visitor: int, due_at: int) -> Happening:
    """Return an add that makes the cart due at `due_at` exactly, if it arrives before that, and late ones are not held long."""
    return Happening(number, "add", visitor, due_at - IDLE_MS)


def contact_of(visitor: int) -> str | None:
    """Return the contact that a visitor's events name."""
    return f"c{visitor // 2}" if visitor % 10 < LINKED * 10 else None


def relaunch_ids(traffic: Iterator[Happening]) -> set[str]:
    """Return the ids of all candidates that must be decided, once time has passed over everything."""
    opened: dict[int, str] = {}
    due: dict[int, int] = {}
    heap: list[tuple[int, int]] = []
    ids: set[str] = set()

    def fire(until: float) -> None:
        while heap and heap[0][0] <= until:
            at, visitor = heappop(heap)
            if due.get(visitor) == at:
                del due[visitor]
                ids.add(relaunch_id(visitor, opened.pop(visitor)))

    for event in traffic:
        fire(event.at)
        if event.kind == "order":
            opened.pop(event.visitor, None)
            due.pop(event.visitor, None)
        elif event.kind == "add" or event.visitor in opened:
            opened.setdefault(event.visitor, event.id)
            due[event.visitor] = event.at + IDLE_MS
            heappush(heap, (event.at + IDLE_MS, event.visitor))
    fire(float("inf"))
    return ids


def relaunch_id(visitor: int, trigger_id: str) -> str:
    """Return the id of the candidate that a visitor's first add leads to."""
    parts = (SHOP, contact_of(visitor) or "", SCENARIO, trigger_id, "1")
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
