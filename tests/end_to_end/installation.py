"""How does a test have an installation of its own, run as an operator would run it?

Its topics stand under a namespace of their own on the tests' Kafka; its workers are real processes, each with a directory and a log.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import yaml
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError
from pydantic import SecretStr

from streams import provision, topics
from streams.core.partition import Partition
from streams.demo.run import Part
from streams.journal.intake import SOURCES
from streams.kafka_client import producer, reachable, reader
from streams.lane.outbox import Outbox
from streams.local.server import wait_async
from streams.play import play
from streams.reading import whole
from streams.recording import Line
from streams.scenarios import load_rules
from streams.settings import Settings

SECRET = "0123456789abcdef" * 2
LOOK_SECONDS = 0.2
#: What no test should have to wait for, on a slow machine either.
LONG_SECONDS = 90.0

Condition = Callable[[], Awaitable[bool]]


class Installation:
    """Settings, scenarios, topics and workers that no other test shares."""

    def __init__(self, kafka: str, redis: str, directory: Path) -> None:
        self.directory = directory
        self.scenarios = directory / "scenarios.yaml"
        self.settings = Settings(
            kafka_bootstrap=kafka,
            redis_url=SecretStr(redis),
            namespace=f"t{uuid4().hex[:8]}.",
            secret=SecretStr(SECRET),
            scenarios=self.scenarios,
            journal_partitions=6,
            public_partitions=3,
        )
        #: Workers that were started, by name; those that are meant to run.
        self.workers: dict[str, Part] = {}

    def write_scenarios(self, file: Path | None = None, **changes: str) -> Path:
        """Write a scenario with times so short that they pass during a test; return the file."""
        scenario = {
            "name": "cart-reminder",
            "kind": "cart",
            "idle_for": "3s",
            "min_hold": "1s",
            "once_per": "12s",
            "steps": [{"after": "0m", "channel": "email", "template": "cart-reminder"}],
            "expires_after": "1h",
        }
        written = file or self.scenarios
        written.write_text(yaml.safe_dump({"scenarios": [scenario | changes]}))
        return written

    def environment(self) -> dict[str, str]:
        """Return what the environment of a command of this installation says."""
        return {
            "RELANCE_KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
            "RELANCE_REDIS_URL": self.settings.redis_url.get_secret_value(),
            "RELANCE_NAMESPACE": self.settings.namespace,
            "RELANCE_JOURNAL_PARTITIONS": str(self.settings.journal_partitions),
            "RELANCE_JOURNAL_GENERATION": str(self.settings.journal_generation),
            "RELANCE_SECRET": SECRET,
            "RELANCE_SCENARIOS": str(self.scenarios),
        }

    async def provision(self) -> None:
        """Create the topics."""
        async with reachable(self.settings) as admin:
            await provision.apply(admin, self.settings)

    def worker(self, role: str, name: str) -> Part:
        """Return a worker that is not started yet."""
        worker = self.workers[name] = Part(self.directory / name, self.environment(), "worker", role)
        return worker

    async def start(self, **roles: str) -> None:
        """Start workers by name, of a role each, and wait until all of them are up."""
        workers = [self.worker(role, name) for name, role in roles.items()]
        await asyncio.gather(*(wait_async(worker.starting()) for worker in workers))

    async def stop(self) -> None:
        """Stop every worker."""
        await asyncio.gather(*(wait_async(worker.stopping()) for worker in self.workers.values()))

    async def publish(self, lines: Iterable[Line]) -> int:
        """Publish a recording as it happens; return the number of its records."""
        outbox = Outbox(partial(producer, self.settings), self.settings.named)
        await outbox.start()
        try:
            return await play(lines, outbox, speed=1.0, progress=lambda played: None)
        finally:
            await outbox.stop()

    async def relance(self, *words: str) -> str:
        """Run a command to its end and return what it printed; it must succeed."""
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.cli", *words,
            env=self.environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, complained = await command.communicate()
        assert command.returncode == 0, complained.decode()
        return said.decode()

    async def until(self, condition: Condition, what: str, within_s: float = LONG_SECONDS) -> None:
        """Wait for a condition, as long as no worker ends by itself."""
        give_up_at = asyncio.get_running_loop().time() + within_s
        while not await condition():
            for worker in self.workers.values():
                if worker.pid is None:
                    raise worker.failed("ended by itself")
            assert asyncio.get_running_loop().time() < give_up_at, f"not within {within_s} s: {what}\n{self.logs()}"
            await asyncio.sleep(LOOK_SECONDS)

    def logs(self) -> str:
        """Return the ends of the workers' logs."""
        return "\n".join(f"--- {name}\n{worker.end_of_log()}" for name, worker in self.workers.items())

    # What Kafka holds

    async def read(self, topic: str) -> list[ConsumerRecord]:
        """Return every record of a topic."""
        return [record async for record in whole(self.settings, topic)]

    async def members(self, group: str) -> frozenset[str]:
        """Return the ids of those among whom a group's partitions are divided; nobody while they are being divided."""
        async with reachable(self.settings) as admin:
            try:
                (answer,) = await admin.describe_consumer_groups([self.settings.named(group)])
            except GroupCoordinatorNotAvailableError:  # a new broker has no groups yet
                return frozenset()
        _error, _group, state, _type, _protocol, members, *_ = answer.groups[0]
        return frozenset(member[0] for member in members) if state == "Stable" else frozenset()

    async def lag(self, group: str, names: tuple[str, ...]) -> int:
        """Return how many records a group has not committed yet."""
        async with reachable(self.settings) as admin, self._reader() as consumer:
            counts = await provision.described(admin, self.settings)
            try:
                committed = await admin.list_consumer_group_offsets(self.settings.named(group))
            except GroupCoordinatorNotAvailableError:  # a new broker has no groups yet
                committed = {}
            partitions = [
                TopicPartition(self.settings.named(name), number)
                for name in names
                for number in range(counts[name] or 0)
            ]
            ends = await consumer.end_offsets(partitions)
        done = {partition: known.offset for partition, known in committed.items() if known.offset >= 0}
        return sum(end - done.get(partition, 0) for partition, end in ends.items())

    async def pending(self) -> int:
        """Return how many deadlines the journal, as it stands, leaves open."""
        rules = load_rules(self.scenarios)
        partitions: defaultdict[int, Partition] = defaultdict(lambda: Partition(rules))
        for record in await self.read(topics.JOURNAL.name):
            partitions[record.partition].apply([record])
        return sum(partition.pending for partition in partitions.values())

    async def is_settled(self) -> bool:
        """Say whether all that was published has been read and decided, and nothing is due later."""
        if await self.lag("relance-ingest", SOURCES) or await self._undecided() or await self.pending():
            return False
        return not await self._undecided()

    async def _undecided(self) -> int:
        return await self.lag("relance-detect", (topics.JOURNAL.name,))

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = reader(self.settings)
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()
