"""How is a whole topic read once, from its beginning to where it ends now?"""

from collections.abc import AsyncIterator

from aiokafka import ConsumerRecord, TopicPartition

from streams import provision
from streams.kafka_client import reachable, reader
from streams.settings import Settings


async def whole(settings: Settings, topic: str) -> AsyncIterator[ConsumerRecord]:
    """Yield every record of a topic (its name in `streams/topics.py`), in order per partition.

    Raises `KafkaUnavailable` and `NotProvisioned`.
    """
    async with reachable(settings) as admin:
        await provision.require_topics(admin, settings)
        count = (await provision.described(admin, settings))[topic] or 0
    consumer = reader(settings)
    await consumer.start()
    try:
        partitions = [TopicPartition(settings.named(topic), number) for number in range(count)]
        consumer.assign(partitions)
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        left = {partition for partition in partitions if begins[partition] < ends[partition]}
        while left:
            for partition, records in (await consumer.getmany(*left, timeout_ms=500, max_records=5000)).items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield record
            left = {partition for partition in left if await consumer.position(partition) < ends[partition]}
    finally:
        await consumer.stop()
