"""Claims about the short way of a page view: it comes to the same as the long one, and is taken."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.core import partition
from streams.core.browsing import browsed
from streams.core.events import PageViewed
from streams.core.memory import DIGEST_BYTES, MAX_RECENT
from streams.core.state import SOURCE, VisitorSubject, encoded
from streams.core.visitor import Visitor
from streams.journal.records import encode
from tests.core.events import DAY, NINE, viewed
from tests.core.small_shop import Happening, happenings, journal, told_by, visitor
from tests.core.story import Written

#: Mostly page views, so that many follow one another.
_view = st.builds(
    lambda after_ms, who, named: Happening(after_ms, 0, (visitor(who),), viewed(contact_id=named)),
    st.integers(0, 15),
    st.sampled_from(["laptop", "phone"]),
    st.sampled_from([None, "anna", "bert"]),
)
_browsing = st.lists(st.lists(_view, max_size=6), min_size=40, max_size=40)


@contextmanager
def no_short_way() -> Iterator[None]:
    with patch.object(partition, "browsed", lambda *_: None):
        yield


@given(happenings, _browsing)
def test_the_short_way_comes_to_the_same_as_the_long_one(
    happened: Sequence[Happening], browsing: list[list[Happening]]
) -> None:
    records = journal([each for one, views in zip(happened, browsing, strict=False) for each in (one, *views)])
    short = told_by(records)
    with no_short_way():
        long = told_by(records)
    assert short == long


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 3)), max_size=30))
def test_repeats_take_the_long_way(heard: list[tuple[int, int, int]]) -> None:
    """Views of one visitor with whatever ids, offsets and source partitions."""
    views = [
        replace(viewed(f"v{id}", offset=offset), source=source, digest=bytes([id] * DIGEST_BYTES))
        for id, offset, source in heard
    ]
    records = [Written(number, NINE + number, visitor("laptop"), encode(view)) for number, view in enumerate(views)]
    short = told_by(records)
    with no_short_way():
        long = told_by(records)
    assert short == long


def known(**otherwise: object) -> bytes:
    """Return the bytes of Anna's visitor, who has heard offset 5 of the first source."""
    recent = b"".join(number.to_bytes(DIGEST_BYTES, "big") for number in range(3))
    fields = {"stamp": 10, "wake": 0, "heard": NINE, "source": 1, "source_offset": 5, "others": b"", "recent": recent}
    return encoded(VisitorSubject(**(fields | {"kept": Visitor("anna")} | otherwise)))  # type: ignore[arg-type]


def seen(**otherwise: object) -> PageViewed:
    return replace(viewed(offset=6), **otherwise)


def test_a_page_view_that_says_nothing_new_takes_the_short_way() -> None:
    for view in (seen(), seen(contact_id="anna")):
        for others in (b"", SOURCE.pack(1 << 16, 3), SOURCE.pack(1 << 16, 3) + SOURCE.pack(2, 9)):
            assert browsed(known(others=others), view, 11, NINE + 1, DAY) == known(
                stamp=11,
                heard=NINE + 1,
                source_offset=6,
                others=others,
                recent=known()[-3 * DIGEST_BYTES :] + view.digest,
            )


@pytest.mark.parametrize(
    ("stored", "view", "offset", "now"),
    [
        pytest.param(known(wake=NINE), seen(), 11, NINE, id="an episode is open"),
        pytest.param(known(), seen(), 10, NINE, id="the state includes it"),
        pytest.param(known(), seen(offset=5), 11, NINE, id="ingest sent it twice"),
        pytest.param(known(), seen(source=2), 11, NINE, id="another source"),
        pytest.param(known(), seen(digest=(2).to_bytes(8, "big")), 11, NINE, id="the shop sent it twice"),
        pytest.param(known(), seen(contact_id="bert"), 11, NINE, id="another contact"),
        pytest.param(known(), seen(contact_id="ann"), 11, NINE, id="a contact whose id begins alike"),
        pytest.param(known(kept=Visitor()), seen(contact_id="anna"), 11, NINE, id="a first contact"),
        pytest.param(known(), seen(), 11, NINE + DAY, id="silent for so long that it starts anew"),
        pytest.param(known(recent=b"r" * MAX_RECENT * DIGEST_BYTES), seen(), 11, NINE, id="as many ids as are kept"),
    ],
)
def test_everything_else_takes_the_long_way(stored: bytes, view: PageViewed, offset: int, now: int) -> None:
    assert browsed(stored, view, offset, now, DAY) is None


def test_one_id_less_than_are_kept_leaves_room() -> None:
    after = browsed(known(recent=b"r" * (MAX_RECENT - 1) * DIGEST_BYTES), seen(), 11, NINE, DAY)
    assert after is not None
    assert after.endswith(b"r" * (MAX_RECENT - 1) * DIGEST_BYTES + seen().digest)
