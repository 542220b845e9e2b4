"""How long does one process take to restore every partition, and how large does it grow?

Run as a program, `python -m tests.benchmarks.restoring`, with the settings of a worker; it answers with one JSON object.
"""

import asyncio
import gc
import json
import time
from functools import partial

from aiokafka import TopicPartition

from streams import topics
from streams.core.partition import Partition
from streams.kafka_client import producer, reader
from streams.lane.changelog import Changelog
from streams.lane.outbox import Outbox
from streams.lane.restore import Restorer
from streams.metrics import Metrics
from streams.scenarios import load_rules
from streams.settings import Settings
from tests.benchmarks.process import peak_mb, resident_mb


async def restored(settings: Settings) -> dict[str, float]:
    """Restore as a worker does that gets all partitions at once; return what it took and what is there."""
    metrics = Metrics()
    changelog = Changelog(
        Outbox(partial(producer, settings), settings.named), partial(reader, settings), settings.named, metrics
    )
    count = settings.journal_partitions
    empty = partial(
        Partition, load_rules(settings.scenarios), forget_after_ms=settings.forget_after, journal_partitions=count
    )
    restorer = Restorer(partial(reader, settings), empty, count, changelog, settings.named(topics.STATE.name), metrics)
    journal = [TopicPartition(settings.named(topics.JOURNAL.name), number) for number in range(count)]
    before_mb, started, cpu_started = resident_mb(), time.monotonic(), time.process_time()
    opened = await restorer.open(journal)
    seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu_started
    states = [state for state, _ in opened.values()]
    return {
        "subjects": sum(len(state) for state in states),
        "pending": sum(state.pending for state in states),
        "seconds": seconds,
        "cpu_s": cpu_s,
        "grown_mb": resident_mb() - before_mb,
        "peak_grown_mb": peak_mb() - before_mb,
    }


if __name__ == "__main__":
    # As in a worker (`streams/cli/running.py`).
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    print(json.dumps(asyncio.run(restored(Settings()))))
