"""How does one run go: a crowd, workers, faults; then peace, and the verdict?"""

import asyncio
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from streams.local.kafka import LocalKafka
from streams.scenarios import load_rules
from tests.chaos import kept_state
from tests.chaos.faults import Fault, Troubles, schedule
from tests.chaos.feed import Feed
from tests.chaos.report import Report
from tests.chaos.stand import CHECKOUT, DETECT, INGEST, JOURNAL, Stand, Worker
from tests.chaos.verdict import Judge

LOOK_S = 0.25
STARTED_WITHIN_S = 120.0
#: What a shop's visitor does in about four seconds.
EVENTS_PER_VISITOR = 20

#: Told what is going on, and which share of it is done, if that is known.
Show = Callable[[str, float | None], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run consists of."""

    seed: int
    seconds: float
    events: int
    visitors: int
    journal_partitions: int = 12
    public_partitions: int = 6
    workers: dict[str, str] = field(
        default_factory=lambda: {"ingest-1": INGEST, "ingest-2": INGEST, "detect-1": DETECT, "detect-2": DETECT}
    )
    #: None for a schedule made from the seed.
    faults: list[Fault] | None = None
    #: What is wrong with the workers, by role (`tests/chaos/broken_worker.py`).
    broken: dict[str, str] = field(default_factory=dict)
    #: How long partitions may be behind, after the last fault and the last event, before they count as stalled.
    patience_s: float = 180.0
    #: A deadline that is past for so long, with nothing behind, is looked after by nobody.
    fires_within_s: float = 20.0


async def run(
    plan: Plan, kafka: LocalKafka, directory: Path, namespace: str = "", show: Show = lambda words, share: None
) -> Report:
    """Run on a broker, keeping logs and differences in `directory`."""
    stand = Stand(kafka, directory, namespace, plan.journal_partitions, plan.public_partitions)
    await stand.prepare()
    workers = {name: stand.worker(role, name, plan.broken.get(role)) for name, role in plan.workers.items()}
    joiners = [stand.worker(role, f"joiner-{role}", plan.broken.get(role)) for role in (INGEST, DETECT)]
    troubles = Troubles(kafka, workers, joiners, stand.grow)
    keeping: asyncio.Task[None] | None = None
    try:
        troubles.start()
        show("the workers divide the partitions", None)
        await _divided(plan, stand, workers.values())
        keeping = asyncio.create_task(troubles.keep_up())
        acknowledged = await _live_through(plan, stand, troubles, show)
        judge = Judge(stand.settings)
        recovery_s, stalled = await _recovered(plan, stand, troubles, judge, show)
    finally:
        if keeping is not None:
            keeping.cancel()
        await troubles.stop()
        (directory / "story.txt").write_text("\n".join(troubles.story))
    show("judging", None)
    with _uncollected():
        verdict = await judge.verdict()
        verdict.write(directory / "differences.txt")
        replayed = await _replayed(stand)
        show("reading the changelog", None)
        differing = await kept_state.differing(stand.settings, load_rules(stand.scenarios))
    (directory / "states.txt").write_text("".join(f"{number} {key!r}\n" for number, key in differing))
    (directory / "live.jsonl").write_bytes(verdict.live)
    return Report.of(
        plan.seed,
        verdict,
        troubles.counts,
        acknowledged=acknowledged,
        stalled=len(stalled),
        recovery_s=recovery_s,
        replayed=replayed,
        states_differing=len(differing),
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Judge without the garbage collector: millions of objects are kept, and looking through them finds nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _divided(plan: Plan, stand: Stand, workers: Iterable[Worker]) -> None:
    """Wait until every worker has its part; raises `ServerFailed` for one that ends before."""
    async with asyncio.timeout(STARTED_WITHIN_S):
        for role, count in Counter(plan.workers.values()).items():
            while await stand.members(role) < count:
                for worker in workers:
                    if worker.pid is None:
                        raise worker.failed("ended by itself")
                await asyncio.sleep(LOOK_S)


async def _live_through(plan: Plan, stand: Stand, troubles: Troubles, show: Show) -> int:
    """Let the shops publish while things go wrong; return how many records Kafka has acknowledged."""
    feed = Feed(stand, plan.seed, events=plan.events, visitors=plan.visitors, per_second=plan.events / plan.seconds)
    faults = schedule(plan.seed, plan.seconds, list(plan.workers)) if plan.faults is None else plan.faults
    async with asyncio.TaskGroup() as group:
        group.create_task(feed.run(lambda done: show(f"{done:,} events; {dict(troubles.counts)}", done / plan.events)))
        group.create_task(troubles.befall(faults, plan.seconds))
    return feed.published


async def _recovered(plan: Plan, stand: Stand, troubles: Troubles, judge: Judge, show: Show) -> tuple[float, list[str]]:
    """Return how long it took until nothing was behind, and the partitions that stalled; the judge has read everything then."""
    recovery_s, behind = await _caught_up(plan, stand, troubles, show)
    with _uncollected():
        show("reading the public topics", None)
        await judge.published(await stand.counts())
        show("reading the journal", None)
        await judge.follow()
    return recovery_s, sorted(behind) or await _drained(plan, stand, judge, show)


async def _caught_up(plan: Plan, stand: Stand, troubles: Troubles, show: Show) -> tuple[float, Iterable[str]]:
    """Wait until nothing is behind; return how long it took since the last fault, and what still is when patience ends."""
    give_up_at = time.monotonic() + plan.patience_s
    behind: dict[str, int] | None = {"everything": 0}
    while behind is None or behind:
        if time.monotonic() > give_up_at:
            return time.monotonic() - troubles.healed_at, behind or [JOURNAL]
        behind = await _behind(stand)
        show(f"{sum((behind or {}).values()):,} records behind", None)
        await asyncio.sleep(LOOK_S)
    return max(0.0, time.monotonic() - troubles.healed_at - LOOK_S), []


async def _drained(plan: Plan, stand: Stand, judge: Judge, show: Show) -> list[str]:
    """Follow the journal until nothing is pending and nothing more comes; return the partitions where that does not happen."""
    give_up_at = time.monotonic() + plan.patience_s
    while time.monotonic() < give_up_at:
        behind = await _behind(stand)
        read, pending = await judge.follow(), judge.pending()
        show(f"{len(pending)} partitions wait for a deadline", None)
        if behind == {} and not read and (not pending or _is_overdue(pending, plan.fires_within_s)):
            return [f"{JOURNAL}/{number}" for number in pending]
        await asyncio.sleep(LOOK_S)
    return sorted(await _behind(stand) or [JOURNAL])


def _is_overdue(pending: dict[int, int], within_s: float) -> bool:
    return max(pending.values()) / 1000 + within_s < time.time()


async def _behind(stand: Stand) -> dict[str, int] | None:
    """Return what waits for whom, ingest first: what it appends while we look counts for detection."""
    of_ingest = await stand.behind(INGEST)
    of_detection = await stand.behind(DETECT)
    return None if of_ingest is None or of_detection is None else of_ingest | of_detection


async def _replayed(stand: Stand) -> bytes:
    """Return what `relance replay --journal` writes."""
    out = stand.directory / "replayed.jsonl"
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", "replay", "--journal", "--out", str(out),
        env=os.environ | stand.environment, cwd=CHECKOUT, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await command.wait() != 0:
        raise RuntimeError("relance replay failed")
    return out.read_bytes()
