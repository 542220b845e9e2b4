"""Claims about workers that come and go: whatever happens to them, the decisions are those of one that never stopped.

A worker dies in the middle of writing the changelog, another one starts from what is there, reads again from any committed position,
and a zombie's writes arrive long after those of its successors.
"""

import struct
from random import Random
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from streams.core.partition import Partition
from streams.journal.records import encode
from tests.core.small_shop import RULES, Told, journals, told_by
from tests.core.story import Written

#: All of a batch's changelog.
WHOLE = 1_000

Changes = list[tuple[bytes, bytes | None]]


class Life(Struct, frozen=True):
    """What becomes of one worker."""

    #: Sizes of the batches it reads before it dies in the last of them.
    batches: tuple[int, ...]
    #: How many records of its last batch's changelog are written; none if None, nor is its output then.
    written: int | None
    #: How many records before the committed position it starts.
    again: int
    #: In which order it finds the changelog.
    found: Literal["as written", "latest first", "any"]


lives = st.lists(
    st.builds(
        Life,
        st.lists(st.integers(1, 12), min_size=1, max_size=3).map(tuple) | st.just((1,)),
        st.sampled_from([None, 0, 1, 2, 100, 100, 100]),
        st.sampled_from([0, 0, 1, 3, 100]),
        st.sampled_from(["as written", "latest first", "any"]),
    ),
    min_size=4,
    max_size=25,
)


def restored(changelog: Changes) -> Partition:
    partition = Partition(RULES)
    for key, stored in changelog:
        partition.restore(key, stored)
    partition.restored()
    return partition


def lived(records: list[Written], lives: list[Life], random: Random) -> Told:
    """Return what all workers led to; each finds every changelog record ever written."""
    told, committed = Told(), 0
    for life in [*lives, Life((len(records),), WHOLE, 0, "any")]:
        partition = restored(found(told.changes, life, random))
        position = max(0, committed - life.again)
        for number, size in enumerate(life.batches, 1):
            batch = records[position : position + size]
            position += len(batch)
            effects = partition.apply(batch)
            written = life.written if number == len(life.batches) else WHOLE
            if written is None:
                break
            if written >= len(effects.changes):
                committed = max(committed, position)
            effects.changes = effects.changes[:written]
            told.take(effects)
    return told


def found(changes: Changes, life: Life, random: Random) -> Changes:
    match life.found:
        case "as written":
            return changes
        case "latest first":
            return changes[::-1]
        case "any":
            return random.sample(changes, len(changes))


def newest(changes: Changes) -> dict[bytes, bytes]:
    """Return the last state of every subject: of the highest stamp, and of those, after the last deadline that fired."""
    states = [(key, stored) for key, stored in changes if stored is not None]
    return dict(sorted(states, key=lambda state: _included(state[1])))


def _included(stored: bytes) -> tuple[int, float]:
    stamp, wake = struct.unpack_from("<qq", stored)  # of a position: offset and stream time
    return stamp, wake or float("inf")


def assert_same(again: Told, once: Told) -> None:
    """The same decisions, by whichever worker, and the same state in the end."""
    assert {repr(decision) for decision in again.decisions} == {repr(decision) for decision in once.decisions}
    assert {repr(relaunch) for relaunch in again.relaunches} == {repr(relaunch) for relaunch in once.relaunches}
    assert {(key, encode(notice)) for key, notice in again.notices} == {
        (key, encode(notice)) for key, notice in once.notices
    }
    assert newest(again.changes) == newest(once.changes)


@settings(max_examples=100)
@given(journals, lives, st.randoms(use_true_random=False))
def test_no_restart_changes_a_decision(records: list[Written], lives: list[Life], random: Random) -> None:
    assert_same(lived(records, lives, random), told_by(records))


@given(journals)
def test_a_worker_for_each_record_decides_like_one_for_all_even_when_zombies_write_last(records: list[Written]) -> None:
    lives = [Life((1,), WHOLE, 0, "latest first")] * len(records)
    assert_same(lived(records, lives, Random()), told_by(records))
