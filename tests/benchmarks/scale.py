"""What does a second process bring, and is the work shared evenly?"""

import asyncio
import time
from collections.abc import Sequence
from statistics import mean

from streams import topics
from streams.journal.records import TICK, TICK_KEY
from streams.local.server import wait_async
from tests.benchmarks.bench_stack import Bench, Keyed, batches, bench
from tests.benchmarks.detect import journal_of
from tests.benchmarks.process import Measured, Seen, lags_of, watch
from tests.benchmarks.workload import SPAN_MS, START_MS, happenings, relaunch_ids

PARTITIONS = 12
PROCESSES = (1, 2)
WITHIN_S = 600
READ = "relance_journal_read_total"

Looks = Sequence[tuple[Seen, ...]]


async def scale(events: int, visitors: int) -> dict[str, object]:
    """Measure; raises `AssertionError` when what was decided is not what had to be."""
    records = journal_of(events, visitors, PARTITIONS)
    for partition in records.values():
        partition.append((TICK_KEY, TICK, START_MS + 2 * SPAN_MS))
    expected = relaunch_ids(happenings(events, visitors))
    figures: dict[str, dict[str, object]] = {}
    async with bench(journal_partitions=PARTITIONS, recorded_time=True) as stand:
        for processes in PROCESSES:
            async with stand.installation(f"with-{processes}", recorded_time=True) as installation:
                figures[f"{processes}"] = await _measured(installation, processes, records, expected)
    one, more = (figures[f"{processes}"]["events_per_s"] for processes in PROCESSES)
    assert isinstance(one, int)
    assert isinstance(more, int)
    return {"events": events, "partitions": PARTITIONS, "processes": figures, "speedup": round(more / one, 2)}


async def _measured(
    stand: Bench, processes: int, records: dict[int, list[Keyed]], expected: set[str]
) -> dict[str, object]:
    workers = [
        Measured(stand.directory / f"worker-{number}", stand.environment, "worker", "detect")
        for number in range(processes)
    ]
    events = sum(map(len, records.values()))
    try:
        await asyncio.gather(*(wait_async(worker.starting()) for worker in workers))
        before = (await watch(workers, _is_shared, WITHIN_S))[-1]
        started = await _append_at_once(stand, workers, records)
        looks = await watch(workers, lambda seen: _sum(seen, "relance_candidates_total") >= len(expected), WITHIN_S)
    finally:
        for worker in workers:
            await wait_async(worker.stopping())
    decided = await stand.decisions()
    if decided.keys() != expected:
        missing, spurious = len(expected - decided.keys()), len(decided.keys() - expected)
        raise AssertionError(f"{processes} processes are wrong: {missing} missing, {spurious} spurious; no figure")
    return {**_speed(before, started, looks, events), **_shares(looks, events)}


async def _append_at_once(stand: Bench, workers: Sequence[Measured], records: dict[int, list[Keyed]]) -> float:
    """Fill the journal while the workers stand still, shorter than their sessions last; return when they went on."""
    async with stand.connected() as kafka:
        ready = {number: list(batches(kafka, several)) for number, several in records.items()}
        for worker in workers:
            worker.freeze()
        try:
            await asyncio.gather(
                *(stand.send(kafka, topics.JOURNAL.name, number, several) for number, several in ready.items())
            )
        finally:
            for worker in workers:
                worker.thaw()
        return time.monotonic()


def _is_shared(seen: Sequence[Seen]) -> bool:
    """Say whether every partition is open somewhere, and every process has some."""
    shares = [len(lags_of(each, "detect")) for each in seen]
    return sum(shares) == PARTITIONS and all(shares)


def _speed(before: Sequence[Seen], started: float, looks: Looks, events: int) -> dict[str, object]:
    """Return the speed from when the workers went on to the last decision."""
    last = looks[-1]
    cpu_s = sum(seen.cpu_s for seen in last) - sum(seen.cpu_s for seen in before)
    return {
        "events_per_s": round(events / (last[0].at - started)),
        "cpu_s_per_million": round(cpu_s / events * 1e6, 2),
    }


def _shares(looks: Looks, events: int) -> dict[str, object]:
    """Return the partitions of each process, and how far the lags are apart at half time, or when they are first told."""
    middle = next((look for look in looks if _sum(look, READ) >= events / 2 and _is_shared(look)), looks[-1])
    lags = [lags_of(seen, "detect") for seen in middle]
    return {
        "partitions": [len(each) for each in lags],
        "read": [round(seen.total(READ)) for seen in looks[-1]],
        "partition_lag_ratio": _above_mean([lag for each in lags for lag in each.values()]),
        "process_lag_ratio": _above_mean([sum(each.values()) for each in lags]),
    }


def _above_mean(lags: Sequence[float]) -> float | None:
    """Return how many times the mean the largest is; None when nothing waits."""
    return round(max(lags) / mean(lags), 2) if any(lags) else None


def _sum(seen: Sequence[Seen], metric: str) -> float:
    return sum(each.total(metric) for each in seen)
