"""How does a partition get its state back?

From its partition of the changelog, read to the end before the first record is processed. Several partitions are restored in one pass.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.core.partition import Partition
from streams.metrics import Metrics


class Restorer:
    """Opens partitions of the journal by reading their changelog."""

    def __init__(
        self, connect: Callable[[], AIOKafkaConsumer], empty: Callable[[], Partition], changelog: str, metrics: Metrics
    ) -> None:
        self._connect = connect
        self._empty = empty
        self._changelog = changelog
        self._metrics = metrics

    async def open(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, tuple[Partition, int | None]]:
        """Return each partition's restored state; reading goes on from the committed position."""
        with self._metrics.restore_seconds.time():
            states = {TopicPartition(self._changelog, p.partition): self._empty() for p in partitions}
            consumer = self._connect()
            await consumer.start()
            try:
                await _read_to_end(consumer, states)
            finally:
                await consumer.stop()
        for state in states.values():
            state.restored()
        return {p: (states[TopicPartition(self._changelog, p.partition)], None) for p in partitions}


async def _read_to_end(consumer: AIOKafkaConsumer, states: Mapping[TopicPartition, Partition]) -> None:
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
