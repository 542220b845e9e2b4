"""Claims about fences, on a real Kafka and a real Valkey."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from senders.fence import Fence, FenceTimeout, Lease
from streams import kafka_client, topics
from streams.local.ports import free_port
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores.in_redis import SuppressionInRedis, connect
from streams.stores.ports import SuppressionTable
from tests.senders.projector import FENCED, add_partitions, projecting, publish

#: Short, where a fence is to be held.
HELD_S = 0.3
ORDERS = topics.ORDERS.name


@pytest.fixture
def fence(producer: AIOKafkaProducer, table: SuppressionTable, settings: Settings, metrics: Metrics) -> Fence:
    return Fence(producer, table, {}, settings, metrics)


@pytest.fixture
def short_fence(producer: AIOKafkaProducer, table: SuppressionTable, settings: Settings, metrics: Metrics) -> Fence:
    return Fence(producer, table, {}, settings, metrics, timeout_s=HELD_S)


async def ends(settings: Settings, *topics: str) -> list[int]:
    """Return how many records the first partition of each topic holds."""
    places = [TopicPartition(settings.named(topic), 0) for topic in topics]
    async with kafka_client.reader(settings) as reader:
        found = await reader.end_offsets(places)
    return [found[place] for place in places]


def counted(metrics: Metrics, name: str) -> float:
    return metrics.registry.get_sample_value(name) or 0.0


async def test_a_fence_is_passed_when_the_table_has_read_every_marker(
    fence: Fence, table: SuppressionTable, settings: Settings, metrics: Metrics
) -> None:
    before = time.monotonic()
    async with projecting(settings, table, [0]):
        lease = await fence.passed()
    assert before <= lease.started_at <= time.monotonic()
    for topic in FENCED:
        assert await table.next_offsets(topic, [0]) == {0: 1}
    assert await ends(settings, *FENCED) == [1] * len(FENCED)
    assert counted(metrics, "relance_fence_seconds_count") == 1
    assert counted(metrics, "relance_fence_timeouts_total") == 0


async def test_a_table_that_nobody_writes_holds_the_fence(short_fence: Fence, metrics: Metrics) -> None:
    with pytest.raises(FenceTimeout):
        await short_fence.passed()
    assert counted(metrics, "relance_fence_timeouts_total") == 1
    assert counted(metrics, "relance_fence_seconds_count") == 0


@pytest.mark.parametrize("silent", FENCED)
async def test_one_topic_without_a_watermark_holds_the_fence(
    short_fence: Fence, table: SuppressionTable, silent: str
) -> None:
    for topic in FENCED:
        if topic != silent:
            await table.apply(topic, 0, expected=None, next_offset=1000, facts=[])
    with pytest.raises(FenceTimeout):
        await short_fence.passed()


async def test_a_watermark_at_the_marker_holds_and_one_past_it_does_not(
    short_fence: Fence, table: SuppressionTable
) -> None:
    for topic in FENCED:
        await table.apply(topic, 0, expected=None, next_offset=0, facts=[])
    with pytest.raises(FenceTimeout):
        await short_fence.passed()
    for topic in FENCED:
        await table.apply(topic, 0, expected=0, next_offset=2, facts=[])
    await short_fence.passed()


async def test_a_fence_is_passed_once_the_reader_goes_on(
    fence: Fence, short_fence: Fence, table: SuppressionTable, settings: Settings
) -> None:
    with pytest.raises(FenceTimeout):
        await short_fence.passed()
    async with projecting(settings, table, [0]):
        await fence.passed()


async def test_a_partition_added_in_traffic_holds_the_fence_until_somebody_reads_it(
    fence: Fence, short_fence: Fence, table: SuppressionTable, settings: Settings, admin: AIOKafkaAdminClient
) -> None:
    async with projecting(settings, table, [0]):
        await fence.passed()
        for topic in FENCED:
            await add_partitions(admin, settings, topic, 2)
        with pytest.raises(FenceTimeout):
            await short_fence.passed()
        async with projecting(settings, table, [1]):
            await fence.passed()
    assert await table.next_offsets(ORDERS, [0, 1]) == {0: 3, 1: 2}


async def test_all_who_ask_while_a_fence_is_in_flight_share_the_next_one(
    fence: Fence, table: SuppressionTable, settings: Settings
) -> None:
    first = asyncio.create_task(fence.passed())
    while await ends(settings, *FENCED) != [1] * len(FENCED):
        await asyncio.sleep(0.005)
    others = [asyncio.create_task(fence.passed()) for _ in range(100)]
    for _ in range(3):  # one look is about as long as a fence takes to append
        assert await ends(settings, *FENCED) == [1] * len(FENCED)
    async with projecting(settings, table, [0]):
        leases = await asyncio.gather(*others)
    assert set(leases) == {leases[0]}
    assert leases[0].started_at > (await first).started_at
    assert await ends(settings, *FENCED) == [2] * len(FENCED)


async def test_who_stops_waiting_does_not_take_the_fence_from_the_others(
    fence: Fence, table: SuppressionTable, settings: Settings
) -> None:
    impatient, patient = asyncio.create_task(fence.passed()), asyncio.create_task(fence.passed())
    while await ends(settings, ORDERS) == [0]:
        await asyncio.sleep(0.005)
    impatient.cancel()
    async with projecting(settings, table, [0]):
        assert isinstance(await patient, Lease)
    assert impatient.cancelled()


async def test_a_fence_that_was_not_passed_does_not_stop_the_next(
    short_fence: Fence, table: SuppressionTable, settings: Settings
) -> None:
    for _ in range(2):
        with pytest.raises(FenceTimeout):
            await short_fence.passed()
    async with projecting(settings, table, [0]):
        while await ends(settings, ORDERS) != [(await table.next_offsets(ORDERS, [0])).get(0)]:
            await asyncio.sleep(0.005)
        await short_fence.passed()


@dataclass
class Reader:
    """A follower that has read a topic up to an offset."""

    up_to: int

    async def reached(self, topic: str, offsets: Mapping[int, int]) -> bool:
        return topic == topics.CONTACTS.name and all(offset <= self.up_to for offset in offsets.values())


async def test_a_follower_that_is_behind_holds_the_fence_too(
    producer: AIOKafkaProducer, table: SuppressionTable, settings: Settings, metrics: Metrics
) -> None:
    contacts = Reader(up_to=0)
    followers = {topics.CONTACTS.name: contacts}
    fence = Fence(producer, table, followers, settings, metrics, timeout_s=HELD_S)
    async with projecting(settings, table, [0]):
        await publish(
            producer, settings, topics.CONTACTS.name, {"contact_id": "anna", "occurred_at": 1_790_000_000_000}
        )
        with pytest.raises(FenceTimeout):
            await fence.passed()
        contacts.up_to = 2
        await fence.passed()


def test_nobody_can_follow_a_topic_that_is_not_fenced(
    producer: AIOKafkaProducer, table: SuppressionTable, settings: Settings, metrics: Metrics
) -> None:
    with pytest.raises(KeyError):
        Fence(producer, table, {topics.CATALOG.name: Reader(0)}, settings, metrics)


class ForgetfulProducer(AIOKafkaProducer):  # type: ignore[misc]
    """A producer whose broker knows that it has the record, and no longer where."""

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        acknowledged = await (await super().send(*args, **kwargs))
        receipt = asyncio.get_running_loop().create_future()
        receipt.set_result(acknowledged._replace(offset=-1))
        return receipt


async def test_a_marker_without_a_place_is_no_fence(
    table: SuppressionTable, settings: Settings, metrics: Metrics, admin: AIOKafkaAdminClient
) -> None:
    async with (
        ForgetfulProducer(**kafka_client.options(settings), acks="all") as producer,
        projecting(settings, table, [0]),
    ):
        with pytest.raises(FenceTimeout, match="acknowledged somewhere in"):
            await Fence(producer, table, {}, settings, metrics).passed()


async def test_a_topic_that_is_not_there_holds_the_fence(
    producer: AIOKafkaProducer, table: SuppressionTable, settings: Settings, metrics: Metrics
) -> None:
    elsewhere = settings.model_copy(update={"namespace": "nowhere."})
    with pytest.raises(FenceTimeout):
        await Fence(producer, table, {}, elsewhere, metrics, timeout_s=HELD_S).passed()


async def test_a_table_that_does_not_answer_holds_the_fence(
    producer: AIOKafkaProducer, settings: Settings, metrics: Metrics
) -> None:
    async with connect(f"redis://127.0.0.1:{free_port()}/0") as nobody:
        fence = Fence(producer, SuppressionInRedis(nobody, ""), {}, settings, metrics)
        with pytest.raises(FenceTimeout):
            await fence.passed()
    assert counted(metrics, "relance_fence_timeouts_total") == 1
