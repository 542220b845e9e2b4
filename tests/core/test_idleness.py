"""Claims about visitors of whom nothing is heard any more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.identity import VISITOR, subject
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.core.state import POSITION, decoded
from tests.core.events import DAY, HOUR, MINUTE, NINE, changed, consented, ordered, viewed
from tests.core.story import ANNA, LAPTOP, Story

FORGET_AFTER = 10 * DAY


def a_story() -> Story:
    return Story(partition=Partition((CartRules(name="cart-reminder"),), forget_after_ms=FORGET_AFTER))


@pytest.mark.parametrize(
    ("silence", "decision"),
    [(FORGET_AFTER - 1, "no_consent"), (FORGET_AFTER, "no_contact"), (FORGET_AFTER + 1, "no_contact")],
)
def test_a_visitor_is_somebody_new_exactly_when_the_silence_was_long_enough(silence: int, decision: str) -> None:
    story = a_story()
    story.tell(NINE, LAPTOP, viewed(contact_id="anna"))
    story.tell(NINE + silence, LAPTOP, changed("add"))
    story.pass_time(NINE + silence + 30 * MINUTE)
    assert story.decided == [decision]


def test_the_bytes_of_a_forgotten_visitor_go_with_a_tombstone() -> None:
    story = a_story()
    story.tell(NINE, LAPTOP, viewed())
    story.pass_time(NINE + FORGET_AFTER - 1)
    assert story.changes[LAPTOP] is not None
    story.pass_time(NINE + FORGET_AFTER + HOUR)
    assert story.changes[LAPTOP] is None
    assert len(story.partition) == 0


def test_a_visitor_that_comes_back_keeps_its_bytes() -> None:
    story = a_story()
    story.tell(NINE, LAPTOP, viewed())
    story.tell(NINE + FORGET_AFTER - 1, LAPTOP, viewed())
    story.pass_time(NINE + FORGET_AFTER + 2 * HOUR)
    assert len(story.partition) == 1
    story.pass_time(NINE + 2 * FORGET_AFTER + 2 * HOUR)
    assert len(story.partition) == 0


def test_a_consent_outlives_any_silence() -> None:
    story = a_story()
    story.tell(NINE, ANNA, consented())
    story.pass_time(NINE + 20 * FORGET_AFTER)
    story.tell(NINE + 20 * FORGET_AFTER, LAPTOP, changed("add", contact_id="anna"))
    story.pass_time(NINE + 20 * FORGET_AFTER + 30 * MINUTE)
    assert story.decided == ["relaunch"]


def test_a_contact_who_has_said_neither_yes_nor_no_is_forgotten_like_anybody() -> None:
    story = a_story()
    story.tell(NINE, ANNA, ordered("paid", contact_id="anna"))
    story.pass_time(NINE + FORGET_AFTER - 1)
    assert story.changes[ANNA] is not None
    story.pass_time(NINE + FORGET_AFTER + HOUR)
    assert story.changes[ANNA] is None


def test_a_no_outlives_any_silence_too() -> None:
    story = a_story()
    story.tell(NINE, ANNA, consented(granted=False))
    story.pass_time(NINE + 2 * FORGET_AFTER)
    story.tell(NINE + 4 * FORGET_AFTER, ANNA, ordered("paid", contact_id="anna"))
    assert decoded(ANNA, story.changes[ANNA] or b"").body.consents


def test_who_was_forgotten_is_forgotten_after_a_restart_too() -> None:
    story = a_story()
    story.tell(NINE, LAPTOP, viewed())
    story.pass_time(NINE + FORGET_AFTER + HOUR)
    again = Partition((), forget_after_ms=FORGET_AFTER)
    for key, stored in story.changes.items():
        again.restore(key, stored)
    again.restored()
    assert len(again) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9 * HOUR)), max_size=40))
def test_exactly_those_silent_for_long_enough_are_gone_and_never_who_consented(lived: list[tuple[int, int]]) -> None:
    story = Story(partition=Partition((), forget_after_ms=DAY))
    story.tell(NINE, ANNA, consented())
    now, heard = NINE, {}
    for visitor, pause in lived:
        now += pause
        key = subject(VISITOR, "s", str(visitor))
        story.tell(now, key, viewed())
        heard[key] = now
    kept = {key for key, stored in story.changes.items() if stored is not None and key != POSITION}
    assert {key for key, at in heard.items() if now - at < DAY} <= kept
    assert kept - {ANNA} <= {key for key, at in heard.items() if now - at < DAY + HOUR}
    assert ANNA in kept
