"""Who does the same job with less: Relance, Kafka Streams, or a stock Faust agent?

The job: journal records in; behind a changelog, a visitor's stamp, source stamps, recent ids, cart, episode and orders; deadlines in
stream time, fired before the record that moved the time; candidates out. Every run has a fresh installation on the same broker and the
same records. A run that decided anything but what the oracle expects stops it all, and no figure is printed. Rounds are interleaved:
one run of each engine, then again, each round beginning with another engine.

What Relance does more: it tells contacts about devices and candidates through the journal, reads that back, decides there (consent,
purchases elsewhere, pressure), writes outputs before the changelog with a position in it, and forgets. What it does less than exactly
once v2: no transactions; a repeated output has the same id. `CartPeer.java` and `stock_faust.py` say the same of their side.
Each engine is one process: for Kafka Streams one stream thread, and the threads of its JVM and of its clients, which all count.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from rich.console import Console
from rich.progress import Progress

from streams import topics
from streams.journal.records import TICK, TICK_KEY
from streams.local.server import wait_async
from tests.benchmarks.bench_stack import Bench, bench
from tests.benchmarks.detect import journal_of
from tests.benchmarks.peers.committed import decided, until_committed
from tests.benchmarks.peers.figures import Compared, Run, Watched, compared, measured
from tests.benchmarks.peers.kafka_streams import CACHE_BYTES, Configuration, KafkaStreams, classpath
from tests.benchmarks.process import LOOK_SECONDS, Look, Measured
from tests.benchmarks.workload import SPAN_MS, START_MS, happenings, relaunch_ids

OURS = "relance"
FAUST = "stock faust, table"
KAFKA_STREAMS = {
    "kafka streams, memory, no cache, at least once": Configuration("memory", 0, "at_least_once"),
    "kafka streams, memory, cache, at least once": Configuration("memory", CACHE_BYTES, "at_least_once"),
    "kafka streams, memory, cache, exactly once": Configuration("memory", CACHE_BYTES, "exactly_once_v2"),
    "kafka streams, rocksdb, cache, at least once": Configuration("rocksdb", CACHE_BYTES, "at_least_once"),
    "kafka streams, rocksdb, cache, exactly once": Configuration("rocksdb", CACHE_BYTES, "exactly_once_v2"),
}
THEIRS = (*KAFKA_STREAMS, FAUST)
PARTITIONS = 8
WITHIN_S = 600


class Traffic:
    """The records of a run, with a tick at the end of each partition, and what must come of them."""

    def __init__(self, events: int, visitors: int) -> None:
        self.events = events
        self.records = journal_of(events, visitors, PARTITIONS)
        for partition in self.records.values():
            partition.append((TICK_KEY, TICK, START_MS + 2 * SPAN_MS))
        self.expected = sorted(relaunch_ids(happenings(events, visitors)))


@dataclass(frozen=True)
class Engine:
    """One that takes part."""

    name: str
    start: Callable[[Bench], Measured]
    #: Counters of records read and of candidates decided.
    read: str
    decided: str
    #: The group whose positions it commits.
    group: str
    traffic: Traffic


class StockFaust(Measured):
    """The Faust peer as a process of its own."""

    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "tests.benchmarks.peers.stock_faust", str(self.directory)]


async def peers(
    events: int, visitors: int, faust_events: int, rounds: int, names: Collection[str]
) -> dict[str, Compared]:
    """Measure ours and the engines with these names. Raises `AssertionError` when one decided something else than it had to.

    Raises a `LocalStackError` when an engine cannot be had, `NoJdk` among them.
    """
    with TemporaryDirectory(prefix="relance-peers-") as classes:
        engines = _engines(classpath(Path(classes)), Traffic(events, visitors), faust_events, visitors, names)
        runs: dict[str, list[Run]] = {engine.name: [] for engine in engines}
        async with bench(journal_partitions=PARTITIONS, recorded_time=True) as stand:
            with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
                for number in progress.track(range(rounds * len(engines)), description="peers"):
                    engine = engines[(number + number // len(engines)) % len(engines)]
                    runs[engine.name].append(await _run(stand, f"run-{number}", engine))
    return compared(runs, OURS)


def _engines(classes: str, traffic: Traffic, few: int, visitors: int, names: Collection[str]) -> list[Engine]:
    ours = Engine(OURS, _relance, "relance_journal_read_total", "relance_candidates_total", "relance-detect", traffic)
    streams = [
        Engine(name, _kafka_streams(classes, chosen), "peer_events_total", "peer_candidates_total", "peer", traffic)
        for name, chosen in KAFKA_STREAMS.items()
        if name in names
    ]
    if FAUST not in names:
        return [ours, *streams]
    fewer = Traffic(few, max(1, visitors * few // traffic.events))
    return [ours, *streams, Engine(FAUST, _faust, ours.read, ours.decided, "peer", fewer)]


def _relance(stand: Bench) -> Measured:
    return Measured(stand.directory / "worker", stand.environment, "worker", "detect")


def _faust(stand: Bench) -> Measured:
    return StockFaust(stand.directory / "faust", stand.environment, "stock-faust")


def _kafka_streams(classes: str, chosen: Configuration) -> Callable[[Bench], Measured]:
    return lambda stand: KafkaStreams(stand, classes, chosen)


async def _run(stand: Bench, name: str, engine: Engine) -> Run:
    expected = engine.traffic.expected
    async with stand.installation(name, recorded_time=True) as installation:
        await installation.fill(topics.JOURNAL.name, engine.traffic.records)
        process = engine.start(installation)
        await wait_async(process.starting())
        try:
            watched = await _watched(installation, process, engine)
            peak_mb = process.peak_mb()
        except TimeoutError as late:
            raise process.failed(f"was not through within {WITHIN_S} s") from late
        finally:
            await wait_async(process.stopping())
        found = sorted(await decided(installation.settings, WITHIN_S))
    if found != expected:
        missing, spurious = len(set(expected) - set(found)), len(set(found) - set(expected))
        repeated = len(found) - len(set(found))
        raise AssertionError(
            f"{engine.name} is wrong: {missing} missing, {spurious} spurious, {repeated} repeated; no figure"
        )
    return measured(watched, engine.traffic.events, peak_mb)


async def _watched(installation: Bench, process: Measured, engine: Engine) -> Watched:
    looks = await _looks(process, engine)
    await until_committed(installation.settings, installation.settings.named(engine.group), WITHIN_S)
    return Watched(looks, Look(time.monotonic(), process.cpu_seconds(), looks[-1].done))


async def _looks(process: Measured, engine: Engine) -> list[Look]:
    looks: list[Look] = []
    async with aiohttp.ClientSession() as session, asyncio.timeout(WITHIN_S):
        while not looks or not await _is_through(session, process, engine, looks[-1]):
            if process.pid is None:
                raise process.failed("ended by itself")
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(aiohttp.ClientError):  # it is ending; the next look says so
                read = await process.metric(session, engine.read)
                looks.append(Look(time.monotonic(), process.cpu_seconds(), read))
    return looks


async def _is_through(session: aiohttp.ClientSession, process: Measured, engine: Engine, look: Look) -> bool:
    if look.done < engine.traffic.events + PARTITIONS:
        return False
    return await process.metric(session, engine.decided) >= len(engine.traffic.expected)
