"""How do the parts fit together?

The composition root: the only place, with the command line, where things are built. `worker` gives a Faust app with the lanes and
agents of the roles it is to play; scaling is starting more of them.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from typing import Any, cast

import faust
from aiokafka import AIOKafkaProducer
from faust.app.base import BootStrategy as FaustBootStrategy

from senders.attempt import EmailAttempt
from senders.email_smtp import SmtpPool
from senders.fence import Fence
from senders.gate import Gate
from senders.lookup import Lookup
from senders.service import Sender
from senders.shops import Shop
from streams import topics
from streams.agents.detect import detect
from streams.agents.ingest import Refusals, ingest
from streams.agents.suppress import Watermarks, suppress
from streams.core.partition import Partition
from streams.core.visitor import Rules
from streams.journal.intake import SOURCES
from streams.kafka_client import member, producer, reader
from streams.lane.changelog import Changelog
from streams.lane.consumer import Lane
from streams.lane.fresh import Fresh
from streams.lane.outbox import Outbox
from streams.lane.restore import Restorer
from streams.lane.ticker import Ticker
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores.in_redis import SuppressionInRedis, connect
from streams.stores.ports import SuppressionTable

#: Longer than a relay may take to answer the final dot (RFC 5321, 4.5.3.2.6: ten minutes).
LONGEST_ROUND_MS = 900_000
ROLES = ("ingest", "detect", "suppress")


class WorkerApp(faust.App):
    """A Faust app without Faust's own Kafka clients, tables, web server and directories: lanes take their place."""

    class BootStrategy(FaustBootStrategy):
        """Starts services and agents only."""

        enable_kafka_consumer = False
        enable_kafka_producer = False
        enable_web = False

        def tables(self) -> list[Any]:
            """No tables: state is in the lanes."""
            return []

    async def on_first_start(self) -> None:
        """Make no directories: state is in Kafka."""


class Lanes(faust.Service):
    """The lanes of one worker, started after its agents, and the outbox they share, which outlives them."""

    def __init__(self, app: faust.App, outbox: Outbox, services: Sequence[faust.Service]) -> None:
        super().__init__(beacon=app.beacon)
        self._app = app
        self._outbox = outbox
        self._services = services

    async def on_start(self) -> None:
        """Connect, and let batches into the agents: without Faust's own consumer nothing else would."""
        await self._outbox.start()
        self._app.flow_control.resume()
        for service in self._services:
            await self.add_runtime_dependency(service)

    async def on_shutdown(self) -> None:
        """Disconnect once the lanes have stopped."""
        await self._outbox.stop()


def suppression_table(settings: Settings) -> SuppressionInRedis:
    """Return the suppression table; raises `StoreUnfit` when its address is none. Nothing is connected before it is asked."""
    return SuppressionInRedis(connect(settings.redis_url.get_secret_value()), settings.namespace)


async def check_suppression_table(settings: Settings) -> None:
    """Raise `StoreError`, with what to do about it, unless the server may hold the suppression table."""
    client = connect(settings.redis_url.get_secret_value())
    try:
        await SuppressionInRedis(client, settings.namespace).check_server()
    finally:
        await client.aclose()


async def send_email(
    settings: Settings,
    *,
    shops: Mapping[str, Shop],
    secret: bytes,
    table: SuppressionTable,
    metrics: Metrics,
    stopping: asyncio.Event,
) -> None:
    """Run one e-mail sender until told to stop. Raises `Misconfigured` when no message can be sent at all."""
    metrics.build_info.labels(version("relance"), "sender-email").set(1)
    pool = SmtpPool(settings)
    kafka = producer(settings)
    outbox = Outbox(lambda: kafka, settings.named)
    async with AsyncExitStack() as running:
        await outbox.start()
        running.push_async_callback(outbox.stop)
        running.push_async_callback(pool.close)
        contacts, products = [
            await _followed(settings, topic.name, kafka, running, stopping)
            for topic in (topics.CONTACTS, topics.CATALOG)
        ]
        gate = Gate(Fence(kafka, table, {topics.CONTACTS.name: contacts}, settings, metrics), table)
        attempt = EmailAttempt(gate, pool, contacts, products, shops, settings.public_url, secret)
        consumer = member(settings, "relance-sender-email", longest_round_ms=LONGEST_ROUND_MS)
        await consumer.start()
        running.push_async_callback(consumer.stop)
        await Sender("email", consumer, outbox, gate.lease, attempt, metrics).serve(
            settings.named(topics.RELAUNCH.name), stopping
        )


