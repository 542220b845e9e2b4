"""What is kept of a record that could not be taken in?

Its original bytes as the value, and beside them, as headers, the reason and where it came from, so that it can be put back.
"""

from collections.abc import Sequence

import msgspec
from aiokafka import ConsumerRecord

from schemas.errors import Undecodable


class DeadLetter(msgspec.Struct, frozen=True):
    """One refused record."""

    source_topic: str
    source_partition: int
    source_offset: int
    #: Append time of the original, ms since the epoch, UTC.
    source_timestamp: int
    reason: str
    #: What a shop's developer can act on; never an address or a name.
    detail: str
    #: The original key and value; None as Kafka knows it.
    key: bytes | None
    raw: bytes | None

    @classmethod
    def of(cls, topic: str, record: ConsumerRecord, refusal: Undecodable) -> "DeadLetter":
        """Return the letter of a record that was just refused; `topic` is its name in every installation."""
        return cls(
            topic,
            record.partition,
            record.offset,
            record.timestamp,
            refusal.reason,
            refusal.detail,
            record.key,
            record.value,
        )

    @classmethod
    def read(cls, record: ConsumerRecord) -> "DeadLetter":
        """Return the letter that a record on the dead letters' topic holds."""
        said = dict(record.headers)
        topic, partition, offset, timestamp = said["source"].decode().split(" ")
        return cls(
            topic,
            int(partition),
            int(offset),
            int(timestamp),
            said["reason"].decode(),
            said["detail"].decode(),
            said.get("key"),
            record.value,
        )

    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Return everything but the original value."""
        source = f"{self.source_topic} {self.source_partition} {self.source_offset} {self.source_timestamp}"
        said = [("source", source.encode()), ("reason", self.reason.encode()), ("detail", self.detail.encode())]
        return said if self.key is None else [*said, ("key", self.key)]
