"""What has an engine finished for good: which positions are committed, which decisions are not to be taken back?"""

import asyncio

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams import topics
from streams.core.decisions import Decision
from streams.kafka_client import options, reachable
from streams.settings import Settings

LOOK_SECONDS = 0.05


async def until_committed(settings: Settings, group: str, within_s: float) -> None:
    """Wait until a group has committed the end of every journal partition; raises `TimeoutError`."""
    async with reachable(settings) as admin, AIOKafkaConsumer(**options(settings)) as ends, asyncio.timeout(within_s):
        journal = await _partitions(admin, settings.named(topics.JOURNAL.name))
        while await _committed(admin, group) != await ends.end_offsets(journal):
            await asyncio.sleep(LOOK_SECONDS)


async def decided(settings: Settings, within_s: float) -> list[str]:
    """Return the ids on `relance.decisions` that a reader of committed records is given; raises `TimeoutError`."""
    name = settings.named(topics.DECISIONS.name)
    decode = msgspec.json.Decoder(Decision).decode
    ids: list[str] = []
    async with (
        reachable(settings) as admin,
        AIOKafkaConsumer(
            **options(settings), isolation_level="read_committed", auto_offset_reset="earliest"
        ) as consumer,
        asyncio.timeout(within_s),
    ):
        partitions = await _partitions(admin, name)
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                ids += [decode(record.value).relaunch_id for record in records]
    return ids


async def _partitions(admin: AIOKafkaAdminClient, topic: str) -> list[TopicPartition]:
    [described] = await admin.describe_topics([topic])
    return [TopicPartition(topic, each["partition"]) for each in described["partitions"]]


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    offsets = await admin.list_consumer_group_offsets(group)
    return {partition: known.offset for partition, known in offsets.items()}
