"""What does every measurement stand on?"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams import provision, topics
from streams.core.decisions import Decision
from streams.journal.records import TICK, TICK_KEY
from streams.kafka_client import producer, reachable
from streams.local.kafka import LocalKafka
from streams.local.server import wait_async
from streams.reading import whole
from streams.settings import Settings
from tests.benchmarks.workload import SCENARIOS

#: Recorded time is long ago: without the second, the broker would delete the records as soon as it looks.
TIME_AS_GIVEN = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
HEAP = ("-Xmx1g", "-Xms1g", "-XX:+UseG1GC")


class Bench:
    """A broker of its own, with topics, in a temporary directory."""

    def __init__(self, directory: Path, settings: Settings, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.settings = settings
        self.environment = environment

    async def fill(self, topic: str, by_partition: Mapping[int, Iterable[tuple[bytes, bytes, int]]]) -> None:
        """Append (key, value, timestamp in ms) to partitions of a topic."""
        kafka = producer(self.settings)
        await kafka.start()
        try:
            for partition, records in by_partition.items():
                batch = kafka.create_batch()
                for key, value, at in records:
                    if batch.append(key=key, value=value, timestamp=at) is None:
                        await (await kafka.send_batch(batch, self.settings.named(topic), partition=partition))
                        batch = kafka.create_batch()
                        batch.append(key=key, value=value, timestamp=at)
                await (await kafka.send_batch(batch, self.settings.named(topic), partition=partition))
        finally:
            await kafka.stop()

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
        decode = msgspec.json.Decoder(Decision).decode
        return {decode(record.value).relaunch_id async for record in whole(self.settings, topics.DECISIONS.name)}

    async def count(self, topic: str) -> int:
        """Return how many records a topic holds."""
        return sum([1 async for _ in whole(self.settings, topic)])


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
async def bench(*, journal_partitions: int, recorded_time: bool) -> AsyncIterator[Bench]:
    """Start a broker and create the topics; with `recorded_time` the journal keeps the timestamps that it is given."""
    with TemporaryDirectory(prefix="relance-bench-") as name:
        home = Path(name)
        kafka = LocalKafka(home / "kafka", java_options=HEAP)
        await wait_async(kafka.starting())
        try:
            (home / "scenarios.yaml").write_text(SCENARIOS)
            environment = {
                "RELANCE_KAFKA_BOOTSTRAP": kafka.bootstrap,
                "RELANCE_SCENARIOS": str(home / "scenarios.yaml"),
                "RELANCE_SECRET": "only-for-measurements-on-this-machine",
                "RELANCE_JOURNAL_PARTITIONS": str(journal_partitions),
            }
            settings = Settings(kafka_bootstrap=kafka.bootstrap, journal_partitions=journal_partitions)
            async with reachable(settings) as admin:
                await provision_for_bench(admin, settings, recorded_time=recorded_time)
            yield Bench(home, settings, environment)
        finally:
            await wait_async(kafka.stopping())
