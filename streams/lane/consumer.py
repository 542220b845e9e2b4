"""Who owns a partition, from where is it read, and when is its position committed?

Law 1  A partition is not processed before its state has been opened (restored).
Law 2  A position is committed only after all that the records before it led to was acknowledged.
Law 3  On revocation the batch in flight finishes, its position is committed, and the state is dropped.
Law 4  One batch of a partition is in flight at a time; batches of different partitions overlap.

Why not Faust's own consumer: deploy/decisions/0001-lanes-instead-of-fausts-consumer.md
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from faust import Service

from streams.lane.batch import Batch
from streams.metrics import Metrics

State = TypeVar("State")
StateOut = TypeVar("StateOut", covariant=True)

POLL_MS = 100
COMMIT_SECONDS = 1.0
FINISH_SECONDS = 10.0

log = structlog.get_logger()


class Opener(Protocol[StateOut]):
    """How the partitions of an assignment get their state."""

    async def open(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, tuple[StateOut, int | None]]:
        """Return each partition's state, and where to read from; None for the position the group has committed."""
        ...


class Lane(Service, ConsumerRebalanceListener, Generic[State]):  # type: ignore[misc]
    """Feeds Faust channels, one element per batch, from a consumer of our own."""

    def __init__(
        self,
        connect: Callable[[], AIOKafkaConsumer],
        channels: Mapping[str, Any],
        opener: Opener[State],
        metrics: Metrics,
        group: str,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._connect = connect
        self._channels = channels
        self._opener = opener
        self._metrics = metrics
        self._group = group
        self._assigned: set[TopicPartition] = set()
        self._open: dict[TopicPartition, State] = {}
        self._flying: dict[TopicPartition, Batch[State]] = {}
        #: Offset behind the last record that was processed, and those of them that are not committed yet.
        self._next: dict[TopicPartition, int] = {}
        self._uncommitted: dict[TopicPartition, int] = {}
        self._rewinds: dict[TopicPartition, int] = {}
        self._moving = asyncio.Lock()

    async def on_start(self) -> None:
        """Join the group."""
        self._consumer = self._connect()
        await self._consumer.start()
        self._consumer.subscribe(list(self._channels), listener=self)

    async def on_stop(self) -> None:
        """Finish what is in flight, commit, and leave the group."""
        async with self._moving:
            await self._give_up()
        await self._consumer.stop()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish and forget: whoever gets the partitions next restores them."""
        async with self._moving:
            await self._give_up()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Note what is ours; it is opened before its first batch."""
        self._assigned.update(assigned)

    def quiet(self) -> dict[TopicPartition, State]:
        """Return the partitions of which everything known to exist has been processed, with their state."""
        return {
            partition: state
            for partition, state in self._open.items()
            if partition not in self._flying and self._lag(partition) == 0
        }

    def owned(self) -> Mapping[TopicPartition, State]:
        """Return the partitions that are open here, with their state."""
        return dict(self._open)

    @Service.task
    async def _read(self) -> None:
        last_commit = asyncio.get_running_loop().time()
        while not self.should_stop:
            self._go_back()
            fetched = await self._consumer.getmany(timeout_ms=POLL_MS)
            async with self._moving:
                await self._open_assigned()
            for partition, records in fetched.items():
                await self._until_landed(partition)
                async with self._moving:
                    await self._hand_over(partition, records)
            async with self._moving:
                self._collect()
                if asyncio.get_running_loop().time() - last_commit >= COMMIT_SECONDS:
                    last_commit = asyncio.get_running_loop().time()
                    await self._commit()

    def _go_back(self) -> None:
        for partition, offset in self._rewinds.items():
            if partition in self._consumer.assignment():
                self._consumer.seek(partition, offset)
        self._rewinds.clear()

    async def _open_assigned(self) -> None:
        # Not the consumer's own assignment, which is still the old one while the group divides the partitions anew:
        # a state restored then would miss what their present owner has yet to write.
        missing = self._assigned - self._open.keys()
        if not missing:
            return
        for partition, (state, start) in (await self._opener.open(missing)).items():
            begin = await self._committed(partition) if start is None else start
            self._rewinds[partition] = self._next[partition] = begin
            self._open[partition] = state

    async def _committed(self, partition: TopicPartition) -> int:
        committed: int | None = await self._consumer.committed(partition)
        if committed is not None:
            return committed
        begins: int = (await self._consumer.beginning_offsets([partition]))[partition]
        return begins

    async def _until_landed(self, partition: TopicPartition) -> None:
        """Wait for the batch in flight, but not in the way of a revocation, which gives it up if it does not finish."""
        while (before := self._flying.get(partition)) is not None and not before.delivered.done():
            await asyncio.wait([before.delivered], timeout=POLL_MS / 1000)

    async def _hand_over(self, partition: TopicPartition, records: list[Any]) -> None:
        before = self._flying.get(partition)
        if before is not None:
            before.delivered.result()
            self._land(partition, before)
        if partition not in self._open or partition in self._rewinds:
            return
        batch = self._flying[partition] = Batch(partition, records, self._open[partition])
        await self._channels[partition.topic].put(batch)

    def _collect(self) -> None:
        for partition, batch in list(self._flying.items()):
            if batch.delivered.done():
                batch.delivered.result()
                self._land(partition, batch)

    def _land(self, partition: TopicPartition, batch: Batch[State]) -> None:
        del self._flying[partition]
        if batch.rewind_to is not None:
            self._rewinds[partition] = self._next[partition] = batch.rewind_to
        else:
            self._uncommitted[partition] = self._next[partition] = batch.next_offset

    async def _give_up(self) -> None:
        """Let what is in flight finish, commit it, and drop every partition. What does not finish stays uncommitted."""
        if self._flying:
            await asyncio.wait([batch.delivered for batch in self._flying.values()], timeout=FINISH_SECONDS)
        finished = [(partition, batch) for partition, batch in self._flying.items() if batch.delivered.done()]
        failed = [error for _, batch in finished if (error := batch.delivered.exception()) is not None]
        for partition, batch in finished:
            if batch.delivered.exception() is None:
                self._land(partition, batch)
        await self._commit()
        if failed:
            await self.crash(failed[0])
        for partition in self._open:
            with suppress(KeyError):
                self._metrics.lag.remove(self._group, partition.topic, str(partition.partition))
        self._assigned.clear()
        for kept in (self._open, self._flying, self._rewinds, self._next, self._uncommitted):
            kept.clear()

    async def _commit(self) -> None:
        for partition in self._open:
            lag = self._lag(partition)
            if lag is not None:
                self._metrics.lag.labels(self._group, partition.topic, str(partition.partition)).set(lag)
        positions = {p: offset for p, offset in self._uncommitted.items() if p in self._consumer.assignment()}
        self._uncommitted.clear()
        if not positions:
            return
        try:
            await self._consumer.commit(positions)
        except (CommitFailedError, IllegalStateError):
            # The group has moved on without us: whoever owns the partitions now starts from the last commit.
            self._metrics.commit_refused.labels(self._group).inc()
            log.warning("commit_refused", group=self._group)

    def _lag(self, partition: TopicPartition) -> int | None:
        """Return how many records wait, as far as the last answer of the broker tells; None when it has not told yet."""
        if partition not in self._consumer.assignment():
            return None
        end = self._consumer.highwater(partition)
        return None if end is None else max(0, end - self._next[partition])
