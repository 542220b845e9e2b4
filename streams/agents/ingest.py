"""What may enter the journal?

Each public record is validated once, and re-keyed by subject; what cannot be taken in becomes a dead letter with its reason and
its original bytes. Crawlers and fences are counted and dropped.
"""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from schemas.errors import Undecodable
from streams import topics
from streams.dead_letters import DeadLetter
from streams.journal.intake import Crawler, entries_of, source_of
from streams.journal.records import encode
from streams.lane.batch import Batch
from streams.lane.outbox import Outbox
from streams.metrics import Metrics
from streams.stores.fences import is_fence

#: After this many refusals in a row on one partition the worker stops: a bad deploy must not empty a topic into dead letters.
MAX_REFUSED_IN_A_ROW = 10_000


class TooManyDeadLetters(Exception):
    """Nothing but dead letters for a long while. Look at them (`relance dead-letters list`), mend the producer or the schema, start again."""


@dataclass
class Sorted:
    """A batch, sorted into what enters and what does not."""

    entries: list[tuple[bytes, bytes]] = field(default_factory=list)
    #: Records that were understood, whether anything follows from them or not.
    understood: int = 0
    dead: list[DeadLetter] = field(default_factory=list)
    crawlers: int = 0
    fences: int = 0


class Refusals:
    """The refusals in a row on one partition."""

    def __init__(self) -> None:
        self.in_a_row = 0

    def count(self, sorted_: Sorted) -> None:
        """Note one batch; raises `TooManyDeadLetters` at the ceiling."""
        self.in_a_row = 0 if sorted_.understood else self.in_a_row + len(sorted_.dead)
        if self.in_a_row > MAX_REFUSED_IN_A_ROW:
            raise TooManyDeadLetters(
                f"{self.in_a_row} records in a row were refused, the last for: {sorted_.dead[-1].reason}"
            )


def ingest(
    topic: str, outbox: Outbox, metrics: Metrics, secret: bytes
) -> Callable[[AsyncIterable[Batch[Refusals]]], Awaitable[None]]:
    """Return the agent of one public topic."""

    async def ingest(batches: AsyncIterable[Batch[Refusals]]) -> None:
        async for batch in batches:
            with batch:
                sorted_ = sort(topic, batch.partition.partition, batch.records, secret)
                _count(metrics, topic, len(batch.records), sorted_)
                batch.state.count(sorted_)
                batch.deliver(_deliver(outbox, sorted_))

    return ingest


def sort(topic: str, partition: int, records: Sequence[ConsumerRecord], secret: bytes) -> Sorted:
    """Sort the records of one partition of a public topic."""
    sorted_ = Sorted()
    source = source_of(topic, partition)
    for record in records:
        if record.headers and is_fence(record.headers):
            sorted_.fences += 1
            continue
        try:
            entries = entries_of(
                topic,
                record.value,
                record.key,
                arrived_at=record.timestamp,
                source=source,
                offset=record.offset,
                secret=secret,
            )
        except Undecodable as refusal:
            sorted_.dead.append(DeadLetter.of(topic, record, refusal))
        except Crawler:
            sorted_.understood += 1
            sorted_.crawlers += 1
        else:
            sorted_.understood += 1
            sorted_.entries.extend([(key, encode(event)) for key, event in entries])
    return sorted_


async def _deliver(outbox: Outbox, sorted_: Sorted) -> None:
    sent = await outbox.by_key(topics.JOURNAL.name, sorted_.entries)
    for letter in sorted_.dead:
        sent.add(await outbox.one(topics.DEAD_LETTERS.name, letter.source_topic.encode(), letter.raw, letter.headers()))
    await asyncio.gather(*sent)


def _count(metrics: Metrics, topic: str, records: int, sorted_: Sorted) -> None:
    metrics.records_in.labels(topic).inc(records - sorted_.fences)
    if sorted_.crawlers:
        metrics.bots_dropped.labels(topic).inc(sorted_.crawlers)
    for letter in sorted_.dead:
        metrics.dead_letters.labels(topic, letter.reason).inc()
