"""Who plays the suppress agent where only the gate is tested?"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from schemas.decoding import decode
from streams import kafka_client
from streams.settings import Settings
from streams.stores.facts import facts_of
from streams.stores.fences import is_fence
from streams.stores.ports import Applied, SuppressionTable
from streams.topics import fenced

SECRET = b"a secret of thirty-two characters"
FENCED = [topic.name for topic in fenced()]


def own_settings(bootstrap: str) -> Settings:
    """Return the settings of an installation that no other test has."""
    return Settings(kafka_bootstrap=bootstrap, namespace=f"t{uuid4().hex}.")


async def create_topics(admin: AIOKafkaAdminClient, settings: Settings, partitions: int) -> None:
    """Create the fenced topics."""
    await admin.create_topics([NewTopic(settings.named(topic), partitions, 1) for topic in FENCED])


async def add_partitions(admin: AIOKafkaAdminClient, settings: Settings, topic: str, total: int) -> None:
    """Give a topic more partitions."""
    await admin.create_partitions({settings.named(topic): NewPartitions(total)})


async def publish(
    producer: AIOKafkaProducer, settings: Settings, topic: str, fields: dict[str, object], partition: int = 0
) -> None:
    """Publish a message as a shop would, and wait until it is acknowledged."""
    value = {"v": 1, "event_id": uuid4().hex, "shop_id": "shop"} | fields
    await producer.send_and_wait(settings.named(topic), json.dumps(value).encode(), partition=partition)


@asynccontextmanager
async def projecting(
    settings: Settings, table: SuppressionTable, partitions: Iterable[int], topics: Iterable[str] = FENCED
) -> AsyncIterator[None]:
    """Project the same partitions of each topic into a table for as long as the block lasts."""
    names = {settings.named(topic): topic for topic in topics}
    consumer = kafka_client.reader(settings)
    consumer.assign([TopicPartition(name, partition) for name in names for partition in partitions])
    await consumer.start()
    task = asyncio.create_task(_project(consumer, names, table))
    try:
        yield
        assert not task.done(), task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])
        await consumer.stop()


async def _project(consumer: AIOKafkaConsumer, names: dict[str, str], table: SuppressionTable) -> None:
    watermarks: dict[TopicPartition, int | None] = {}
    for place in consumer.assignment():
        known = await table.next_offsets(names[place.topic], [place.partition])
        watermarks[place] = known.get(place.partition)
        consumer.seek(place, watermarks[place] or 0)
    while True:
        for place, records in (await consumer.getmany(timeout_ms=100)).items():
            topic = names[place.topic]
            facts = [
                fact
                for record in records
                if not is_fence(record.headers)
                for fact in facts_of(
                    decode(topic, record.value, arrived_at=record.timestamp, key=record.key),
                    SECRET,
                    arrived_at=record.timestamp,
                )
            ]
            applied = await table.apply(
                topic,
                place.partition,
                expected=watermarks[place],
                next_offset=records[-1].offset + 1,
                facts=facts,
            )
            assert applied == Applied()
            watermarks[place] = records[-1].offset + 1
