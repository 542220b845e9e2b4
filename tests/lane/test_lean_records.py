"""Claims about records that are made the lean way."""

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.lane.lean_records import FetchedRecord, use_lean_records

FIELDS = FetchedRecord.__struct_fields__
#: In a batch of version 2, the lower byte of its attributes, and the bit there for timestamps that are the broker's.
ATTRIBUTES_AT, APPEND_TIME = 22, 0x08


def fetched(attributes: int) -> PartitionRecords:
    """Return three records as they come from a broker, in a batch with more attributes."""
    batch = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 16)
    batch.append(0, timestamp=7, key=b"key", value=b"value", headers=[("name", b"said")])
    batch.append(1, timestamp=8, key=None, value=None, headers=[])
    batch.append(2, timestamp=9, key=b"", value=b"", headers=[("name", None)])
    built = bytearray(batch.build())
    built[ATTRIBUTES_AT] |= attributes
    records = MemoryRecords(bytes(built))
    return PartitionRecords(TopicPartition("topic", 3), records, [], 0, None, None, False, READ_UNCOMMITTED)


@pytest.mark.parametrize(("attributes", "timestamp_type"), [(0, 0), (APPEND_TIME, 1)])
def test_a_lean_record_says_what_aiokafkas_own_says(
    attributes: int, timestamp_type: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = list(fetched(attributes))
    monkeypatch.setattr(PartitionRecords, "_consumer_record", PartitionRecords._consumer_record)  # for the way back
    use_lean_records()
    lean = list(fetched(attributes))
    assert {type(record) for record in own} == {ConsumerRecord}
    assert {type(record) for record in lean} == {FetchedRecord}
    assert [record.offset for record in lean] == [0, 1, 2]
    assert {record.timestamp_type for record in lean} == {timestamp_type}
    assert set(ConsumerRecord.__dataclass_fields__) == set(FIELDS)
    for ours, theirs in zip(lean, own, strict=True):
        assert [getattr(ours, name) for name in FIELDS] == [getattr(theirs, name) for name in FIELDS]
