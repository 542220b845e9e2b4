"""Which shop histories are hard on a system that decides in order and in time?

`history` makes recordings with several devices per person, links that change, duplicates at once and much later, late
and future events, statuses and consent out of order, carts emptied in every way, events within a millisecond of a
deadline, ids shared between shops, and invalid events whose id is used again.

Histories keep to what the rules decide. No two people ever hold one address, nobody orders from an address given up, an
`event_id` is never that of two valid events, events of one order that reach a contact in different ways never tie in
time, and what is invalid is so beyond doubt.
"""

import heapq
import random
from dataclasses import dataclass
from typing import Any

from tests.chaos.cast import Cast, Moment, Value
from tests.chaos.plots import Plots, Scene

Line = dict[str, Any]

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
#: 6 May 2024, 09:00 UTC.
START_MS = 1_714_986_000_000
YEAR_10000_MS = 253_402_300_800_000

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
LATENESS_MS = (1, SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 25 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, DAY_MS, 3 * DAY_MS)

#: What makes any event invalid.
SPOILT: tuple[Value, ...] = (
    {"v": 2},
    {"v": "one"},
    {"event_id": ""},
    {"shop_id": None},
    {"occurred_at": "yesterday"},
    {"occurred_at": 0},
    {"occurred_at": YEAR_10000_MS},
)
#: What makes an event of one topic invalid.
SPOILT_IN: dict[str, tuple[Value, ...]] = {
    "page-views": ({"kind": "dance"}, {"visitor_id": None}),
    "cart-adds": ({"quantity": -3}, {"quantity": "two"}, {"action": "steal"}, {"currency": "EURO"}),
    "orders": (
        {"status": "maybe"},
        {"lines": "none"},
        {"total_minor": -1},
        {"email": "a@example.com\r\nBcc: b@example.com"},
    ),
    "consent-changes": ({"state": "perhaps"}, {"channel": "pigeon"}),
    "contacts": ({"email": "a@example.com,b@example.com"}, {"contact_id": None}),
    "catalog": ({"currency": "€"}, {"price_minor": -1}),
}


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a history goes; shares are of all events, unless they say otherwise."""

    #: How many shops there are; they use the same ids for other people.
    shops: int = 2
    #: Share of devices that belong to a contact.
    with_contact: float = 0.3
    #: Mean time between lines; None makes every device active twice an hour, so that some carts are left and others not.
    mean_gap_ms: int | None = None
    #: Where the boundaries of the scenario lie.
    idle_for_ms: int = 30 * MINUTE_MS
    min_hold_ms: int = 5 * MINUTE_MS
    once_per_ms: int = DAY_MS
    #: Share whose `occurred_at` lies before their time, by a millisecond to six days.
    late: float = 0.12
    #: Share whose `occurred_at` lies after their time, by a millisecond to twenty hours.
    future: float = 0.03
    #: Share that repeats one of the last three lines.
    duplicated: float = 0.05
    #: Share that repeats any line.
    duplicated_much_later: float = 0.02
    #: Share that is told wrongly before it is told well.
    invalid: float = 0.02
    #: Share of page views by crawlers.
    crawlers: float = 0.02
    #: Share whose `at` is before that of an earlier line.
    backwards: float = 0.02
    #: Share of cart changes whose deadline the visitor meets to the millisecond, more or less one.
    at_a_boundary: float = 0.1
    #: Share that begins a plot: two to six events that together try one rule.
    plots: float = 0.01
    #: Share of time steps that are nought.
    simultaneous: float = 0.1
    #: `at` of the first line, ms since the epoch, UTC.
    start_ms: int = START_MS


def history(seed: int, events: int, visitors: int, habits: Habits | None = None) -> list[Line]:
    """Return `events` recording lines of `visitors` devices in each shop; the same arguments give the same lines."""
    teller = _Teller(seed, visitors, habits or Habits())
    teller.introduce_people()
    while len(teller.lines) < events:
        teller.tell_one()
    return teller.lines[:events]


class _Teller:
    """Tells one history, line by line: when, in what order, how often and how badly."""

    def __init__(self, seed: int, visitors: int, habits: Habits) -> None:
        self.random = random.Random(seed)
        self.habits = habits
        self.cast = Cast(self.random, visitors, habits.shops, habits.with_contact)
        self.gap_ms = habits.mean_gap_ms or max(1, 30 * MINUTE_MS // (visitors * habits.shops))
        self.now = habits.start_ms
        self.lines: list[Line] = []
        #: Events counted per shop, so that shops share ids.
        self.told = dict.fromkeys(self.cast.shops, 0)
        self.plots = Plots(self.random, self.cast, habits.idle_for_ms, habits.once_per_ms)
        #: What is to be told, and when: (when, how many were planned before, scene).
        self.planned: list[tuple[int, int, Scene]] = []
        self.plans = 0

    def introduce_people(self) -> None:
        for shop, topic, value in self.cast.introductions(self.now):
            self._tell(topic, shop, value)

    def tell_one(self) -> None:
        draw, habits = self.random.random(), self.habits
        if self.lines and draw < habits.duplicated:
            self._repeat(self.random.choice(self.lines[-3:]))
        elif self.lines and draw < habits.duplicated + habits.duplicated_much_later:
            self._repeat(self.random.choice(self.lines))
        elif self.lines and draw > 1 - habits.backwards:
            self._tell_anything(behind_ms=self.random.choice((1, SECOND_MS, 10 * MINUTE_MS)))
        elif self.random.random() < habits.plots:
            for when, scene in self.plots.any(self.now):
                self._plan(when, scene)
        else:
            self._tell_next()

    def _tell_next(self) -> None:
        scene = self._pass_time()
        shop, visitor = self.cast.anybody()
        if scene is not None:
            self._tell(*scene(self.now))
        elif self.random.random() < self.habits.crawlers:
            self._tell("page-views", shop, {**self.cast.view(shop, visitor), "user_agent": CRAWLER})
        else:
            self._tell_anything()

    # Time

    def _pass_time(self) -> Scene | None:
        """Move on, now and then by hours; return the scene that is due, if any."""
        gap_ms = (
            0 if self.random.random() < self.habits.simultaneous else round(self.random.expovariate(1 / self.gap_ms))
        )
        if self.random.random() < 0.001:
            gap_ms += self.random.choice((self.habits.idle_for_ms, HOUR_MS, 6 * HOUR_MS))
        if self.planned and self.planned[0][0] <= self.now + gap_ms:
            when, _, scene = heapq.heappop(self.planned)
            self.now = max(self.now, when)
            return scene
        self.now += gap_ms
        return None

    def _occurred_at(self) -> int:
        draw = self.random.random()
        if draw < self.habits.late:
            return (
                self.now - self.random.choice(LATENESS_MS) * self.random.choice((1, 1, 2)) + self.random.randint(-1, 0)
            )
        if draw < self.habits.late + self.habits.future:
            return self.now + self.random.choice((1, SECOND_MS, HOUR_MS, 20 * HOUR_MS))
        return self.now

    def _plan(self, when: int, scene: Scene) -> None:
        self.plans += 1
        heapq.heappush(self.planned, (when, self.plans, scene))

    def _come_back(self, shop: str, visitor: str, changed_at: int) -> None:
        """Plan anything of the visitor's, within a millisecond of the deadline that a cart change sets."""
        due_at = min(changed_at, self.now) + self.habits.idle_for_ms
        if changed_at < self.now:
            due_at = max(due_at, self.now + self.habits.min_hold_ms)

        def scene(now: int) -> tuple[str, str, Value]:
            topic, value = self.cast.event(shop, visitor, Moment(now=now, occurred_at=now))
            return topic, shop, value

        self._plan(due_at + self.random.choice((-1, 0, 1)), scene)

    # Lines

    def _tell_anything(self, *, behind_ms: int = 0) -> None:
        shop, visitor = self.cast.anybody()
        topic, value = self.cast.event(shop, visitor, Moment(now=self.now, occurred_at=self._occurred_at()))
        if topic == "cart-adds" and self.random.random() < self.habits.at_a_boundary:
            self._come_back(shop, visitor, value["occurred_at"])
        if self.random.random() < self.habits.invalid:
            self._tell_wrongly(topic, shop, value)
        self._tell(topic, shop, value, behind_ms=behind_ms)

    def _tell(self, topic: str, shop: str, value: Value, *, behind_ms: int = 0) -> None:
        """Add a line; `behind_ms` makes its own `at` lag behind what the recording has reached."""
        whole = {"v": 1, "event_id": f"e{self.told[shop]}", "shop_id": shop, "occurred_at": self.now, **value}
        self.told[shop] += 1
        self.lines.append({"topic": topic, "at": self.now - behind_ms, "value": whole})

    def _tell_wrongly(self, topic: str, shop: str, value: Value) -> None:
        """Add a line that is not an event, or an event spoilt, whose id the next good one then has."""
        if topic != "contacts" and self.random.random() < 0.1:
            self.lines.append({"topic": topic, "at": self.now, "value": self.random.choice([None, {}, [], "cart", 7])})
            return
        self._tell(topic, shop, {**value, **self.random.choice(SPOILT + SPOILT_IN[topic])})
        self.told[shop] -= 1

    def _repeat(self, line: Line) -> None:
        self._pass_time()
        self.lines.append({**line, "at": self.now})
