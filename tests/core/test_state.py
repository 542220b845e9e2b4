"""Claims about the bytes of a subject."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.address import Address
from streams.core.contact import Contact
from streams.core.state import HEADER, Subject, age_of, heard_of, wake_of
from streams.core.visitor import Visitor
from tests.core.events import NINE
from tests.core.story import ANNA, ANNAS_MAIL, LAPTOP
from tests.core.structs import structs

ANNAS_NUMBER = b"phone:s:0a1b"
_times = st.integers(0, 1 << 62)
_bodies = {LAPTOP: Visitor, ANNA: Contact, ANNAS_MAIL: Address, ANNAS_NUMBER: Address}


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    key = draw(st.sampled_from(sorted(_bodies)))
    told = Subject(key, None, draw(_times))
    told.stamp, told.wake = draw(st.integers(-1, 1 << 62)), draw(_times)
    told.sources = draw(st.dictionaries(st.integers(0, 1 << 20), st.integers(0, 1 << 62), max_size=3))
    told.recent = draw(st.binary(max_size=24))
    told.body = draw(structs(_bodies[key]))
    return told


@given(subjects(), _times)
def test_a_subject_comes_back_as_it_was_written(told: Subject, now: int) -> None:
    stored = told.encoded()
    back = Subject(told.key, stored, now)
    for field in ("stamp", "wake", "heard", "sources", "recent", "body"):
        assert getattr(back, field) == getattr(told, field), field
    assert back.encoded() == stored
    assert (wake_of(stored), heard_of(stored)) == (told.wake, told.heard)


@pytest.mark.parametrize(
    ("key", "kind", "body"),
    [
        (LAPTOP, b"v", Visitor()),
        (ANNA, b"c", Contact()),
        (ANNAS_MAIL, b"m", Address()),
        (ANNAS_NUMBER, b"p", Address()),
    ],
)
def test_a_subject_that_was_never_heard_of_remembers_nothing(key: bytes, kind: bytes, body: object) -> None:
    new = Subject(key, None, NINE)
    assert (new.kind, new.stamp, new.wake, new.heard, new.sources, new.recent) == (kind, -1, 0, NINE, {}, b"")
    assert new.body == body


def test_a_subject_knows_its_shop_and_id_from_its_key() -> None:
    told = Subject(b"visitor:s:a:b", None, NINE)
    assert (told.shop_id, told.id) == ("s", "a:b")


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
    assert age_of(HEADER.pack(*older, NINE)) < age_of(HEADER.pack(*newer, 0))
