"""Claims about records that are made the lean way."""

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.lane.lean_records import FetchedRecord, use_lean_records

FIELDS = FetchedRecord.__struct_fields__


def fetched() -> PartitionRecords:
    """Return three records as they come from a broker."""
    batch = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 16)
    batch.append(0, timestamp=7, key=b"key", value=b"value", headers=[("name", b"said")])
    batch.append(1, timestamp=8, key=None, value=None, headers=[])
    batch.append(2, timestamp=9, key=b"", value=b"", headers=[("name", None)])
    records = MemoryRecords(bytes(batch.build()))
    return PartitionRecords(TopicPartition("topic", 3), records, [], 0, None, None, True, READ_UNCOMMITTED)


def test_a_lean_record_says_what_aiokafkas_own_says(monkeypatch: pytest.MonkeyPatch) -> None:
    own = list(fetched())
    monkeypatch.setattr(PartitionRecords, "_consumer_record", PartitionRecords._consumer_record)  # for the way back
    use_lean_records()
    lean = list(fetched())
    assert {type(record) for record in own} == {ConsumerRecord}
    assert {type(record) for record in lean} == {FetchedRecord}
    assert [record.offset for record in lean] == [0, 1, 2]
    assert set(ConsumerRecord.__dataclass_fields__) == set(FIELDS)
    for ours, theirs in zip(lean, own, strict=True):
        assert [getattr(ours, name) for name in FIELDS] == [getattr(theirs, name) for name in FIELDS]
