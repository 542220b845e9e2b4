"""What does a chaos run stand on? A broker, topics, and workers that may end at any moment, as an operator would start them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import yaml
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions
from aiokafka.errors import KafkaError
from pydantic import SecretStr

from streams import provision
from streams.kafka_client import KafkaUnavailable, reachable, reader
from streams.local.kafka import LocalKafka
from streams.local.server import Server, wait_async
from streams.settings import Settings
from tests.chaos.intake_oracle import TOPICS
from tests.chaos.journal_people import Scenario

CHECKOUT = Path(__file__).parents[2]
SECRET = "for-nothing-but-tests-on-this-machine"
HEAP = ("-Xmx1g", "-Xms512m", "-XX:+UseG1GC")
SCENARIOS = [
    Scenario(name="hasty", idle_for=2_000, min_hold=500, once_per=20_000, expires_after=3_600_000),
    Scenario(name="patient", idle_for=4_000, min_hold=1_500, once_per=30_000, expires_after=3_600_000),
]
#: A visitor who is silent for so long starts anew, ms. Far longer than ingest may take to send something a second time: whoever has
#: been forgotten by then would hear it as news, and be decided about twice under the same id.
FORGET_AFTER = 400 * 86_400_000
JOURNAL = "relance.journal"
INGEST, DETECT = "ingest", "detect"
#: How long to wait before a broker that is down is asked again.
ASK_AGAIN_S = 0.5
#: So many partitions a public topic gets at a time, beyond those that it has.
MORE_PARTITIONS = 2


class Worker(Server):
    """One worker; `broken` names what is wrong with it (`tests/chaos/broken_worker.py`)."""

    def __init__(self, directory: Path, environment: Mapping[str, str], role: str, broken: str | None) -> None:
        super().__init__(directory)
        self.name = role
        self._program = ("tests.chaos.broken_worker", broken, role) if broken else ("streams.cli", "worker", role)
        self.environment = {
            **environment,
            "RELANCE_METRICS_PORT": str(self.port),
            "PYTHONPATH": str(CHECKOUT),
        }

    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", *self._program]

    def launch(self) -> None:
        """Start it without waiting for it: it may well find no broker."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = self.spawn(self.command())


class Stand:
    """Settings, scenarios and topics on one broker."""

    def __init__(self, kafka: LocalKafka, directory: Path, namespace: str, journal: int, public: int) -> None:
        self.kafka = kafka
        self.directory = directory
        self.scenarios = directory / "scenarios.yaml"
        #: How often the public topics got more partitions.
        self.grown = 0
        self.settings = Settings(
            kafka_bootstrap=kafka.bootstrap,
            namespace=namespace,
            journal_partitions=journal,
            public_partitions=public,
            secret=SecretStr(SECRET),
        )
        self.environment = {
            "RELANCE_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "RELANCE_NAMESPACE": namespace,
            "RELANCE_SECRET": SECRET,
            "RELANCE_SCENARIOS": str(self.scenarios),
            "RELANCE_JOURNAL_PARTITIONS": str(journal),
            "RELANCE_FORGET_AFTER": f"{FORGET_AFTER // 1000}s",
        }

    async def prepare(self) -> None:
        """Write the scenarios and create the topics."""
        self.scenarios.write_text(yaml.safe_dump({"scenarios": [_written(scenario) for scenario in SCENARIOS]}))
        async with reachable(self.settings) as admin:
            await provision.apply(admin, self.settings)

    def worker(self, role: str, name: str, broken: str | None = None) -> Worker:
        """Return a worker that is not started yet."""
        return Worker(self.directory / name, self.environment, role, broken)

    async def counts(self) -> dict[str, int]:
        """Return how many partitions the journal and each public topic has. Raises `KafkaUnavailable` when Kafka tells of fewer
        than there must be: a broker that has just come back knows of some first.
        """
        async with reachable(self.settings) as admin:
            known = await provision.described(admin, self.settings)
        counts = {name: known[name] or 0 for name in (JOURNAL, *TOPICS)}
        if counts[JOURNAL] != self.settings.journal_partitions or any(
            counts[name] < self.settings.public_partitions for name in TOPICS
        ):
            raise KafkaUnavailable(f"Kafka tells of {counts}")
        return counts

    async def grow(self) -> None:
        """Give every public topic more partitions, however often Kafka has to be asked."""
        wanted: dict[str, int] = {}
        while True:
            try:
                counts = await self.counts()
                wanted = wanted or {name: counts[name] + MORE_PARTITIONS for name in TOPICS}
                missing = {name: NewPartitions(wanted[name]) for name in TOPICS if counts[name] < wanted[name]}
                if not missing:
                    self.grown += 1
                    return
                async with reachable(self.settings) as admin:
                    await admin.create_partitions({self.settings.named(name): to for name, to in missing.items()})
            # The last is how aiokafka says that a broker has come back and does not know its controller yet.
            except (KafkaError, KafkaUnavailable, OSError, AttributeError):
                await asyncio.sleep(ASK_AGAIN_S)

    async def members(self, role: str) -> int:
        """Return among how many workers a role's partitions are divided; nobody while they are being divided."""
        try:
            async with reachable(self.settings) as admin:
                (answer,) = await admin.describe_consumer_groups([self.settings.named(f"relance-{role}")])
        except (KafkaError, KafkaUnavailable, OSError):
            return 0
        _error, _group, state, _type, _protocol, members, *_ = answer.groups[0]
        return len(members) if state == "Stable" else 0

    async def behind(self, role: str) -> dict[str, int] | None:
        """Return how many records wait for `ingest` or `detect`, by partition; None when Kafka does not say."""
        topics = TOPICS if role == INGEST else (JOURNAL,)
        try:
            return await self._behind(f"relance-{role}", topics)
        except (KafkaError, KafkaUnavailable, OSError):
            return None

    async def _behind(self, group: str, names: Iterable[str]) -> dict[str, int]:
        counts = await self.counts()
        partitions = [
            TopicPartition(self.settings.named(name), number) for name in names for number in range(counts[name])
        ]
        async with reachable(self.settings) as admin:
            known = await admin.list_consumer_group_offsets(self.settings.named(group))
        consumer = reader(self.settings)
        try:
            await consumer.start()
            ends = await consumer.end_offsets(partitions)
        finally:
            await consumer.stop()
        done = {partition: position.offset for partition, position in known.items() if position.offset >= 0}
        waiting = {partition: end - done.get(partition, 0) for partition, end in ends.items()}
        return {f"{partition.topic}/{partition.partition}": n for partition, n in waiting.items() if n > 0}


def _written(scenario: Scenario) -> dict[str, object]:
    """Return a scenario as a marketer would write it."""
    return {
        "name": scenario.name,
        "kind": "cart",
        "idle_for": f"{scenario.idle_for}ms",
        "min_hold": f"{scenario.min_hold}ms",
        "once_per": f"{scenario.once_per}ms",
        "expires_after": f"{scenario.expires_after}ms",
        "steps": [{"after": "0m", "channel": scenario.channel, "template": scenario.template}],
    }


@asynccontextmanager
async def own_broker(directory: Path) -> AsyncIterator[LocalKafka]:
    """Start a broker that may be killed and frozen."""
    kafka = LocalKafka(directory / "kafka", java_options=HEAP)
    await wait_async(kafka.starting())
    try:
        yield kafka
    finally:
        await wait_async(kafka.stopping())
