"""Claims about how a repeated event is recognised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.memory import DIGEST_BYTES, MAX_RECENT, remembered


def nth(number: int) -> bytes:
    return number.to_bytes(DIGEST_BYTES, "big")


def heard(*digests: bytes) -> bytes:
    recent = b""
    for digest in digests:
        recent = remembered(recent, digest) or recent
    return recent


def heard_many(count: int) -> bytes:
    return heard(*(nth(number) for number in range(count)))


def is_recent(recent: bytes, digest: bytes) -> bool:
    return remembered(recent, digest) is None


def test_nothing_is_recent_at_first() -> None:
    assert remembered(b"", nth(0)) == nth(0)


@pytest.mark.parametrize(
    ("later", "recent"), [(0, True), (MAX_RECENT - 1, True), (MAX_RECENT, False), (MAX_RECENT + 1, False)]
)
def test_an_event_is_recognised_among_the_last_so_many(later: int, recent: bool) -> None:
    assert is_recent(heard_many(1 + later), nth(0)) is recent


def test_the_ring_grows_no_further_than_its_size() -> None:
    assert len(heard_many(MAX_RECENT)) == len(heard_many(MAX_RECENT + 1)) == MAX_RECENT * DIGEST_BYTES


def test_a_digest_that_lies_across_two_others_is_not_recent() -> None:
    one, other = b"abcdefgh", b"ijklmnop"
    assert not is_recent(one + other, b"efghijkl")


def test_a_digest_is_found_behind_a_chance_match_across_two_others() -> None:
    sought = b"efghijkl"
    assert is_recent(b"abcdefgh" + b"ijklmnop" + sought, sought)


@given(st.lists(st.sampled_from([b"aaaaaaaa", b"aaaaaaab", b"baaaaaaa", b"abababab"]), max_size=9), st.data())
def test_the_ring_equals_a_list(digests: list[bytes], data: st.DataObject) -> None:
    asked = data.draw(st.sampled_from([b"aaaaaaaa", b"aaaaaaab", b"baaaaaaa", b"abababab", b"babababa"]))
    assert is_recent(heard(*digests), asked) is (asked in digests)
