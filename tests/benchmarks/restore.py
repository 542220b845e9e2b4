"""How fast does state come back, how much memory does it take, and how soon is a killed worker replaced?

The worker is back when nothing waits but what came in this instant, and every deadline fires in time again.
"""

import asyncio
import random
import time
from collections.abc import Iterator, Mapping
from inspect import signature

from streams import topics
from streams.core.identity import VISITOR, subject
from streams.journal.records import encode, partition_of
from streams.kafka_client import member
from streams.local.server import wait_async
from tests.benchmarks.bench_stack import Bench, Keyed, bench
from tests.benchmarks.detect import record_of
from tests.benchmarks.past import SPAN_MS, Past
from tests.benchmarks.process import Measured, Program, is_caught_up, watch
from tests.benchmarks.workload import SHOP, START_MS, Happening, leaving, relaunch_id

PARTITIONS = 8
SESSION_TIMEOUT_S = signature(member).parameters["session_timeout_ms"].default / 1000
#: Events come in for so long; the worker is killed after the first seconds.
FEED_S, KILLED_AFTER_S = 45.0, 5.0
EVENTS_PER_S = 2000
PULSE_S = 0.1
OF_A_PULSE = round(EVENTS_PER_S * PULSE_S)
#: Carts that fall due meanwhile, each at a moment of its own.
DEADLINES = 1500
#: A decision that comes later than this after its deadline is late.
IN_TIME_MS = 250
WITHIN_S = 180


async def restore(subjects: int) -> dict[str, object]:
    """Measure both; raises `AssertionError` when something else was restored or decided than had to be."""
    return {"subjects": subjects, **await _speed(subjects), **await _return_of_a_worker(subjects)}


async def _speed(subjects: int) -> dict[str, object]:
    past = Past(subjects, PARTITIONS, START_MS)
    async with bench(journal_partitions=PARTITIONS, recorded_time=True) as stand:
        await stand.fill(topics.STATE.name, past.states())
        async with Program("tests.benchmarks.restoring", stand.environment) as program:
            took = await program.answer()
    if (took["subjects"], took["pending"]) != (past.visitors, past.pending):
        raise AssertionError(
            f"wrong: {took['subjects']} subjects with {took['pending']} deadlines were restored instead of "
            f"{past.visitors} with {past.pending}; no figure"
        )
    return {
        "deadlines": past.pending,
        "subjects_per_s": round(subjects / took["seconds"]),
        "subjects_per_cpu_s": round(subjects / took["cpu_s"]),
        "seconds": round(took["seconds"], 2),
        "cpu_s": round(took["cpu_s"], 2),
        "grown_mb": round(took["grown_mb"], 1),
        "peak_grown_mb": round(took["peak_grown_mb"], 1),
        "grown_mb_per_million": round(took["grown_mb"] / subjects * 1e6, 1),
    }


async def _return_of_a_worker(subjects: int) -> dict[str, object]:
    # Late events are held for a millisecond only, so that an add can name its deadline (see `leaving`).
    async with bench(journal_partitions=PARTITIONS, recorded_time=False, min_hold="1ms") as stand:
        past = Past(subjects, PARTITIONS, _now_ms() - SPAN_MS)
        await stand.fill(topics.JOURNAL.name, past.journal())
        await stand.fill(topics.STATE.name, past.states())
        await stand.commit("relance-detect", topics.JOURNAL.name, past.events)
        first = Measured(stand.directory / "first", stand.environment, "worker", "detect")
        second = Measured(stand.directory / "second", stand.environment, "worker", "detect")
        try:
            await wait_async(first.starting())
            await watch([first], lambda seen: is_caught_up(seen[0], "detect", PARTITIONS), WITHIN_S)
            feed = _Feed(past, _now_ms())
            feeding = asyncio.create_task(feed.run(stand))
            await asyncio.sleep(KILLED_AFTER_S)
            killed_at = _now_ms()
            first.kill()
            await wait_async(second.starting())
            looks = await watch(
                [second], lambda seen: is_caught_up(seen[0], "detect", PARTITIONS, but=OF_A_PULSE), WITHIN_S
            )
            await feeding
            found = await _all_decided(stand, feed)
        finally:
            await wait_async(first.stopping())
            await wait_async(second.stopping())
    caught_up_s = (looks[-1][0].clock_ms - killed_at) / 1000
    in_time_s = (_in_time_again(feed.due, found, killed_at) - killed_at) / 1000
    return {
        "session_timeout_s": SESSION_TIMEOUT_S,
        "caught_up_seconds": round(caught_up_s, 2),
        "in_time_seconds": round(in_time_s, 2),
        "back_seconds": round(max(caught_up_s, in_time_s), 2),
        "decisions": len(found),
    }


