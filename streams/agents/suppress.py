"""Who must not be written to? Projects purchases, consent and identity links into the suppression table.

Reading starts from the watermark in the table, not from the group's position: the table and its position go back together or not
at all. A record that cannot be understood is passed over here; ingest makes it a dead letter.
"""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from schemas.decoding import decode
from schemas.errors import Undecodable
from streams.lane.batch import Batch
from streams.metrics import Metrics
from streams.stores.errors import StoreUnavailable
from streams.stores.facts import Fact, facts_of
from streams.stores.fences import is_fence
from streams.stores.ports import Refused, SuppressionTable

#: Records in one script: the server does nothing else meanwhile.
PIECE = 300
RETRY_SECONDS = 1.0

log = structlog.get_logger()


class Watermark:
    """Where the reader of one partition believes the table to be."""

    def __init__(self, next_offset: int | None) -> None:
        self.next_offset = next_offset


class Watermarks:
    """Opens partitions at the table's own position."""

    def __init__(self, table: SuppressionTable, plain: Mapping[str, str]) -> None:
        self._table = table
        self._plain = plain

    async def open(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, tuple[Watermark, int | None]]:
        """Return each partition's watermark, and read from it: from the beginning if there is none."""
        opened: dict[TopicPartition, tuple[Watermark, int | None]] = {}
        for partition in partitions:
            known = await self._table.next_offsets(self._plain[partition.topic], [partition.partition])
            next_offset = known.get(partition.partition)
            opened[partition] = Watermark(next_offset), next_offset or 0
        return opened


def suppress(
    topic: str, table: SuppressionTable, metrics: Metrics, secret: bytes
) -> Callable[[AsyncIterable[Batch[Watermark]]], Awaitable[None]]:
    """Return the agent of one fenced topic."""

    async def suppress(batches: AsyncIterable[Batch[Watermark]]) -> None:
        async for batch in batches:
            with batch:
                batch.deliver(_project(topic, batch, table, metrics, secret))

    return suppress


async def _project(
    topic: str, batch: Batch[Watermark], table: SuppressionTable, metrics: Metrics, secret: bytes
) -> None:
    for start in range(0, len(batch.records), PIECE):
        piece = batch.records[start : start + PIECE]
        facts = [fact for record in piece for fact in _facts(topic, record, secret)]
        next_offset = piece[-1].offset + 1
        applied = await _applied(topic, batch, table, facts, next_offset)
        if isinstance(applied, Refused):
            metrics.suppress_refused.labels(topic).inc()
            log.warning(
                "suppress_refused", topic=topic, partition=batch.partition.partition, watermark=applied.watermark
            )
            batch.state.next_offset, batch.rewind_to = applied.watermark, applied.watermark or 0
            return
        batch.state.next_offset = next_offset


async def _applied(
    topic: str, batch: Batch[Watermark], table: SuppressionTable, facts: Sequence[Fact], next_offset: int
) -> object:
    """Apply, waiting for the table as long as it takes: meanwhile no fence is passed, and nothing is sent."""
    while True:
        try:
            return await table.apply(
                topic, batch.partition.partition, expected=batch.state.next_offset, next_offset=next_offset, facts=facts
            )
        except StoreUnavailable as error:
            log.warning("suppression_table_unavailable", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)


def _facts(topic: str, record: ConsumerRecord, secret: bytes) -> Sequence[Fact]:
    if record.headers and is_fence(record.headers):
        return ()
    try:
        message = decode(topic, record.value, arrived_at=record.timestamp, key=record.key)
    except Undecodable:
        return ()
    return facts_of(message, secret, arrived_at=record.timestamp)
