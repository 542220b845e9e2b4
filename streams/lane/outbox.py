"""How does a batch's output reach Kafka, fast and acknowledged?

By whole batches per partition, not record by record.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from streams.journal.records import partition_of

Header = tuple[str, bytes]
Keyed = tuple[bytes | None, bytes]


class Outbox:
    """Sends lists of (key, value) to topics of one installation, through a producer of its own."""

    def __init__(self, connect: Callable[[], AIOKafkaProducer], named: Callable[[str], str]) -> None:
        self._connect = connect
        self._named = named
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        """Connect."""
        self._producer = self._connect()
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is queued, and disconnect."""
        await self._producer.stop()

    async def by_key(
        self, topic: str, records: Iterable[tuple[bytes, bytes]], headers: Sequence[Header] = ()
    ) -> "list[asyncio.Future[Any]]":
        """Queue records, each in the partition of its key; the futures are done when they are acknowledged."""
        count = await self._count(topic)
        grouped: defaultdict[int, list[Keyed]] = defaultdict(list)
        for key, value in records:
            grouped[partition_of(key, count)].append((key, value))
        return [
            done for partition, group in grouped.items() for done in await self.to(topic, partition, group, headers)
        ]

    async def to(
        self, topic: str, partition: int, records: Iterable[Keyed], headers: Sequence[Header] = ()
    ) -> "list[asyncio.Future[Any]]":
        """Queue records for one partition, in order; the futures are done when they are acknowledged."""
        name, said = self._named(topic), list(headers)
        futures = []
        batch = self._producer.create_batch()
        for key, value in records:
            if batch.append(key=key, value=value, timestamp=None, headers=said) is None:
                futures.append(await self._producer.send_batch(batch, name, partition=partition))
                batch = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=None, headers=said)
        if batch.record_count():
            batch.close()
            futures.append(await self._producer.send_batch(batch, name, partition=partition))
        return futures

    async def one(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()
    ) -> "asyncio.Future[Any]":
        """Queue one record, however large, in the partition of its key; the future is done when it is acknowledged."""
        partition = partition_of(key or b"", await self._count(topic))
        sent: asyncio.Future[Any] = await self._producer.send(
            self._named(topic), value, key, partition=partition, headers=list(headers)
        )
        return sent

    async def _count(self, topic: str) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = len(await self._producer.partitions_for(self._named(topic)))
        return self._partitions[topic]