class _Feed:
    """Events that come in: carts that will be left, then pages that people look at."""

    def __init__(self, past: Past, start_ms: int) -> None:
        self._past = past
        self._start_ms = start_ms
        self._chance = random.Random(past.visitors)
        self._number = (max(past.events.values()) + 1) * past.partitions
        self._adds: list[Happening] = []
        #: Deadline by the relaunch id that must be decided.
        self.due: dict[str, int] = {}
        for place in range(DEADLINES):
            # Nobody who is linked to a contact: one of these carts is one decision.
            visitor = past.visitors // 10 * 10 + 10 * place + 19
            due_at = start_ms + 2000 + self._chance.randrange(round(FEED_S * 1000))
            add = leaving(self._next(), visitor, due_at)
            self._adds.append(add)
            self.due[relaunch_id(visitor, add.id)] = due_at

    async def run(self, stand: Bench) -> None:
        """Append for as long as events come in."""
        started = time.monotonic()
        async with stand.connected() as kafka:
            events: list[Happening] = self._adds
            while (passed := time.monotonic() - started) < FEED_S:
                for number, records in self._by_partition(events).items():
                    await stand.append(kafka, topics.JOURNAL.name, number, records)
                await asyncio.sleep(PULSE_S)
                events = list(self._views(round((time.monotonic() - started - passed) * EVENTS_PER_S)))

    def _views(self, count: int) -> Iterator[Happening]:
        for _ in range(count):
            yield Happening(self._next(), "page", self._chance.randrange(self._past.visitors), _now_ms())

    def _by_partition(self, events: list[Happening]) -> Mapping[int, list[Keyed]]:
        grouped: dict[int, list[Keyed]] = {}
        for event in events:
            key = subject(VISITOR, SHOP, f"v{event.visitor}")
            record = (key, encode(record_of(event)), event.at)
            grouped.setdefault(partition_of(key, self._past.partitions), []).append(record)
        return grouped

    def _next(self) -> int:
        self._number += 1
        return self._number


async def _all_decided(stand: Bench, feed: _Feed) -> dict[str, tuple[str, int]]:
    """Wait until all that fell due is decided; raises `AssertionError` when it is not, or something else is."""
    give_up_at = time.monotonic() + WITHIN_S
    while not feed.due.keys() <= (found := await stand.decisions()).keys() and time.monotonic() < give_up_at:
        await asyncio.sleep(0.5)
    if found.keys() != feed.due.keys():
        missing, spurious = feed.due.keys() - found.keys(), found.keys() - feed.due.keys()
        raise AssertionError(f"wrong: {len(missing)} missing, {len(spurious)} spurious; no figure")
    return found


def _in_time_again(due: Mapping[str, int], found: Mapping[str, tuple[str, int]], killed_at: int) -> int:
    """Return when the last decision that was late was appended, ms: every deadline after that fired in time."""
    appended = {relaunch: at for relaunch, (_, at) in found.items()}
    return max(
        (appended[relaunch] for relaunch, at in due.items() if appended[relaunch] > max(killed_at, at + IN_TIME_MS)),
        default=killed_at,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
