"""What has happened before a measurement begins: which journal, and which states follow from it?

A visitor did one to seven things within five minutes, so no deadline has fired yet; the states are what detection itself makes of that.
"""

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streams.core.identity import VISITOR, subject
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.journal.records import encode, partition_of
from tests.benchmarks.bench_stack import Keyed
from tests.benchmarks.detect import record_of
from tests.benchmarks.workload import IDLE_MS, KINDS, SCENARIO, SHOP, Happening

SPAN_MS = 5 * 60_000
MOST_EVENTS = 7
RULES = (CartRules(name=SCENARIO, idle_for_ms=IDLE_MS),)


class Written(NamedTuple):
    """One journal record, as a partition takes it."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes


class Past:
    """What so many visitors did, by partition of the journal."""

    def __init__(self, visitors: int, partitions: int, start_ms: int) -> None:
        self.visitors = visitors
        self.partitions = partitions
        self._start_ms = start_ms
        self._places: list[list[int]] = [[] for _ in range(partitions)]
        for visitor in range(visitors):
            self._places[partition_of(_key(visitor), partitions)].append(visitor)
        self._happened = [self._happenings(number) for number in range(partitions)]
        #: Visitors who have an open cart, by the plainest reading: an add, and no order since.
        self.pending = sum(_open_carts(happened) for happened in self._happened)

    @property
    def events(self) -> Mapping[int, int]:
        """How many records each partition of the journal holds."""
        return {number: len(happened) for number, happened in enumerate(self._happened)}

    def journal(self) -> Mapping[int, Iterator[Keyed]]:
        """Return the journal."""
        return {number: self._journal(number) for number in range(self.partitions)}

    def states(self) -> Mapping[int, Iterator[Keyed]]:
        """Return the changelog, each subject once, as compaction leaves it."""
        return {number: self._states(number) for number in range(self.partitions)}

    def _happenings(self, number: int) -> list[Happening]:
        chance = random.Random(number)
        times = sorted(
            (chance.randrange(SPAN_MS), visitor)
            for visitor in self._places[number]
            for _ in range(1 + chance.randrange(MOST_EVENTS))
        )
        # Numbers are source offsets too: they rise within a partition, and no two partitions share one.
        return [
            Happening(place * self.partitions + number, chance.choice(KINDS), visitor, self._start_ms + at)
            for place, (at, visitor) in enumerate(times)
        ]

    def _journal(self, number: int) -> Iterator[Keyed]:
        for event in self._happened[number]:
            yield _key(event.visitor), encode(record_of(event)), event.at

    def _states(self, number: int) -> Iterator[Keyed]:
        partition = Partition(RULES, journal_partitions=self.partitions)
        records = [Written(offset, at, key, value) for offset, (key, value, at) in enumerate(self._journal(number))]
        for key, stored in partition.apply(records).changes:
            assert stored is not None, "nobody is forgotten so soon"
            yield key, stored, self._start_ms


def _key(visitor: int) -> bytes:
    return subject(VISITOR, SHOP, f"v{visitor}")


def _open_carts(happened: list[Happening]) -> int:
    is_open: dict[int, bool] = {}
    for event in happened:
        if event.kind in ("add", "order"):
            is_open[event.visitor] = event.kind == "add"
    return sum(is_open.values())
