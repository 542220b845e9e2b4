"""What does every measurement stand on?"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.producer.message_accumulator import BatchBuilder

from streams import provision, topics
from streams.core.decisions import Decision
from streams.journal.records import TICK, TICK_KEY
from streams.kafka_client import member, producer, reachable
from streams.local.kafka import LocalKafka
from streams.local.server import wait_async
from streams.reading import whole
from streams.settings import Settings
from tests.benchmarks.workload import scenarios

#: Recorded time is long ago: without the second, the broker would delete the records as soon as it looks.
TIME_AS_GIVEN = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
#: Key, value, timestamp in ms.
Keyed = tuple[bytes, bytes, int]
HEAP = ("-Xmx1g", "-Xms1g", "-XX:+UseG1GC")


class Bench:
    """A broker of its own, with topics, in a temporary directory."""

    def __init__(self, directory: Path, settings: Settings, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.settings = settings
        self.environment = environment

    async def fill(self, topic: str, by_partition: Mapping[int, Iterable[Keyed]]) -> None:
        """Append (key, value, timestamp in ms) to partitions of a topic."""
        async with self.connected() as kafka:
            for partition, records in by_partition.items():
                await self.append(kafka, topic, partition, records)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AIOKafkaProducer]:
        """Lend a producer."""
        kafka = producer(self.settings)
        await kafka.start()
        try:
            yield kafka
        finally:
            await kafka.stop()

    async def append(self, kafka: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Keyed]) -> None:
        """Append to one partition; done when it is acknowledged."""
        await self.send(kafka, topic, partition, batches(kafka, records))

    async def send(self, kafka: AIOKafkaProducer, topic: str, partition: int, ready: Iterable[BatchBuilder]) -> None:
        """Append batches to one partition, one after another; done when they are acknowledged."""
        for batch in ready:
            await (await kafka.send_batch(batch, self.settings.named(topic), partition=partition))

    async def commit(self, group: str, topic: str, positions: Mapping[int, int]) -> None:
        """Have a group that has no members yet go on from these positions."""
        consumer = member(self.settings, group)
        await consumer.start()
        try:
            at = {TopicPartition(self.settings.named(topic), number): offset for number, offset in positions.items()}
            consumer.assign(list(at))
            await consumer.commit(at)
        finally:
            await consumer.stop()

    async def tick(self, partitions: int, at: int) -> None:
        """Let time pass on the journal: whatever is pending fires."""
        await self.fill(topics.JOURNAL.name, {number: [(TICK_KEY, TICK, at)] for number in range(partitions)})

    @asynccontextmanager
    async def installation(self, name: str, *, recorded_time: bool) -> AsyncIterator["Bench"]:
        """Lend an installation of its own on the same broker; its topics go when it is given back."""
        settings = self.settings.model_copy(update={"namespace": f"{name}."})
        async with reachable(settings) as admin:
            await provision_for_bench(admin, settings, recorded_time=recorded_time)
            yield Bench(self.directory / name, settings, {**self.environment, "RELANCE_NAMESPACE": settings.namespace})
            topics_of_it = [topic for topic in await admin.list_topics() if topic.startswith(settings.namespace)]
            await admin.delete_topics(topics_of_it)

    async def decided(self) -> set[str]:
        """Return the ids that stand on `relance.decisions`."""
        return set(await self.decisions())

    async def decisions(self) -> dict[str, tuple[str, int]]:
        """Return what was decided, and the append time of that, ms, by relaunch id; of several, the first."""
        decode = msgspec.json.Decoder(Decision).decode
        found: dict[str, tuple[str, int]] = {}
        async for record in whole(self.settings, topics.DECISIONS.name):
            decision = decode(record.value)
            found.setdefault(decision.relaunch_id, (decision.decision, record.timestamp))
        return found

    async def count(self, topic: str) -> int:
        """Return how many records a topic holds."""
        return sum([1 async for _ in whole(self.settings, topic)])


def batches(kafka: AIOKafkaProducer, records: Iterable[Keyed]) -> Iterator[BatchBuilder]:
    """Put records into batches as large as the producer sends."""
    batch = kafka.create_batch()
    for key, value, at in records:
        if batch.append(key=key, value=value, timestamp=at) is None:
            yield batch
            batch = kafka.create_batch()
            batch.append(key=key, value=value, timestamp=at)
    if batch.record_count():
        yield batch


async def provision_for_bench(admin: AIOKafkaAdminClient, settings: Settings, *, recorded_time: bool) -> None:
    """Create the topics; whose time counts for a measurement is fixed at birth, since a change of it takes a while."""
    differing = [(topics.RELAUNCH, topics.BROKER_TIME), (topics.DECISIONS, topics.BROKER_TIME)]
    if recorded_time:
        differing.append((topics.JOURNAL, TIME_AS_GIVEN))
    await admin.create_topics(
        [
            NewTopic(
                settings.named(topic.name),
                provision.partitions_of(topic, settings),
                1,
                topic_configs=topic.config | config,
            )
            for topic, config in differing
        ]
    )
    while not {settings.named(topic.name) for topic, _ in differing} <= set(await admin.list_topics()):
        await asyncio.sleep(0.05)
    await provision.apply(admin, settings)


@asynccontextmanager
async def bench(*, journal_partitions: int, recorded_time: bool, min_hold: str = "5m") -> AsyncIterator[Bench]:
    """Start a broker and create the topics; with `recorded_time` the journal keeps the timestamps that it is given.

    A cart left by an event that arrives late is due `min_hold` later.
    """
    with TemporaryDirectory(prefix="relance-bench-") as name:
        home = Path(name)
        kafka = LocalKafka(home / "kafka", java_options=HEAP)
        await wait_async(kafka.starting())
        try:
            (home / "scenarios.yaml").write_text(scenarios(min_hold=min_hold))
            environment = {
                "RELANCE_KAFKA_BOOTSTRAP": kafka.bootstrap,
                "RELANCE_SCENARIOS": str(home / "scenarios.yaml"),
                "RELANCE_SECRET": "only-for-measurements-on-this-machine",
                "RELANCE_JOURNAL_PARTITIONS": str(journal_partitions),
                # Recorded time is long ago, and what detection tells itself has today's: nobody is forgotten for that.
                "RELANCE_FORGET_AFTER": "4000d",
            }
            settings = Settings(kafka_bootstrap=kafka.bootstrap, journal_partitions=journal_partitions)
            async with reachable(settings) as admin:
                await provision_for_bench(admin, settings, recorded_time=recorded_time)
            yield Bench(home, settings, environment)
        finally:
            await wait_async(kafka.stopping())
