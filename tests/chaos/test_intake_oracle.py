"""Claims about the oracle of the journal's intake: it and ingest agree, and it notices what is lost, invented or out of order."""

from itertools import islice

import pytest

from schemas.errors import Undecodable
from streams.journal.intake import Crawler, entries_of, source_of
from streams.journal.records import encode
from tests.chaos.crowd import Crowd
from tests.chaos.intake_oracle import IntakeOracle
from tests.chaos.journal_layout import decode

SECRET = b"x" * 32
NOW = 1_793_692_800_000
PARTITIONS = 3

Entry = tuple[bytes, bytes]


@pytest.fixture
def oracle() -> IntakeOracle:
    return IntakeOracle(SECRET)


def published(oracle: IntakeOracle, count: int) -> list[Entry]:
    """Tell the oracle what a crowd says; return what ingest makes of it, a partition at a time."""
    crowd = Crowd(1, 200)
    entries: list[Entry] = []
    for offset, one in enumerate(islice(iter(lambda: crowd.next(NOW), None), count)):
        partition = one.place % PARTITIONS
        oracle.published(one.topic, partition, offset, NOW, one.value)
        source = source_of(one.topic, partition)
        try:
            made = entries_of(
                one.topic, one.value, one.key, arrived_at=NOW, source=source, offset=offset, secret=SECRET
            )
        except (Undecodable, Crawler):
            continue
        entries += [(key, encode(event)) for key, event in made]
    return entries


def journaled(oracle: IntakeOracle, entries: list[Entry]) -> tuple[int, int, int]:
    for key, value in entries:
        oracle.journaled(key, value, decode(value))
    return oracle.missing, oracle.unexpected, oracle.out_of_order


def test_what_ingest_makes_is_what_the_oracle_expects(oracle: IntakeOracle) -> None:
    assert journaled(oracle, published(oracle, 5_000)) == (0, 0, 0)
    assert oracle.valid > 4_000


def test_what_is_lost_is_missing(oracle: IntakeOracle) -> None:
    assert journaled(oracle, published(oracle, 100)[1:]) == (1, 0, 0)


def test_what_is_there_twice_is_harmless(oracle: IntakeOracle) -> None:
    entries = published(oracle, 100)
    assert journaled(oracle, entries + entries[10:]) == (0, 0, 0)


def test_what_nobody_said_is_unexpected(oracle: IntakeOracle) -> None:
    entries = published(oracle, 100)
    (_, value), *_ = entries
    assert journaled(oracle, [*entries, (b"visitor:s1:nobody", value)]) == (0, 1, 0)


def test_a_first_occurrence_behind_a_later_one_is_out_of_order(oracle: IntakeOracle) -> None:
    entries = published(oracle, 2_000)
    assert journaled(oracle, entries[1_000:] + entries[:1_000])[2] > 0


def test_no_entry_at_all_is_not_nothing(oracle: IntakeOracle) -> None:
    published(oracle, 100)
    assert oracle.missing > 90
