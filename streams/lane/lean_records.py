"""How does a fetched record come into being, cheaply?

aiokafka's own `ConsumerRecord` is a dataclass that the garbage collector follows, and making it looks at two deserializers; here a
record costs a third less, 0.3 µs (deploy/decisions/0008-what-made-detection-faster.md). It has the same fields.
"""

from collections.abc import Sequence

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record._protocols import DefaultRecordProtocol
from msgspec import Struct


class FetchedRecord(Struct, gc=False):
    """What an `aiokafka.ConsumerRecord` says, of a consumer without deserializers."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int | None
    key: bytes | None
    value: bytes | None
    checksum: int | None
    serialized_key_size: int
    serialized_value_size: int
    headers: Sequence[tuple[str, bytes | None]]


def use_lean_records() -> None:
    """Have every consumer of this process make records this way. It reaches into aiokafka: a test says when that no longer works."""
    PartitionRecords._consumer_record = _fetched


def _fetched(batch: PartitionRecords, source: TopicPartition, record: DefaultRecordProtocol) -> FetchedRecord:
    key, value = record.key, record.value
    return FetchedRecord(
        source.topic, source.partition, record.offset, record.timestamp, record.timestamp_type, key, value, None,
        -1 if key is None else len(key), -1 if value is None else len(value), tuple(record.headers),
    )  # fmt: skip
