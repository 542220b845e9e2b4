"""How does a crowd reach the public topics: at a rate, paced to what can be taken in, every record acknowledged?"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from random import Random

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.chaos.crowd import Crowd, Published
from tests.chaos.intake_oracle import TOPICS
from tests.chaos.stand import INGEST, Stand

CHUNK_S = 0.05
MOST_AT_ONCE = 4_000
#: Records that surely fit into one batch.
PIECE = 1_000
#: The feed waits while so many records wait for ingest.
MOST_BEHIND = 400_000
LOOK_S = 2.0
#: Orders are held back in so many of the periods of this length.
HELD_BACK, PERIOD_S = 0.3, 4.0


class Feed:
    """Publishes a number of events."""

    def __init__(self, stand: Stand, seed: int, *, events: int, visitors: int, per_second: float) -> None:
        self._stand = stand
        self._crowd = Crowd(seed, visitors)
        self._seed = seed
        self._events = events
        self._per_second = per_second
        self._is_far_behind = False
        #: How often the topics had more partitions, as far as the producer knows.
        self._grown = 0
        self._held_back: deque[Published] = deque()
        #: Records published so far.
        self.published = 0

    async def run(self, progress: Callable[[int], None]) -> None:
        """Publish everything; `progress` is told how many records are out."""
        settings = self._stand.settings
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap, acks="all", enable_idempotence=True, max_batch_size=1 << 20
        )
        await producer.start()
        pacing = asyncio.create_task(self._pace())
        try:
            await self._publish(producer, progress)
        finally:
            pacing.cancel()
            await asyncio.wait([pacing])
            await producer.stop()

    async def _publish(self, producer: AIOKafkaProducer, progress: Callable[[int], None]) -> None:
        allowed = 0.0
        started = last = time.monotonic()
        while self.published < self._events:
            await asyncio.sleep(CHUNK_S)
            now = time.monotonic()
            if not self._is_far_behind:
                allowed = min(allowed + (now - last) * self._per_second, self._events - self.published)
            last = now
            count = min(MOST_AT_ONCE, int(allowed) + 1)
            allowed = max(0.0, allowed - count)
            await self._send(producer, self._chunk(count, int((now - started) / PERIOD_S)))
            progress(self.published)
        await self._send(producer, list(self._held_back))

    def _chunk(self, count: int, period: int) -> list[Published]:
        """Return what is published now: what happens, without orders that are held back, and those held back until now."""
        at = time.time_ns() // 1_000_000
        happens = [self._crowd.next(at) for _ in range(count)]
        if Random(f"{self._seed} {period}").random() < HELD_BACK:
            self._held_back.extend(said for said in happens if said.topic == "orders")
            return [said for said in happens if said.topic != "orders"]
        happens.extend(self._held_back)
        self._held_back.clear()
        return happens

    async def _send(self, producer: AIOKafkaProducer, said: list[Published]) -> None:
        if self._grown < self._stand.grown and await producer.client.force_metadata_update():
            self._grown += 1
        counts = {topic: await self._partitions(producer, topic) for topic in TOPICS}
        grouped: defaultdict[tuple[str, int], list[Published]] = defaultdict(list)
        for one in said:
            grouped[one.topic, one.place % counts[one.topic]].append(one)
        pieces = [
            (place, records[start : start + PIECE])
            for place, records in grouped.items()
            for start in range(0, len(records), PIECE)
        ]
        await asyncio.gather(*(self._append(producer, *place, records) for place, records in pieces))
        self.published += len(said)

    async def _partitions(self, producer: AIOKafkaProducer, topic: str) -> int:
        """Return how many partitions a topic has, as far as the producer knows."""
        while True:
            try:
                return len(await producer.partitions_for(self._stand.settings.named(topic)))
            except KafkaError:
                await asyncio.sleep(1.0)

    async def _append(self, producer: AIOKafkaProducer, topic: str, partition: int, records: list[Published]) -> None:
        """Append until it is acknowledged, as a shop's outbox would: twice if need be."""
        while True:
            batch = producer.create_batch()
            for one in records:
                batch.append(key=one.key, value=one.value, timestamp=None)
            try:
                await (await producer.send_batch(batch, self._stand.settings.named(topic), partition=partition))
            except KafkaError:
                await asyncio.sleep(1.0)
            else:
                return

    async def _pace(self) -> None:
        while True:
            behind = await self._stand.behind(INGEST)
            self._is_far_behind = behind is not None and sum(behind.values()) > MOST_BEHIND
            await asyncio.sleep(LOOK_S)
