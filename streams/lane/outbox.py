"""How does a batch's output reach Kafka, fast and acknowledged?

By whole batches per partition, not record by record. While one batch of a partition is on its way, whoever has records for it
shares the next one.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from streams.journal.records import partition_of

Header = tuple[str, bytes]


class Appended(NamedTuple):
    """Where a batch came to stand; the offset is negative when the broker did not say."""

    offset: int
    records: int


Keyed = tuple[bytes | None, bytes | None]


class Outbox:
    """Sends lists of (key, value) to topics of one installation, through a producer of its own."""

    def __init__(self, connect: Callable[[], AIOKafkaProducer], named: Callable[[str], str]) -> None:
        self._connect = connect
        self._named = named
        self._counts: dict[str, int] = {}
        self._queues: dict[tuple[str, int], _Queue] = {}

    async def start(self) -> None:
        """Connect."""
        self._producer = self._connect()
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is queued, and disconnect."""
        await asyncio.gather(*[queue.emptied() for queue in self._queues.values()], return_exceptions=True)
        await self._producer.stop()

    async def by_key(
        self, topic: str, records: Iterable[tuple[bytes, bytes]], headers: Sequence[Header] = ()
    ) -> "set[asyncio.Future[Appended]]":
        """Queue records, each in the partition of its key; the futures are done when they are acknowledged."""
        count = await self._count(topic)
        grouped: defaultdict[int, list[Keyed]] = defaultdict(list)
        for key, value in records:
            grouped[partition_of(key, count)].append((key, value))
        return {done for partition, group in grouped.items() for done in self.to(topic, partition, group, headers)}

    def to(
        self, topic: str, partition: int, records: Iterable[Keyed], headers: Sequence[Header] = ()
    ) -> "set[asyncio.Future[Appended]]":
        """Queue records for one partition, in order; the futures are done when they are acknowledged, with where."""
        queue = self._queues.get((topic, partition))
        if queue is None:
            queue = self._queues[topic, partition] = _Queue(self._producer, self._named(topic), partition)
        return queue.add(records, list(headers))

    async def one(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()
    ) -> "asyncio.Future[Appended]":
        """Queue one record, however large, in the partition of its key; the future is done when it is acknowledged."""
        if key is None and value is None:
            key = b""  # a record of nothing at all, which aiokafka refuses to send
        partition = partition_of(key or b"", await self._count(topic))
        acknowledged: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        sent = await self._producer.send(self._named(topic), value, key, partition=partition, headers=list(headers))
        sent.add_done_callback(partial(_pass_on, acknowledged, 1))
        return acknowledged

    async def _count(self, topic: str) -> int:
        if topic not in self._counts:
            self._counts[topic] = len(await self._producer.partitions_for(self._named(topic)))
        return self._counts[topic]


class _Queue:
    """The batches on their way to one partition, oldest first; the last of those that wait still takes records.

    aiokafka takes one batch of a partition at a time, and lets those who wait for that fall asleep in no order.
    """

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._waiting: deque[tuple[BatchBuilder, asyncio.Future[Appended]]] = deque()
        self._sending: asyncio.Task[None] | None = None

    def add(self, records: Iterable[Keyed], headers: list[Header]) -> "set[asyncio.Future[Appended]]":
        touched: set[asyncio.Future[Appended]] = set()
        for key, value in records:
            if not self._waiting or self._append(key, value, headers) is None:
                self._waiting.append((self._producer.create_batch(), asyncio.get_running_loop().create_future()))
                self._append(key, value, headers)
            touched.add(self._waiting[-1][1])
        if self._waiting and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._send())
        return touched

    async def emptied(self) -> None:
        if self._sending is not None:
            await self._sending

    def _append(self, key: bytes | None, value: bytes | None, headers: list[Header]) -> object:
        return self._waiting[-1][0].append(key=key, value=value, timestamp=None, headers=headers)

    async def _send(self) -> None:
        while self._waiting:
            batch, acknowledged = self._waiting.popleft()
            batch.close()
            try:
                sent = await self._producer.send_batch(batch, self._topic, partition=self._partition)
            except KafkaError as error:
                acknowledged.set_exception(error)
                self._fail_waiting(error)
            else:
                sent.add_done_callback(partial(_pass_on, acknowledged, batch.record_count()))

    def _fail_waiting(self, error: KafkaError) -> None:
        """What waits behind a batch that could not be sent must not go out: it would stand before it."""
        while self._waiting:
            self._waiting.popleft()[1].set_exception(error)


def _pass_on(told: "asyncio.Future[Appended]", records: int, done: "asyncio.Future[RecordMetadata]") -> None:
    if told.cancelled():
        return
    if done.cancelled():
        told.cancel()
    elif (error := done.exception()) is not None:
        told.set_exception(error)
    else:
        told.set_result(Appended(done.result().offset, records))
