"""What does a test have Kafka hand to an agent?"""

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from tests.schemas.messages import ARRIVED_AT

Header = tuple[str, bytes]


def read(
    topic: str,
    *values: bytes | None,
    key: bytes | None = None,
    headers: Sequence[Header] = (),
    first_offset: int = 0,
    partition: int = 0,
) -> list[ConsumerRecord]:
    """Return records as they are read from a topic, one after the other."""
    return [
        ConsumerRecord(topic, partition, offset, ARRIVED_AT, 1, key, value, None, -1, len(value or b""), tuple(headers))
        for offset, value in enumerate(values, first_offset)
    ]
