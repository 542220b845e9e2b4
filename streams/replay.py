"""Which decisions follow from a recording, or from the journal, without sending anything?

The same core as live, and no clock but the records' own. Offline, simulated time is the running maximum of `at`; a deadline fires
exactly when it is due, as a tick would make it, before the record at that time; what a visitor notices reaches its contact at
that moment.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.errors import Undecodable
from streams.core.decisions import Decision
from streams.core.effects import Effects
from streams.core.partition import Partition
from streams.core.visitor import Rules
from streams.journal.intake import Crawler, entries_of, source_of
from streams.journal.records import TICK, TICK_KEY, encode
from streams.recording import Line, key_of

FOR_EVER = 1 << 61


class _Appended(msgspec.Struct):
    """A record of the simulated journal."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes


class Simulation:
    """A journal of one partition in which time passes only as told."""

    def __init__(self, rules: Rules) -> None:
        self._partition = Partition(rules)
        self._offset = 0
        #: Simulated time, ms, UTC.
        self.now = 0

    def until(self, time: int) -> Iterator[Decision]:
        """Let every deadline up to `time` fire when it is due."""
        while (due := self._partition.next_due(time)) is not None:
            yield from self._append(due, [(TICK_KEY, TICK)])

    def append(self, time: int, records: Iterable[tuple[bytes, bytes]]) -> Iterator[Decision]:
        """Append records (subject, encoded event) at `time`, which never goes back."""
        self.now = max(self.now, time)
        yield from self.until(self.now)
        yield from self._append(self.now, records)

    def _append(self, time: int, records: Iterable[tuple[bytes, bytes]]) -> Iterator[Decision]:
        for key, value in records:
            self._offset += 1
            effects = self._partition.apply([_Appended(self._offset, time, key, value)])
            yield from effects.decisions
            yield from self._append(time, [(told, encode(notice)) for told, notice in effects.notices])


def of_recording(lines: Iterable[Line], rules: Rules, secret: bytes, *, drain: bool) -> Iterator[Decision]:
    """Yield the decisions on a recording; with `drain`, time moves on at its end until nothing is pending."""
    simulation = Simulation(rules)
    offsets: Counter[str] = Counter()
    for line in lines:
        yield from simulation.append(line.at, ())
        yield from simulation.append(line.at, _entries(line, simulation.now, offsets[line.topic], secret))
        offsets[line.topic] += 1
    if drain:
        yield from simulation.until(FOR_EVER)


def _entries(line: Line, now: int, offset: int, secret: bytes) -> list[tuple[bytes, bytes]]:
    try:
        entries = entries_of(
            line.topic,
            line.value,
            key_of(line.topic, line.value),
            arrived_at=now,
            source=source_of(line.topic, 0),
            offset=offset,
            secret=secret,
        )
    except (Undecodable, Crawler):
        return []
    return [(key, encode(event)) for key, event in entries]


class Removed(Exception):
    """Retention has removed the journal's beginning: what followed from it cannot be replayed."""


async def of_journal(
    consumer: AIOKafkaConsumer, journal: str, count: int, rules: Rules, *, forget_after_ms: int
) -> list[Decision]:
    """Return the decisions that follow from the journal as it stands, each once, by time and id.

    Ticks and append times are read, not made up. Raises `Removed` when the journal no longer starts at its beginning.
    """
    partitions = [TopicPartition(journal, number) for number in range(count)]
    consumer.assign(partitions)
    begins = await consumer.beginning_offsets(partitions)
    if any(begins.values()):
        raise Removed("retention has removed the journal's beginning; only a whole journal can be replayed")
    states = {partition: Partition(rules, forget_after_ms=forget_after_ms) for partition in partitions}
    decisions: dict[str, Decision] = {}
    async for effects in _effects(consumer, states):
        for decision in effects.decisions:
            decisions.setdefault(decision.relaunch_id, decision)
    return sorted(decisions.values(), key=lambda decision: (decision.decided_at, decision.relaunch_id))


async def _effects(consumer: AIOKafkaConsumer, states: dict[TopicPartition, Partition]) -> AsyncIterator[Effects]:
    ends = await consumer.end_offsets(list(states))
    await consumer.seek_to_beginning(*states)
    left = {partition for partition, end in ends.items() if end > 0}
    while left:
        fetched = await consumer.getmany(*left, timeout_ms=1000, max_records=20_000)
        for partition, records in fetched.items():
            yield states[partition].apply([record for record in records if record.offset < ends[partition]])
        left = {partition for partition in left if await consumer.position(partition) < ends[partition]}
