"""Claims about time on a quiet partition: it passes when a deadline is due, and only then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time_ns

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from streams import kafka_client, provision, topics
from streams.app import worker
from streams.core.decisions import Decision
from streams.core.events import Record
from streams.core.scenarios.cart import CartRules
from streams.journal.records import TICK, TICK_KEY, encode, partition_of
from streams.kafka_client import reachable
from streams.local.kafka import LocalKafka
from streams.metrics import Metrics
from streams.reading import whole
from streams.settings import Settings
from streams.stores.in_memory import SuppressionInMemory
from tests.core.events import changed, viewed
from tests.core.story import LAPTOP
from tests.lane.small_lane import WITHIN_S, close_unused_loop, own_settings

IDLE_FOR_MS = 2500
RULES = (CartRules(name="cart-reminder", idle_for_ms=IDLE_FOR_MS, min_hold_ms=0),)
PARTITIONS = 3
HERE = partition_of(LAPTOP, PARTITIONS)


@pytest.fixture
async def settings(kafka: LocalKafka) -> Settings:
    settings = own_settings(kafka.bootstrap).model_copy(
        update={"journal_partitions": PARTITIONS, "public_partitions": 1}
    )
    async with reachable(settings) as admin:
        await provision.apply(admin, settings)
    return settings


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    async with kafka_client.producer(settings) as producer:
        yield producer


@asynccontextmanager
async def detecting(settings: Settings) -> AsyncIterator[Metrics]:
    metrics = Metrics()
    app = worker(settings, ["detect"], rules=RULES, secret=b"", table=SuppressionInMemory(), metrics=metrics)
    await app.start()
    try:
        yield metrics
    finally:
        await app.stop()
        close_unused_loop(app)


async def append(producer: AIOKafkaProducer, settings: Settings, event: Record) -> int:
    """Append an event of the laptop to the journal; return its append time."""
    journal = settings.named(topics.JOURNAL.name)
    appended = await producer.send_and_wait(journal, encode(event), LAPTOP, partition=HERE)
    time_ms: int = appended.timestamp
    return time_ms


async def first_decision(settings: Settings) -> Decision:
    async with asyncio.timeout(WITHIN_S):
        while not (found := [record async for record in whole(settings, topics.DECISIONS.name)]):
            await asyncio.sleep(0.05)
    return msgspec.json.decode(found[0].value, type=Decision)


async def ticks(settings: Settings) -> list[ConsumerRecord]:
    return [record async for record in whole(settings, topics.JOURNAL.name) if record.key == TICK_KEY]


def now_ms() -> int:
    return time_ns() // 1_000_000


async def test_a_deadline_on_a_quiet_partition_fires_through_one_tick_that_is_not_early(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    async with detecting(settings):
        at = now_ms()
        await append(producer, settings, changed("add", at=at))
        decision = await first_decision(settings)
    (tick,) = await ticks(settings)
    assert (tick.partition, tick.value) == (HERE, TICK)
    assert decision.decided_at == tick.timestamp >= at + IDLE_FOR_MS


async def test_a_deadline_that_was_moved_brings_no_tick_before_its_new_time(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    async with detecting(settings):
        added_at = await append(producer, settings, changed("add", at=now_ms(), offset=1))
        while now_ms() < added_at + IDLE_FOR_MS // 2:
            await asyncio.sleep(0.01)
        viewed_at = now_ms()
        await append(producer, settings, viewed(at=viewed_at))
        decision = await first_decision(settings)
    (tick,) = await ticks(settings)
    assert decision.decided_at == tick.timestamp >= viewed_at + IDLE_FOR_MS


async def test_where_nothing_is_due_nothing_is_appended(settings: Settings, producer: AIOKafkaProducer) -> None:
    async with detecting(settings) as metrics:
        await append(producer, settings, viewed(at=now_ms()))
        await append(producer, settings, changed("add", at=now_ms(), id="add", offset=1))
        await append(producer, settings, changed("empty", None, at=now_ms(), id="empty", offset=2))
        other = LAPTOP + b"'s neighbour"
        await producer.send_and_wait(
            settings.named(topics.JOURNAL.name), encode(changed("add", at=now_ms())), other, partition=(HERE + 1) % 3
        )
        await first_decision(settings)
        assert metrics.registry.get_sample_value("relance_ticks_total") == 1
    assert [tick.partition for tick in await ticks(settings)] == [(HERE + 1) % 3]


async def test_a_deadline_that_passed_while_nobody_worked_fires_when_somebody_does(
    settings: Settings, producer: AIOKafkaProducer
) -> None:
    async with detecting(settings):
        added_at = await append(producer, settings, changed("add", at=now_ms()))
        async with asyncio.timeout(WITHIN_S):
            while not [record async for record in whole(settings, topics.STATE.name)]:
                await asyncio.sleep(0.02)
    while now_ms() < added_at + IDLE_FOR_MS:
        await asyncio.sleep(0.01)
    async with detecting(settings):
        decision = await first_decision(settings)
    assert decision.decided_at >= added_at + IDLE_FOR_MS