async def _followed(
    settings: Settings, topic: str, kafka: AIOKafkaProducer, running: AsyncExitStack, stopping: asyncio.Event
) -> Lookup:
    """Read a compacted topic, then follow it for as long as the sender runs; the sender stops when that ends."""
    consumer = reader(settings)
    await consumer.start()
    running.push_async_callback(consumer.stop)
    lookup = Lookup(consumer, settings.named(topic), topic)
    await lookup.catch_up(len(await kafka.partitions_for(settings.named(topic))))
    following = asyncio.create_task(lookup.follow())
    following.add_done_callback(lambda _: stopping.set())
    running.push_async_callback(_ended, following)
    return lookup


async def _ended(following: "asyncio.Task[None]") -> None:
    """End a task, and raise what had ended it before."""
    if following.done():
        await following
    following.cancel()
    await asyncio.wait([following])


def worker(
    settings: Settings,
    roles: Iterable[str],
    *,
    rules: Rules,
    secret: bytes,
    table: SuppressionTable,
    metrics: Metrics,
) -> faust.App:
    """Return the Faust app of a worker that plays `roles` (of `ROLES`); nothing is connected before it starts."""
    app = WorkerApp(
        settings.named("relance"),
        broker=f"kafka://{settings.kafka_bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
    )
    outbox = Outbox(partial(producer, settings), settings.named)
    build: dict[str, Callable[[], list[faust.Service]]] = {
        "ingest": lambda: [_ingest(app, settings, outbox, metrics, secret)],
        "detect": lambda: _detect(app, settings, outbox, metrics, rules),
        "suppress": lambda: [_suppress(app, settings, table, metrics, secret)],
    }
    services = [service for role in roles for service in build[role]()]
    app.service(cast(Any, Lanes(app, outbox, services)))  # Faust takes an instance too, whatever its types say
    metrics.build_info.labels(version("relance"), ",".join(roles)).set(1)
    return app


def _ingest(app: faust.App, settings: Settings, outbox: Outbox, metrics: Metrics, secret: bytes) -> Lane[Refusals]:
    channels = {}
    for topic in SOURCES:
        channels[settings.named(topic)] = channel = app.channel(value_type=None, maxsize=1)
        app.agent(channel, name=f"ingest-{topic}")(ingest(topic, outbox, metrics, secret))
    return Lane(partial(member, settings, "relance-ingest"), channels, Fresh(Refusals), metrics, "ingest")


def _detect(app: faust.App, settings: Settings, outbox: Outbox, metrics: Metrics, rules: Rules) -> list[faust.Service]:
    channel = app.channel(value_type=None, maxsize=1)
    changelog = Changelog(outbox, partial(reader, settings), settings.named, metrics)
    app.agent(channel, name="detect")(detect(outbox, changelog, metrics))
    count = settings.journal_partitions
    empty = partial(Partition, rules, forget_after_ms=settings.forget_after, journal_partitions=count)
    restorer = Restorer(partial(reader, settings), empty, count, changelog, settings.named(topics.STATE.name), metrics)
    channels = {settings.named(topics.JOURNAL.name): channel}
    lane = Lane(partial(member, settings, "relance-detect"), channels, restorer, metrics, "detect")
    return [lane, Ticker(lane, outbox, changelog, metrics)]


def _suppress(
    app: faust.App, settings: Settings, table: SuppressionTable, metrics: Metrics, secret: bytes
) -> Lane[Any]:
    channels, plain = {}, {}
    for topic in topics.fenced():
        channels[settings.named(topic.name)] = channel = app.channel(value_type=None, maxsize=1)
        plain[settings.named(topic.name)] = topic.name
        app.agent(channel, name=f"suppress-{topic.name}")(suppress(topic.name, table, metrics, secret))
    connect = partial(member, settings, "relance-suppress")
    return Lane(connect, channels, Watermarks(table, plain), metrics, "suppress")
