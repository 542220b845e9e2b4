"""How would a stock Faust agent with a Faust table do the job?

The rules and the records are Relance's own; reading, state, changelog and sending are Faust's: one event at a time, one table write per
subject that changed, as its documentation shows. It asks contacts and decides as Relance does, from the same records. It does less: nothing
orders outputs before the changelog, no relaunch is written, and stream time starts anew after a restart.

Run as a program, `python -m tests.benchmarks.peers.stock_faust DIRECTORY`, with the settings of a worker.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import faust
import msgspec
from aiokafka.admin import NewTopic

from streams import topics
from streams.core.partition import Partition
from streams.core.state import POSITION
from streams.core.visitor import Rules
from streams.journal.records import encode, partition_of
from streams.kafka_client import reachable
from streams.metrics import Metrics
from streams.scenarios import load_rules
from streams.settings import Settings

ID, TABLE = "peer", "subjects"

_json = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Read:
    """One event, as a partition takes it."""

    offset: int
    #: ms since the epoch, UTC.
    timestamp: int
    key: bytes
    value: bytes


def peer(settings: Settings, rules: Rules, metrics: Metrics, directory: str) -> faust.App:
    """Return the app."""
    app = faust.App(
        settings.named(ID),
        broker=f"kafka://{settings.kafka_bootstrap}",
        store="memory://",
        datadir=directory,
        web_enabled=False,
        topic_partitions=settings.journal_partitions,
        topic_replication_factor=1,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
    )
    raw: Any = {"key_type": bytes, "value_type": bytes}
    serializers: Any = {"key_serializer": "raw", "value_serializer": "raw"}
    journal = app.topic(settings.named(topics.JOURNAL.name), **raw, **serializers)
    decisions = app.topic(settings.named(topics.DECISIONS.name), **raw, **serializers)
    subjects = app.Table(TABLE, partitions=settings.journal_partitions, **raw)
    restored = partial(_restored, subjects, partial(Partition, rules), settings.journal_partitions)
    places: dict[int, Partition] = {}

    @app.agent(journal)
    async def detect(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            if message.partition not in places:
                places[message.partition] = restored(message.partition)
            read = Read(message.offset, round(message.timestamp * 1000), event.key, event.value)
            effects = places[message.partition].apply([read])
            metrics.journal_read.inc()
            for key, stored in effects.changes:
                if key != POSITION and stored is not None:
                    subjects[key] = stored
            for key, notice in effects.notices:
                number = partition_of(key, settings.journal_partitions)
                await journal.send(key=key, value=encode(notice), partition=number)
            for decision in effects.decisions:
                await decisions.send(value=_json(decision))
                metrics.candidates.labels(decision.decision).inc()

    return app


def _restored(subjects: Any, empty: Callable[[], Partition], partitions: int, number: int) -> Partition:
    place = empty()
    for key, stored in subjects.items():
        if partition_of(key, partitions) == number:
            place.restore(key, stored)
    place.restored()
    return place


async def create_changelog(settings: Settings) -> None:
    """Create the table's changelog: what Faust creates as it starts may not be known yet when the first event changes the table."""
    changelog = f"{settings.named(ID)}-{TABLE}-changelog"
    async with reachable(settings) as admin:
        compacted = NewTopic(changelog, settings.journal_partitions, 1, topic_configs=topics.COMPACTED)
        await admin.create_topics([compacted])
        while changelog not in await admin.list_topics():
            await asyncio.sleep(0.05)


def main(directory: str) -> None:
    """Run until told to stop."""
    settings, metrics = Settings(), Metrics()
    metrics.listen(settings.metrics_host, settings.metrics_port)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(create_changelog(settings))
    app = peer(settings, load_rules(settings.scenarios), metrics, directory)
    faust.Worker(app, loglevel="warn", quiet=True, loop=loop).execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1])
