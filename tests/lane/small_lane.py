"""How is a lane run by itself: on a real Kafka, in a Faust app, with the smallest agent and the smallest state there are?"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast
from uuid import uuid4

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.app import Lanes, WorkerApp
from streams.kafka_client import options, producer, reachable
from streams.lane.batch import Batch
from streams.lane.consumer import Lane
from streams.lane.outbox import Outbox
from streams.metrics import Metrics
from streams.settings import Settings

GROUP = "group"
TOPIC = "topic"
PARTITIONS = 2
WITHIN_S = 40.0
#: As in `streams.kafka_client.member`, a little quicker.
MEMBER = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "session_timeout_ms": 6000,
    "heartbeat_interval_ms": 500,
    "rebalance_timeout_ms": 20_000,
    "fetch_max_wait_ms": 50,
}

Notes = list[int]


def own_settings(bootstrap: str) -> Settings:
    """Return the settings of an installation that no other test shares."""
    return Settings(kafka_bootstrap=bootstrap, namespace=f"t{uuid4().hex[:8]}.")


@asynccontextmanager
async def own_topic(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Make the topic that a lane reads, and give an admin client."""
    async with reachable(settings) as admin:
        await admin.create_topics([NewTopic(settings.named(TOPIC), PARTITIONS, 1)])
        yield admin


class Opener:
    """Opens each partition with a new list of notes, and remembers that it did."""

    def __init__(self, starts: Mapping[int, int] | None = None) -> None:
        self._starts = starts or {}
        #: What happened, in order; a lane adds to it.
        self.story: list[str] = []
        self.opened: list[int] = []

    async def open(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, tuple[Notes, int | None]]:
        """Return an empty state for each partition."""
        self.story.append("opened")
        self.opened += sorted(partition.partition for partition in partitions)
        return {partition: (Notes(), self._starts.get(partition.partition)) for partition in partitions}


class Agent:
    """Notes the offsets it sees; delivers once it is let."""

    def __init__(self) -> None:
        self.batches: list[Batch[Notes]] = []
        #: Raised, once, on the first batch.
        self.stumbles: Exception | None = None
        #: Raised, once, while the first batch is delivered.
        self.fails_to_deliver: Exception | None = None
        self.may_deliver = asyncio.Event()
        self.may_deliver.set()
        #: Where to go back to after the first batch.
        self.rewinds_to: int | None = None

    async def __call__(self, batches: AsyncIterable[Batch[Notes]]) -> None:
        async for batch in batches:
            with batch:
                self.batches.append(batch)
                batch.state.extend(record.offset for record in batch.records)
                if self.stumbles is not None:
                    raise self.stumbles
                batch.deliver(self._deliver(batch))

    async def _deliver(self, batch: Batch[Notes]) -> None:
        await self.may_deliver.wait()
        if self.fails_to_deliver is not None:
            raise self.fails_to_deliver
        batch.rewind_to, self.rewinds_to = self.rewinds_to, None

    def offsets(self, partition: int) -> list[list[int]]:
        """Return the offsets of each batch of one partition."""
        return [[r.offset for r in batch.records] for batch in self.batches if batch.partition.partition == partition]


class StoryLane(Lane[Notes]):
    """A lane that tells when its partitions are revoked and assigned."""

    def __init__(self, story: list[str], *arguments: Any) -> None:
        super().__init__(*arguments)
        self._story = story

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await super().on_partitions_revoked(revoked)
        self._story.append("revoked")

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._story.append("assigned")
        await super().on_partitions_assigned(assigned)


class Watched(AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer that remembers how often it was asked, and what it gave."""

    polls = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        #: Offset behind the last record given, by partition.
        self.given: dict[int, int] = {}

    async def getmany(self, *partitions: TopicPartition, **options: Any) -> Any:
        """Return what the consumer returns."""
        self.polls += 1
        fetched = await super().getmany(*partitions, **options)
        for partition, records in fetched.items():
            self.given[partition.partition] = records[-1].offset + 1
        return fetched


class Running:
    """A lane at work."""

    def __init__(self, settings: Settings, agent: Agent, opener: Opener) -> None:
        self._settings = settings
        self.agent = agent
        self.opener = opener
        self.metrics = Metrics()
        self.app = WorkerApp(
            settings.named("small"),
            broker=f"kafka://{settings.kafka_bootstrap}",
            store="memory://",
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
        )
        channel = self.app.channel(value_type=None, maxsize=1)

        async def work(batches: AsyncIterable[Batch[Notes]]) -> None:
            await agent(batches)

        self.app.agent(channel, name="small")(work)
        channels = {settings.named(TOPIC): channel}
        self.consumer = Watched(**options(settings), **MEMBER, group_id=settings.named(GROUP))
        self.lane = StoryLane(opener.story, lambda: self.consumer, channels, opener, self.metrics, GROUP)
        outbox = Outbox(partial(producer, settings), settings.named)
        self.app.service(cast(Any, Lanes(self.app, outbox, [self.lane])))

    async def stop(self) -> None:
        """Stop, as a worker does."""
        await self.app.stop()
        close_unused_loop(self.app)

    def fetched(self, partition: int) -> int:
        """Return the offset behind what the lane was given of a partition."""
        return self.consumer.given.get(partition, 0)

    def owned(self) -> list[int]:
        """Return the partitions that are open."""
        return sorted(partition.partition for partition in self.lane.owned())


def close_unused_loop(app: faust.App) -> None:
    """Close the event loop that Faust makes for the consumer that we do not use; a process's end would do it."""
    cast(Any, app.consumer)._thread.thread_loop.close()


@asynccontextmanager
async def running(
    settings: Settings, agent: Agent | None = None, opener: Opener | None = None
) -> AsyncIterator[Running]:
    """Run a lane for as long as the block lasts, unless it is stopped in it."""
    run = Running(settings, agent or Agent(), opener or Opener())
    await run.app.start()
    try:
        yield run
    finally:
        await run.stop()


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


class Group:
    """What the broker knows of the lane's group."""

    def __init__(self, settings: Settings, admin: AIOKafkaAdminClient) -> None:
        self._settings = settings
        self._admin = admin

    async def committed(self) -> dict[int, int]:
        """Return the committed position of each partition that has one."""
        positions = await self._admin.list_consumer_group_offsets(self._settings.named(GROUP))
        return {p.partition: known.offset for p, known in positions.items() if known.offset >= 0}

    async def until_committed(self, partition: int, position: int) -> None:
        """Wait until a partition's position is committed."""
        async with asyncio.timeout(WITHIN_S):
            while (await self.committed()).get(partition) != position:
                await asyncio.sleep(0.05)


async def publish(kafka: AIOKafkaProducer, settings: Settings, partition: int, records: int = 1) -> None:
    """Append records to one partition of the topic."""
    for _ in range(records):
        await kafka.send_and_wait(settings.named(TOPIC), b"something", partition=partition)
