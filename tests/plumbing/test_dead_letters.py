"""Claims about dead letters: nothing of the original is lost, and it says where it came from."""

import pytest
from aiokafka import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Undecodable
from streams.dead_letters import DeadLetter


def refused(key: bytes | None = b"key", value: bytes | None = b"{") -> ConsumerRecord:
    return record("prefix.orders", 3, 17, 1_793_692_800_000, key, value, ())


def record(
    topic: str,
    partition: int,
    offset: int,
    timestamp: int,
    key: bytes | None,
    value: bytes | None,
    headers: "tuple[tuple[str, bytes], ...]",
) -> ConsumerRecord:
    return ConsumerRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=timestamp,
        timestamp_type=1,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=headers,
    )


def read_back(letter: DeadLetter) -> DeadLetter:
    """Return the letter as it is read from its topic."""
    return DeadLetter.read(record("dead", 0, 0, 5, b"orders", letter.raw, tuple(letter.headers())))


def test_a_letter_says_where_the_record_came_from_and_why_it_was_refused() -> None:
    letter = DeadLetter.of("orders", refused(), Undecodable(Reason.TRUNCATED, "after byte 1"))
    assert letter == DeadLetter("orders", 3, 17, 1_793_692_800_000, "truncated", "after byte 1", b"key", b"{")


@pytest.mark.parametrize("key", [None, b"", b"key", b"\xff"])
@pytest.mark.parametrize("value", [None, b"", b"\xff\x00", b"{" * 300_000])
def test_the_original_bytes_come_back_and_nothing_is_not_empty(key: bytes | None, value: bytes | None) -> None:
    letter = read_back(DeadLetter.of("orders", refused(key, value), Undecodable(Reason.EMPTY)))
    assert (letter.key, letter.raw) == (key, value)


@given(
    st.builds(
        DeadLetter,
        source_topic=st.sampled_from(["page-views", "orders"]),
        reason=st.sampled_from(list(Reason)).map(str),
        detail=st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_a_letter_comes_back_as_it_was_sent(letter: DeadLetter) -> None:
    assert read_back(letter) == letter
