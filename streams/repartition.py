"""How does a journal get another number of partitions?

Not in place: a subject would not find its state. Once everything in the old journal has been decided and its workers have stopped,
the state moves into the next generation, subject by subject, and the new journal starts empty
(deploy/decisions/0007-a-new-journal-for-another-number-of-partitions.md).
"""

import time
from collections import defaultdict
from functools import partial

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams import provision, topics
from streams.core.partition import Partition
from streams.core.state import POSITION, Position, decoded, encoded, encoded_position
from streams.kafka_client import producer, reachable, reader
from streams.lane.outbox import Outbox
from streams.reading import whole
from streams.settings import Settings

WORKERS = ("relance-ingest", "relance-detect")
PIECE = 10_000


class NotReady(Exception):
    """The old journal is still in use. Do what the text says, then ask again."""


async def repartition(settings: Settings, to: int) -> Settings:
    """Make the next generation with `to` partitions and return the settings that use it.

    Raises `NotReady`, `NotProvisioned` and `KafkaUnavailable`; asked again, it starts over.
    """
    next_settings = settings.model_copy(
        update={"journal_generation": settings.journal_generation + 1, "journal_partitions": to}
    )
    async with reachable(settings) as admin:
        await provision.require_topics(admin, settings)  # somebody may have given the old journal more partitions
        await _require_stopped(admin, settings)
        await _require_decided(admin, settings)
        await provision.apply(admin, next_settings)
    await _move(settings, next_settings)
    return next_settings


async def _require_stopped(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    for group in WORKERS:
        for answer in await admin.describe_consumer_groups([settings.named(group)]):
            for _, name, state, *_ in answer.groups:
                if state not in ("Empty", "Dead"):
                    raise NotReady(
                        f"Workers of {name} are running: stop them first (those of ingest before those of detect)."
                    )


async def _require_decided(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    journal = settings.named(topics.JOURNAL.name)
    committed = await admin.list_consumer_group_offsets(settings.named("relance-detect"))
    count = (await provision.described(admin, settings))[topics.JOURNAL.name] or 0
    partitions = [TopicPartition(journal, number) for number in range(count)]
    consumer = reader(settings)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    left = sum(end - (committed[p].offset if p in committed else 0) for p, end in ends.items())
    if left:
        raise NotReady(
            f"{left} records of {journal} have not been decided: start `relance worker detect` without ingest, wait until "
            "relance_lag_records is 0, stop it, and ask again."
        )


async def _move(settings: Settings, next_settings: Settings) -> None:
    states, now = await _states(settings)
    # Below every offset of the new journal; and whatever an earlier attempt wrote is older.
    stamp = time.time_ns() // 1_000_000 - (1 << 62)
    outbox = Outbox(partial(producer, next_settings), next_settings.named)
    await outbox.start()
    try:
        keys = list(states)
        for start in range(0, len(keys), PIECE):
            moved = [(key, _unstamped(key, states[key], stamp)) for key in keys[start : start + PIECE]]
            for done in await outbox.by_key(topics.STATE.name, moved):
                await done
        for number in range(next_settings.journal_partitions):
            position = encoded_position(Position(-1, now, next_settings.journal_partitions))
            for done in outbox.to(topics.STATE.name, number, [(POSITION, position)]):
                await done
    finally:
        await outbox.stop()


async def _states(settings: Settings) -> tuple[dict[bytes, bytes], int]:
    """Return every subject's bytes, and the latest stream time, ms, UTC."""
    empty = partial(
        Partition, (), forget_after_ms=settings.forget_after, journal_partitions=settings.journal_partitions
    )
    partitions: defaultdict[int, Partition] = defaultdict(empty)
    async for record in whole(settings, topics.STATE.name):
        partitions[record.partition].restore(record.key, record.value)
    for partition in partitions.values():
        partition.restored()
    states = {key: stored for partition in partitions.values() for key, stored in partition.items()}
    return states, max((partition.now for partition in partitions.values()), default=0)


def _unstamped(key: bytes, stored: bytes, stamp: int) -> bytes:
    """Return a subject's bytes as if it had heard nothing of the journal yet; what it heard of its sources stays."""
    told = decoded(key, stored)
    told.stamp = stamp
    return encoded(told)
