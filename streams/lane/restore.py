"""How does a partition get its state back?

From its partition of the changelog, read to the end before the first record is processed. Several partitions are restored in one pass.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.core.partition import JournalResized, Partition
from streams.lane.changelog import Changelog
from streams.metrics import Metrics


class Restorer:
    """Opens partitions of the journal by reading their changelog."""

    def __init__(
        self,
        connect: Callable[[], AIOKafkaConsumer],
        empty: Callable[[], Partition],
        journal_partitions: int,
        changelog: Changelog,
        name: str,
        metrics: Metrics,
    ) -> None:
        self._connect = connect
        self._empty = empty
        self._journal_partitions = journal_partitions
        self._changelog = changelog
        self._name = name
        self._metrics = metrics

    async def open(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, tuple[Partition, int | None]]:
        """Return each partition's restored state; reading goes on from the committed position. Raises `JournalResized`."""
        highest = max(partition.partition for partition in partitions)
        if highest >= self._journal_partitions:
            raise JournalResized(self._journal_partitions, highest + 1)
        with self._metrics.restore_seconds.time():
            states = {TopicPartition(self._name, p.partition): self._empty() for p in partitions}
            consumer = self._connect()
            await consumer.start()
            try:
                ends = await _read_to_end(consumer, states)
            finally:
                await consumer.stop()
        for partition, state in states.items():
            state.restored()
            self._changelog.opened(partition.partition, ends[partition])
        return {p: (states[TopicPartition(self._name, p.partition)], None) for p in partitions}


async def _read_to_end(
    consumer: AIOKafkaConsumer, states: Mapping[TopicPartition, Partition]
) -> Mapping[TopicPartition, int]:
    consumer.assign(list(states))
    await consumer.seek_to_beginning(*states)
    ends = await consumer.end_offsets(list(states))
    left = {partition for partition, end in ends.items() if await consumer.position(partition) < end}
    while left:
        fetched = await consumer.getmany(*left, timeout_ms=1000, max_records=50_000)
        for partition, records in fetched.items():
            restore = states[partition].restore
            for record in records:
                restore(record.key, record.value)
        left = {partition for partition in left if await consumer.position(partition) < ends[partition]}
        await asyncio.sleep(0)
    return dict(ends)
