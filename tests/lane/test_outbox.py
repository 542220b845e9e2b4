"""Claims about what reaches Kafka through an outbox: everything, in order, each key in its partition."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams import kafka_client
from streams.journal.records import partition_of
from streams.kafka_client import MIB
from streams.lane.outbox import Outbox
from streams.settings import Settings
from tests.lane.small_lane import PARTITIONS, TOPIC


@pytest.fixture
async def outbox(settings: Settings, admin: AIOKafkaAdminClient) -> AsyncIterator[Outbox]:
    outbox = Outbox(partial(kafka_client.producer, settings), settings.named)
    await outbox.start()
    yield outbox
    await outbox.stop()


async def appended(settings: Settings, partition: int) -> list[ConsumerRecord]:
    """Return all records of one partition."""
    async with kafka_client.reader(settings) as consumer:
        return await whole(consumer, TopicPartition(settings.named(TOPIC), partition))


async def whole(consumer: AIOKafkaConsumer, partition: TopicPartition) -> list[ConsumerRecord]:
    consumer.assign([partition])
    end = (await consumer.end_offsets([partition]))[partition]
    await consumer.seek_to_beginning(partition)
    records: list[ConsumerRecord] = []
    while await consumer.position(partition) < end:
        records += (await consumer.getmany(timeout_ms=500)).get(partition, [])
    return records


async def test_records_of_one_partition_keep_the_order_in_which_they_were_handed_in(
    outbox: Outbox, settings: Settings
) -> None:
    numbers = [str(number).encode() for number in range(1000)]
    handed_in = [outbox.to(TOPIC, 0, [(b"key", number)]) for number in numbers]
    await asyncio.gather(*set().union(*handed_in))
    assert [record.value for record in await appended(settings, 0)] == numbers


async def test_order_holds_between_handing_in_by_key_and_by_partition(outbox: Outbox, settings: Settings) -> None:
    key = next(key for key in (b"a", b"b", b"c") if partition_of(key, PARTITIONS) == 1)
    first = await outbox.by_key(TOPIC, [(key, b"1"), (key, b"2")])
    second = outbox.to(TOPIC, 1, [(key, b"3")])
    await asyncio.gather(*first, *second)
    assert [record.value for record in await appended(settings, 1)] == [b"1", b"2", b"3"]


async def test_what_is_too_big_for_one_batch_goes_out_in_several_and_nothing_is_lost(
    outbox: Outbox, settings: Settings
) -> None:
    values = [bytes([number]) * 300_000 for number in range(10)]
    acknowledged = outbox.to(TOPIC, 0, [(b"key", value) for value in values])
    batches = await asyncio.gather(*acknowledged)
    assert len(batches) > 2
    assert sum(batch.records for batch in batches) == len(values)
    assert [record.value for record in await appended(settings, 0)] == values


async def test_a_delivery_is_told_where_its_records_stand(outbox: Outbox) -> None:
    (first,) = outbox.to(TOPIC, 0, [(b"key", b"0"), (b"key", b"1")])
    assert await first == (0, 2)
    (second,) = outbox.to(TOPIC, 0, [(b"key", b"2")])
    assert await second == (2, 1)


async def test_each_key_has_its_partition(outbox: Outbox, settings: Settings) -> None:
    keys = [f"visitor:s:{number}".encode() for number in range(50)]
    await asyncio.gather(*await outbox.by_key(TOPIC, [(key, b"") for key in keys]))
    for partition in range(PARTITIONS):
        expected = [key for key in keys if partition_of(key, PARTITIONS) == partition]
        assert [record.key for record in await appended(settings, partition)] == expected


async def test_headers_go_with_every_record(outbox: Outbox, settings: Settings) -> None:
    said = [("channel", b"email")]
    await asyncio.gather(*outbox.to(TOPIC, 0, [(b"a", b"1"), (b"b", b"2")], said))
    assert [list(record.headers) for record in await appended(settings, 0)] == [said, said]


async def test_stopping_sends_what_is_queued(settings: Settings, admin: AIOKafkaAdminClient) -> None:
    outbox = Outbox(partial(kafka_client.producer, settings), settings.named)
    await outbox.start()
    queued = [outbox.to(TOPIC, 0, [(b"key", b"x" * 1000)]) for _ in range(3000)]
    await outbox.stop()
    assert all(done.done() for acknowledged in queued for done in acknowledged)
    assert len(await appended(settings, 0)) == len(queued)


@pytest.mark.parametrize("value", [b"x" * (MIB - 1000), b"", None], ids=["a megabyte", "empty", "none"])
async def test_one_record_of_any_size_goes_out_by_itself(
    outbox: Outbox, settings: Settings, value: bytes | None
) -> None:
    await (await outbox.one(TOPIC, b"key", value))
    (record,) = await appended(settings, partition_of(b"key", PARTITIONS))
    assert record.value == value


async def test_a_record_of_nothing_at_all_goes_out_too(outbox: Outbox, settings: Settings) -> None:
    await (await outbox.one(TOPIC, None, None))
    (record,) = await appended(settings, partition_of(b"", PARTITIONS))
    assert (record.key, record.value) == (b"", None)
