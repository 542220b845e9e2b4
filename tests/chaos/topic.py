"""How is a topic read piece by piece, each time from where the last reading ended to wherever it ends by then?"""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.kafka_client import reader
from streams.settings import Settings

MOST_AT_ONCE = 10_000


class Topic:
    """A topic, and how far it has been read."""

    def __init__(self, settings: Settings, name: str, count: int) -> None:
        self._settings = settings
        self._positions = {TopicPartition(settings.named(name), number): 0 for number in range(count)}

    async def rest(self) -> AsyncIterator[ConsumerRecord]:
        """Yield what has not been read yet, in order per partition."""
        async for _, records in self.pieces():
            for record in records:
                yield record

    async def pieces(self) -> AsyncIterator[tuple[int, list[ConsumerRecord]]]:
        """Yield what has not been read yet, several records of one partition at a time, with its number."""
        consumer = reader(self._settings)
        try:
            await consumer.start()
            async for piece in self._from(consumer):
                yield piece
        finally:
            await consumer.stop()

    async def _from(self, consumer: AIOKafkaConsumer) -> AsyncIterator[tuple[int, list[ConsumerRecord]]]:
        ends = await consumer.end_offsets(list(self._positions))
        consumer.assign(list(self._positions))
        for partition, position in self._positions.items():
            consumer.seek(partition, position)
        while left := [partition for partition, end in ends.items() if self._positions[partition] < end]:
            fetched = await consumer.getmany(*left, timeout_ms=500, max_records=MOST_AT_ONCE)
            for partition, records in fetched.items():
                yield partition.partition, records
                self._positions[partition] = records[-1].offset + 1
