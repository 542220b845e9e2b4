"""Claims about abandoned carts, each at its boundary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.scenarios.cart import CartRules, Episode, continued, is_abandoned, opened
from tests.core.events import DAY, HOUR, MINUTE, NINE

RULES = CartRules(name="cart-reminder")
IDLE, HOLD = RULES.idle_for_ms, RULES.min_hold_ms


def an_episode(at: int = NINE) -> Episode:
    return opened("add", at=at, arrived_at=at, rules=RULES)


@pytest.mark.parametrize(("silence_ms", "abandoned"), [(IDLE - 1, False), (IDLE, True), (IDLE + 1, True)])
def test_a_cart_is_abandoned_exactly_when_silence_reaches_the_limit(silence_ms: int, abandoned: bool) -> None:
    assert is_abandoned(an_episode(NINE), now=NINE + silence_ms) is abandoned


def test_the_rules_that_a_shop_does_not_write_are_those_of_the_first_scenario() -> None:
    assert (RULES.idle_for_ms, RULES.min_hold_ms) == (30 * MINUTE, 5 * MINUTE)
    assert (RULES.once_per_ms, RULES.expires_after_ms) == (24 * HOUR, 24 * HOUR)


def test_activity_moves_the_deadline_and_keeps_what_opened_the_episode() -> None:
    moved = continued(an_episode(NINE), "view", at=NINE + MINUTE, arrived_at=NINE + MINUTE, rules=RULES)
    assert moved == Episode(NINE, "add", NINE + MINUTE + IDLE, "view")


def test_activity_of_the_same_millisecond_leaves_the_deadline_where_it_is() -> None:
    assert continued(an_episode(NINE), "view", at=NINE, arrived_at=NINE, rules=RULES).due_at == NINE + IDLE


@pytest.mark.parametrize(
    ("late_ms", "due_at"),
    [
        pytest.param(1, NINE - 1 + IDLE, id="a millisecond late"),
        pytest.param(IDLE - HOLD - 1, NINE + HOLD + 1, id="before the hold matters"),
        pytest.param(IDLE - HOLD, NINE + HOLD, id="exactly when it does"),
        pytest.param(IDLE - HOLD + 1, NINE + HOLD, id="after"),
        pytest.param(DAY, NINE + HOLD, id="a day late"),
    ],
)
def test_an_add_that_arrives_late_waits_at_least_the_minimum_hold(late_ms: int, due_at: int) -> None:
    assert opened("add", at=NINE - late_ms, arrived_at=NINE, rules=RULES).due_at == due_at


@pytest.mark.parametrize(("late_ms", "due_at"), [(0, NINE + MINUTE), (1, NINE + HOLD)])
def test_a_hold_longer_than_the_silence_counts_from_the_first_millisecond_of_lateness(
    late_ms: int, due_at: int
) -> None:
    rules = CartRules(name="hasty", idle_for_ms=MINUTE)
    assert opened("add", at=NINE - late_ms, arrived_at=NINE, rules=rules).due_at == due_at


def test_late_activity_cannot_bring_a_deadline_forward() -> None:
    late = continued(an_episode(NINE), "view", at=NINE - DAY, arrived_at=NINE + MINUTE, rules=RULES)
    assert late.due_at == NINE + IDLE


def test_late_activity_just_before_the_deadline_moves_it_by_the_hold() -> None:
    last_moment = NINE + IDLE - 1
    late = continued(an_episode(NINE), "view", at=NINE, arrived_at=last_moment, rules=RULES)
    assert late.due_at == last_moment + HOLD


@given(st.lists(st.tuples(st.integers(0, 2 * HOUR), st.integers(0, 2 * HOUR)), min_size=1))
def test_no_activity_ever_moves_a_deadline_back(lived: list[tuple[int, int]]) -> None:
    episode, now = an_episode(NINE), NINE
    for gap_ms, late_ms in lived:
        now += gap_ms
        before, episode = episode, continued(episode, "view", at=now - late_ms, arrived_at=now, rules=RULES)
        assert episode.due_at >= before.due_at
        assert (episode.opened_at, episode.trigger_id) == (before.opened_at, before.trigger_id)


@given(st.integers(0, DAY), st.integers(1, DAY), st.integers(1, DAY))
def test_no_deadline_is_ever_due_when_it_is_set(late_ms: int, idle_ms: int, hold_ms: int) -> None:
    rules = CartRules(name="any", idle_for_ms=idle_ms, min_hold_ms=hold_ms)
    assert not is_abandoned(opened("add", at=NINE - late_ms, arrived_at=NINE, rules=rules), now=NINE)
