"""Who does the same job with less: Relance, Kafka Streams, or a stock Faust agent?

Every run has a fresh installation on the same broker and the same records. It ends when every candidate that the oracle expects has
been decided; a run that decided anything else stops it all, and no figure is printed. Rounds are interleaved: one run of each, then again.

Law 1  What counts is the shop's events, whatever else an engine has to read on top: Relance reads its own notices to contacts too, and
       decides for the contact; Kafka Streams stops at the candidate.
Law 2  Seconds and CPU run from the first look with progress to the last, a compiler that warms up included; `warm` is the second half.
"""

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.progress import Progress

from streams import topics
from streams.journal.records import TICK, TICK_KEY
from streams.local.server import wait_async
from tests.benchmarks.bench_stack import Bench, bench
from tests.benchmarks.detect import journal_of
from tests.benchmarks.peers.kafka_streams import CACHE_BYTES, Configuration, KafkaStreams, classpath
from tests.benchmarks.process import Look, Measured
from tests.benchmarks.workload import SPAN_MS, START_MS, happenings, relaunch_ids

OURS = "relance"
FAUST = "faust-table"
KAFKA_STREAMS = {
    "kafka-streams memory, at least once": Configuration("memory", 0, "at_least_once"),
    "kafka-streams memory, cached, at least once": Configuration("memory", CACHE_BYTES, "at_least_once"),
    "kafka-streams memory, cached, exactly once v2": Configuration("memory", CACHE_BYTES, "exactly_once_v2"),
    "kafka-streams rocksdb, cached, at least once": Configuration("rocksdb", CACHE_BYTES, "at_least_once"),
    "kafka-streams rocksdb, cached, exactly once v2": Configuration("rocksdb", CACHE_BYTES, "exactly_once_v2"),
}
PARTITIONS = 8
WITHIN_S = 900


class Traffic:
    """The records of a run, with a tick at the end of each partition, and what must come of them."""

    def __init__(self, events: int, visitors: int) -> None:
        self.events = events
        self.records = journal_of(events, visitors, PARTITIONS)
        for partition in self.records.values():
            partition.append((TICK_KEY, TICK, START_MS + 2 * SPAN_MS))
        self.expected = relaunch_ids(happenings(events, visitors))


@dataclass(frozen=True)
class Engine:
    """One that takes part."""

    name: str
    start: Callable[[Bench], Measured]
    #: Counters of records read and of candidates decided.
    read: str
    decided: str
    traffic: Traffic


@dataclass(frozen=True)
class Run:
    """What one run used."""

    events_per_s: float
    cpu_s_per_million: float
    warm_cpu_s_per_million: float
    peak_mb: float


async def peers(
    events: int, visitors: int, faust_events: int, rounds: int, names: Collection[str]
) -> dict[str, object]:
    """Measure; raises `AssertionError` when an engine decided something else than it had to, `NoJdk` where there is none."""
    with TemporaryDirectory(prefix="relance-peers-") as classes:
        engines = _engines(classpath(Path(classes)), Traffic(events, visitors), faust_events, visitors, names)
        runs: dict[str, list[Run]] = {engine.name: [] for engine in engines}
        async with bench(journal_partitions=PARTITIONS, recorded_time=True) as stand:
            with Progress(disable=not sys.stderr.isatty()) as progress:
                for number in progress.track(range(rounds * len(engines)), description="peers"):
                    engine = engines[number % len(engines)]
                    runs[engine.name].append(await _run(stand, f"run-{number}", engine))
    return {"events": events, "faust_events": faust_events, "rounds": rounds, "engines": _compared(runs)}


def _engines(classes: str, traffic: Traffic, few: int, visitors: int, names: Collection[str]) -> list[Engine]:
    ours = Engine(OURS, _relance, "relance_journal_read_total", "relance_candidates_total", traffic)
    fewer = Traffic(few, max(1, visitors * few // traffic.events))
    faust = Engine(FAUST, _faust, ours.read, ours.decided, fewer)
    streams = [
        Engine(name, _kafka_streams(classes, chosen), "peer_events_total", "peer_candidates_total", traffic)
        for name, chosen in KAFKA_STREAMS.items()
    ]
    return [ours, *(each for each in (*streams, faust) if not names or any(name in each.name for name in names))]


def _relance(stand: Bench) -> Measured:
    return Measured(stand.directory / "worker", stand.environment, "worker", "detect")


def _faust(stand: Bench) -> Measured:
    return StockFaust(stand.directory / "faust", stand.environment, "stock-faust")


def _kafka_streams(classes: str, chosen: Configuration) -> Callable[[Bench], Measured]:
    return lambda stand: KafkaStreams(stand, classes, chosen)


class StockFaust(Measured):
    """The Faust peer as a process of its own."""

    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "tests.benchmarks.peers.stock_faust", str(self.directory)]


async def _run(stand: Bench, name: str, engine: Engine) -> Run:
    expected = engine.traffic.expected
    async with stand.installation(name, recorded_time=True) as installation:
        await installation.fill(topics.JOURNAL.name, engine.traffic.records)
        process = engine.start(installation)
        await wait_async(process.starting())
        try:
            looks = await process.until(engine.read, engine.traffic.events + PARTITIONS, WITHIN_S)
            looks += await process.until(engine.decided, len(expected), WITHIN_S)
            peak_mb = process.peak_mb()
        finally:
            await wait_async(process.stopping())
        found = await installation.decided()
    if found != expected:
        wrong = f"{len(expected - found)} missing, {len(found - expected)} spurious"
        raise AssertionError(f"{engine.name} is wrong: {wrong}; no figure")
    return _measured(looks, engine.traffic.events, peak_mb)


def _measured(looks: Sequence[Look], events: int, peak_mb: float) -> Run:
    first = next(look for look in looks if look.done > 0)
    middle = next(look for look in looks if look.done >= events / 2)
    last = looks[-1]
    return Run(
        events_per_s=(events - first.done) / (last.at - first.at),
        cpu_s_per_million=(last.cpu_s - first.cpu_s) / (events - first.done) * 1e6,
        warm_cpu_s_per_million=(last.cpu_s - middle.cpu_s) / (events - middle.done) * 1e6,
        peak_mb=peak_mb,
    )


def _compared(runs: dict[str, list[Run]]) -> dict[str, object]:
    """Return for each engine its figures, and how many times the events per CPU-second of it Relance does."""
    return {name: {**_figures(theirs), **_ratios(runs[OURS], theirs)} for name, theirs in runs.items()}


def _figures(runs: list[Run]) -> dict[str, object]:
    return {
        "events_per_s": round(median(run.events_per_s for run in runs)),
        "cpu_s_per_million": round(median(run.cpu_s_per_million for run in runs), 2),
        "warm_cpu_s_per_million": round(median(run.warm_cpu_s_per_million for run in runs), 2),
        "peak_mb": round(max(run.peak_mb for run in runs)),
    }


def _ratios(ours: list[Run], theirs: list[Run]) -> dict[str, object]:
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "ratio": _spread([other.cpu_s_per_million / our.cpu_s_per_million for our, other in pairs]),
        "warm_ratio": _spread([other.warm_cpu_s_per_million / our.warm_cpu_s_per_million for our, other in pairs]),
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": round(median(values), 2), "min": round(min(values), 2), "max": round(max(values), 2)}
