"""Claims about the journal's bytes and partitions."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import (
    AddressKnown,
    Candidate,
    CartChanged,
    ConsentChanged,
    DeviceLinked,
    OrderChanged,
    OrderHandedOver,
    PageViewed,
    Record,
    Tick,
)
from streams.journal.records import TICK, TICK_KEY, decode, encode, partition_of
from tests.core.events import NINE, changed, consented, known, left, ordered, told, viewed
from tests.core.structs import structs

#: One of each kind, and the number by which the journal knows it.
KINDS = [
    (1, PageViewed, viewed()),
    (2, CartChanged, changed("add")),
    (3, OrderChanged, ordered()),
    (4, ConsentChanged, consented()),
    (5, AddressKnown, known("anna")),
    (6, Candidate, left()),
    (7, OrderHandedOver, told()),
    (8, DeviceLinked, DeviceLinked(visitor_id="laptop")),
    (9, Tick, Tick()),
]


@pytest.mark.parametrize(("number", "kind", "record"), KINDS)
def test_a_kind_of_record_keeps_its_number_since_journals_outlive_releases(
    number: int, kind: type, record: Record
) -> None:
    assert msgspec.msgpack.decode(encode(record))[0] == number
    assert type(decode(encode(record))) is kind


def test_every_kind_of_record_is_known_here() -> None:
    assert {kind for _, kind, _ in KINDS} == set(Record.__args__)


@given(st.sampled_from([kind for _, kind, _ in KINDS]).flatmap(structs))
def test_a_record_comes_back_as_it_was_written(record: Record) -> None:
    assert decode(encode(record)) == record


def test_a_record_of_this_release_is_read_by_a_later_one_with_more_fields() -> None:
    class Later(PageViewed, frozen=True, array_like=True, kw_only=True, tag=1):
        more: str = "unsaid"

    assert msgspec.msgpack.decode(encode(viewed()), type=Later).more == "unsaid"


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"\x90", b"\x91\x0a", encode(viewed())[:-1], msgspec.msgpack.encode([1, 2])]
)
def test_what_relance_did_not_write_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(raw)


def test_a_record_as_the_first_release_wrote_it_is_still_read() -> None:
    raw = bytes.fromhex("9901a476696577c4082c622af1d043f3afcf000001a1a06c14000107a4616e6e61a770726f64756374a170")
    assert decode(raw) == viewed("view", at=NINE, contact_id="anna", offset=7)


def test_a_tick_has_a_key_that_no_subject_has() -> None:
    assert b":" not in TICK_KEY
    assert decode(TICK) == Tick()


@pytest.mark.parametrize(
    ("subject", "partition"), [(b"visitor:s:laptop", 7), (b"contact:s:anna", 19), ("visitor:s:é".encode(), 12)]
)
def test_a_subject_stays_in_its_partition_since_journals_outlive_releases(subject: bytes, partition: int) -> None:
    assert partition_of(subject, 24) == partition


@given(st.binary(), st.integers(1, 1000))
def test_every_subject_has_a_partition(subject: bytes, partitions: int) -> None:
    assert 0 <= partition_of(subject, partitions) < partitions


def test_subjects_are_spread_over_all_partitions() -> None:
    counts = Counter(partition_of(f"visitor:s:v{number}".encode(), 24) for number in range(24_000))
    assert len(counts) == 24
    assert max(counts.values()) < 1.2 * min(counts.values())
