"""Has everybody read what Kafka had acknowledged when we began to ask?

A fence is a marker in every partition of every fenced topic. Asking for end offsets would not do: a leader that lost its
place can answer with an old end, but it cannot acknowledge a marker.

Law 1  When a fence is passed, what was acknowledged before it began is in the suppression table, and in whatever else follows.
Law 2  A partition that nobody has read, or that nobody knew of, holds the fence.
Law 3  One fence is in flight at a time; whoever asks meanwhile shares the next one.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams import topics
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores import fences
from streams.stores.errors import StoreUnavailable
from streams.stores.ports import SuppressionTable

#: How long to wait for a fence to be passed.
TIMEOUT_S = 5.0
#: Shortest and longest pause between two looks at how far the readers are.
LOOK_AGAIN_S = (0.001, 0.005)

#: By topic, the offset of a fence in each partition.
Markers = Mapping[str, Mapping[int, int]]


class FenceTimeout(Exception):
    """No fence was passed in time, or it is too old by now. Put the message off; send nothing."""


class Follower(Protocol):
    """Somebody who must have read up to a fence before anything is sent."""

    async def reached(self, topic: str, offsets: Mapping[int, int]) -> bool:
        """Say whether these offsets, one of each partition, have been read; `topic` is the name in `streams/topics.py`."""
        ...


@dataclass(frozen=True)
class Lease:
    """A fence that was passed: leave to send, for as long as it is fresh."""

    #: When the fence began, by `time.monotonic()`.
    started_at: float

    def age(self) -> float:
        """Return the seconds since the fence began."""
        return time.monotonic() - self.started_at


class Fence:
    """Appends fences, one at a time, and waits until everybody has read them."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        table: SuppressionTable,
        followers: Mapping[str, Follower],
        settings: Settings,
        metrics: Metrics,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Followers, by topic, are who must keep up besides the table; the producer waits for all replicas (`acks=all`)."""
        self._producer = producer
        self._followers: dict[str, list[Follower]] = {topic.name: [Projection(table)] for topic in topics.fenced()}
        for topic, follower in followers.items():
            self._followers[topic].append(follower)
        self._names = {topic: settings.named(topic) for topic in self._followers}
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[Lease] | None = None

    async def passed(self) -> Lease:
        """Return the lease of a fence that begins from now on; whoever asks before it begins shares it.

        Raises `FenceTimeout`.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._after_the_one_in_flight())
        return await asyncio.shield(self._next)

    async def _after_the_one_in_flight(self) -> Lease:
        async with self._one_at_a_time:
            self._next = None
            return await self._fence()

    async def _fence(self) -> Lease:
        lease = Lease(time.monotonic())
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._wait(await self._append())
        except (TimeoutError, KafkaError, StoreUnavailable) as error:
            self._metrics.fence_timeouts.inc()
            raise FenceTimeout(f"no fence was passed within {self._timeout_s} s: {error!r}") from error
        self._metrics.fence_seconds.observe(lease.age())
        return lease

    async def _append(self) -> Markers:
        """Append a fence to every partition there is, and return where Kafka acknowledged them."""
        await self._find_new_partitions()
        name = uuid4().hex.encode()
        places = [
            (topic, partition)
            for topic in self._names
            for partition in await self._producer.partitions_for(self._names[topic])
        ]
        receipts = [
            await self._producer.send(
                self._names[topic], key=fences.KEY, headers=[(fences.HEADER, name)], partition=partition
            )
            for topic, partition in places
        ]
        markers: dict[str, dict[int, int]] = {topic: {} for topic in self._names}
        for (topic, partition), receipt in zip(places, await asyncio.gather(*receipts), strict=True):
            if receipt.offset < 0:  # aiokafka's answer when a broker knows only that it has the record already
                raise KafkaError(f"a fence was acknowledged somewhere in {topic}/{partition}")
            markers[topic][partition] = receipt.offset
        return markers

    async def _find_new_partitions(self) -> None:
        client = self._producer.client
        for name in self._names.values():
            client.add_topic(name)
        # The first answer may be to a question that was asked before this fence began; the second is not.
        for _ in range(2):
            if not await client.force_metadata_update():
                raise KafkaError("the brokers did not say which partitions there are")

    async def _wait(self, markers: Markers) -> None:
        for topic, offsets in markers.items():
            for follower in self._followers[topic]:
                pause_s, longest_s = LOOK_AGAIN_S
                while not await follower.reached(topic, offsets):
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, longest_s)


class Projection:
    """The suppression table as a follower."""

    def __init__(self, table: SuppressionTable) -> None:
        self._table = table

    async def reached(self, topic: str, offsets: Mapping[int, int]) -> bool:
        """Say whether the table's watermarks are past these offsets; one that is missing is not."""
        known = await self._table.next_offsets(topic, offsets)
        return all(partition in known and known[partition] > offset for partition, offset in offsets.items())
