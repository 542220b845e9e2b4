"""Does the newest record of every subject stand above the older ones?

Compaction keeps the last record of a key, so a zombie's late write (queued before it was frozen, sent after it woke up) must not
stay above a newer one. The owner of a partition knows where its own writes came to stand; whatever is between them, or behind the
last, somebody else wrote. It reads that, and what is older than its own it writes again
(deploy/decisions/0006-mending-the-changelog.md).
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import topics
from streams.core.partition import Partition
from streams.lane.outbox import Appended, Outbox
from streams.metrics import Metrics

log = structlog.get_logger()


class Changelog:
    """Writes the changelog of the partitions that are open here, and mends it."""

    def __init__(
        self, outbox: Outbox, connect: Callable[[], AIOKafkaConsumer], named: Callable[[str], str], metrics: Metrics
    ) -> None:
        self._outbox = outbox
        self._connect = connect
        self._name = named(topics.STATE.name)
        self._metrics = metrics
        #: Offset behind the last record known to be ours, by partition.
        self._ours: dict[int, int] = {}
        #: Where the partition ended at the last look.
        self._ends: dict[int, int] = {}

    def opened(self, number: int, end: int) -> None:
        """Note that a partition was restored up to `end`."""
        self._ours[number] = self._ends[number] = end

    async def write(self, number: int, state: Partition, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Write what changed, and again what somebody else has covered; return when it is acknowledged.

        To be called when all that led to the changes is out, and before anything else is applied to the partition.
        """
        while records := list(changes):
            appended = await asyncio.gather(*self._outbox.to(topics.STATE.name, number, records))
            for first, behind in self._foreign(number, sorted(appended)):
                await self._overhear(number, state, first, behind)
            changes = state.rewrites()
            self._metrics.changelog_rewrites.inc(len(changes))

    async def look(self, numbers: Iterable[int]) -> None:
        """Look where the partitions end."""
        partitions = [TopicPartition(self._name, number) for number in numbers]
        if not partitions:
            return
        consumer = self._connect()
        try:
            await consumer.start()
            for partition, end in (await consumer.end_offsets(partitions)).items():
                self._ends[partition.partition] = end
        finally:
            await consumer.stop()

    def wants_writing(self, number: int, state: Partition) -> bool:
        """Say whether a quiet partition's changelog needs a write, for what is there to be read and mended."""
        return state.is_misplaced or self._ends.get(number, 0) > self._ours.get(number, 0)

    def _foreign(self, number: int, appended: Iterable[Appended]) -> list[tuple[int, int]]:
        """Return the ranges between our writes (first offset, offset behind the last), and move on."""
        gaps = []
        for first, records in appended:
            if first < 0:  # the broker had it already, and does not say where: the next write finds out
                continue
            if first > self._ours[number]:
                gaps.append((self._ours[number], first))
            self._ours[number] = max(self._ours[number], first + records)
        return gaps

    async def _overhear(self, number: int, state: Partition, first: int, behind: int) -> None:
        log.warning("changelog_has_another_writer", partition=number, records=behind - first)
        partition = TopicPartition(self._name, number)
        consumer = self._connect()
        await consumer.start()
        try:
            consumer.assign([partition])
            consumer.seek(partition, first)
            while await consumer.position(partition) < behind:
                for record in (await consumer.getmany(partition, timeout_ms=1000)).get(partition, ()):
                    if record.offset < behind:
                        state.overhear(record.key, record.value)
        finally:
            await consumer.stop()
