"""Claims about the bytes of a subject."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.address import Address
from streams.core.contact import Contact
from streams.core.state import (
    Position,
    Subject,
    age_of,
    decoded,
    encoded,
    encoded_position,
    head_of,
    position_of,
    unheard,
)
from streams.core.visitor import Visitor
from tests.core.events import NINE
from tests.core.story import ANNA, ANNAS_MAIL, LAPTOP
from tests.core.structs import structs

ANNAS_NUMBER = b"phone:s:0a1b"
_times = st.integers(0, 1 << 62)
#: Source partitions, and an offset in each.
_heard = st.lists(st.tuples(st.sampled_from([0, 1, 1 << 16, 5 << 16]), st.integers(0, 1 << 62)), max_size=5)
_bodies = {LAPTOP: Visitor, ANNA: Contact, ANNAS_MAIL: Address, ANNAS_NUMBER: Address}


@st.composite
def subjects(draw: st.DrawFn) -> tuple[bytes, Subject]:
    key = draw(st.sampled_from(sorted(_bodies)))
    told = unheard(key, draw(_times))
    told.stamp, told.wake = draw(st.integers(-1, 1 << 62)), draw(_times)
    for source, offset in draw(_heard):
        told.is_news(source, offset)
    told.recent = draw(st.binary(max_size=24))
    told.kept = draw(structs(_bodies[key]))
    return key, told


@given(subjects())
def test_a_subject_comes_back_as_it_was_written(known: tuple[bytes, Subject]) -> None:
    key, told = known
    stored = encoded(told)
    back, untouched = decoded(key, stored), decoded(key, stored)
    for field in ("stamp", "wake", "heard", "source", "source_offset", "others", "recent", "body"):
        assert getattr(back, field) == getattr(told, field), field
    assert encoded(back) == encoded(untouched) == stored
    head = head_of(stored)
    assert (head.stamp, head.wake, head.heard) == (told.stamp, told.wake, told.heard)


@given(subjects())
def test_whose_it_is_can_be_read_before_and_after_the_body_is_opened(known: tuple[bytes, Subject]) -> None:
    key, told = known
    if key == ANNA:
        return
    back = decoded(key, encoded(told))
    assert back.contact_id == told.body.contact_id
    assert back.body.contact_id == back.contact_id


@given(st.integers(-1, 1 << 62), _times, st.integers(1, 1 << 20))
def test_a_position_comes_back_as_it_was_written(offset: int, now: int, partitions: int) -> None:
    assert position_of(encoded_position(Position(offset, now, partitions))) == Position(offset, now, partitions)


@given(_heard)
def test_news_is_what_stands_above_the_highest_offset_heard_from_its_source(heard: list[tuple[int, int]]) -> None:
    told, highest = unheard(LAPTOP, NINE), dict[int, int]()
    for source, offset in heard:
        told = decoded(LAPTOP, encoded(told))
        assert told.is_news(source, offset) == (offset > highest.get(source, -1))
        highest[source] = max(offset, highest.get(source, -1))


@pytest.mark.parametrize(
    ("key", "body"), [(LAPTOP, Visitor()), (ANNA, Contact()), (ANNAS_MAIL, Address()), (ANNAS_NUMBER, Address())]
)
def test_a_subject_that_was_never_heard_of_remembers_nothing(key: bytes, body: object) -> None:
    new = unheard(key, NINE)
    assert (new.stamp, new.wake, new.heard, new.recent) == (-1, 0, NINE, b"")
    assert new.is_news(0, 0)
    assert new.body == body


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        pytest.param((4, 0), (5, 0), id="the stamp counts first"),
        pytest.param((4, 0), (5, NINE), id="whoever sleeps"),
        pytest.param((5, NINE), (5, NINE + 1), id="then the deadline that fired"),
        pytest.param((5, NINE), (5, 0), id="or was the last"),
    ],
)
def test_of_two_records_the_one_that_includes_more_is_newer(older: tuple[int, int], newer: tuple[int, int]) -> None:
    assert age_of(_aged(*older)) < age_of(_aged(*newer))


def _aged(stamp: int, wake: int) -> bytes:
    told = unheard(LAPTOP, NINE)
    told.stamp, told.wake = stamp, wake
    return encoded(told)
