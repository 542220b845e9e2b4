"""Claims about deadlines: a sorted list would say the same, and nothing is ever looked for twice."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.core.deadlines import NEVER, SECOND_MS, Deadlines

NINE = 1_793_692_800_000


class Wakes(dict[bytes, int]):
    """When each subject wants to be woken, and who has been asked."""

    def __init__(self, deadlines: Deadlines, wakes: Iterable[tuple[bytes, int]] = ()) -> None:
        super().__init__(wakes)
        self.asked: list[bytes] = []
        for key, at in self.items():
            deadlines.add(key, at)

    def of(self, key: bytes) -> int:
        self.asked.append(key)
        return self.get(key, 0)


@pytest.mark.parametrize(
    "due_at",
    [NINE, NINE + 1, NINE + SECOND_MS - 1, NINE + SECOND_MS, NINE + SECOND_MS + 1],
)
def test_a_deadline_is_due_exactly_when_its_millisecond_is_reached(due_at: int) -> None:
    deadlines = Deadlines()
    wakes = Wakes(deadlines, [(b"a", due_at)])
    assert deadlines.pop(due_at - 1, wakes.of) is None
    assert deadlines.pop(due_at, wakes.of) == (due_at, b"a")


@pytest.mark.parametrize("due_at", [NINE, NINE + SECOND_MS - 1])
def test_a_deadline_is_due_long_after_its_millisecond_too(due_at: int) -> None:
    deadlines = Deadlines()
    wakes = Wakes(deadlines, [(b"a", due_at)])
    assert deadlines.pop(due_at + 3_600_000, wakes.of) == (due_at, b"a")


def test_those_who_are_due_come_by_deadline_and_then_by_key() -> None:
    deadlines = Deadlines()
    wakes = Wakes(deadlines, [(b"c", NINE), (b"b", NINE + 1), (b"a", NINE + 1), (b"d", NINE + 2)])
    came = []
    while due := deadlines.pop(NINE + 1, wakes.of):
        came.append(due[1])
        wakes[due[1]] = 0
    assert came == [b"c", b"a", b"b"]


def test_nobody_is_due_at_first() -> None:
    deadlines = Deadlines()
    assert (deadlines.next_at, deadlines.pop(NEVER, Wakes(deadlines).of)) == (NEVER, None)


def test_looking_takes_nobody_away() -> None:
    deadlines = Deadlines()
    wakes = Wakes(deadlines, [(b"a", NINE)])
    assert deadlines.peek(NINE, wakes.of) == deadlines.peek(NINE, wakes.of) == (NINE, b"a")
    assert deadlines.pop(NINE, wakes.of) == (NINE, b"a")


def test_a_deadline_that_every_page_view_pushes_back_costs_nothing_until_its_first_second_comes() -> None:
    deadlines = Deadlines()
    wakes = Wakes(deadlines, [(b"a", NINE)])
    for at in range(NINE, NINE + 10 * SECOND_MS, 100):
        wakes[b"a"] = at
        assert deadlines.pop(NINE - 1, wakes.of) is None
    assert wakes.asked == []


def test_a_deadline_pushed_back_within_its_own_second_waits_for_its_millisecond() -> None:
    deadlines = Deadlines()
    wakes = Wakes(deadlines, [(b"a", NINE + 10)])
    assert deadlines.pop(NINE + 5, wakes.of) is None
    wakes[b"a"] = NINE + 20
    assert deadlines.pop(NINE + 19, wakes.of) is None
    assert deadlines.pop(NINE + 20, wakes.of) == (NINE + 20, b"a")


class SortedList(RuleBasedStateMachine):
    """Deadlines beside a dictionary that is searched every time."""

    @initialize()
    def start(self) -> None:
        self.now = NINE - 20
        self.wakes: dict[bytes, int] = {}
        self.deadlines = Deadlines()

    def wake_of(self, key: bytes) -> int:
        return self.wakes.get(key, 0)

    def first_due(self, now: int) -> tuple[int, bytes] | None:
        return min(((at, key) for key, at in self.wakes.items() if 0 < at <= now), default=None)

    @rule(key=st.sampled_from([b"a", b"b", b"c"]), in_ms=st.sampled_from([1, 2, 10, 999, 1000, 1001, 5000, 60_000]))
    def wake_at(self, key: bytes, in_ms: int) -> None:
        """As the partition does it: whoever is pushed back keeps their place."""
        at, before = self.now + in_ms, self.wake_of(key)
        if not before or at < before:
            self.deadlines.add(key, at)
        self.wakes[key] = at

    @rule(key=st.sampled_from([b"a", b"b", b"c"]))
    def wake_never(self, key: bytes) -> None:
        self.wakes[key] = 0

    @rule(by_ms=st.sampled_from([0, 1, 2, 10, 998, 999, 1000, 1001, 5000, 60_000]))
    def let_time_pass(self, by_ms: int) -> None:
        self.now += by_ms
        while (due := self.first_due(self.now)) is not None:
            assert self.deadlines.pop(self.now, self.wake_of) == due
            self.wakes[due[1]] = 0
        assert self.deadlines.pop(self.now, self.wake_of) is None

    @rule(ahead_ms=st.sampled_from([0, 1, 1000, NEVER]))
    def look_ahead(self, ahead_ms: int) -> None:
        assert self.deadlines.peek(self.now + ahead_ms, self.wake_of) == self.first_due(self.now + ahead_ms)

    @invariant()
    def nobody_is_due_before_the_bound(self) -> None:
        due = self.first_due(NEVER)
        assert due is None or self.deadlines.next_at <= due[0]


TestSortedList = SortedList.TestCase


@given(st.lists(st.integers(NINE, NINE + 3 * SECOND_MS), min_size=1), st.integers(NINE, NINE + 4 * SECOND_MS))
def test_the_bound_says_when_to_look_again_and_is_beyond_what_has_been_looked_at(due: list[int], now: int) -> None:
    deadlines = Deadlines()
    wakes = Wakes(deadlines, [(str(number).encode(), at) for number, at in enumerate(due)])
    while found := deadlines.pop(now, wakes.of):
        wakes[found[1]] = 0
    left = [at for at in wakes.values() if at]
    assert now < deadlines.next_at <= min(left, default=NEVER)
