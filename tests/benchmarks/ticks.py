"""What do deadlines cost while they wait, and how exactly are they met where nothing else happens?"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median

from streams import topics
from streams.core.events import ConsentChanged
from streams.core.identity import CONTACT, VISITOR, subject
from streams.journal.intake import digest_of
from streams.journal.records import TICK_KEY, encode, partition_of
from streams.local.server import wait_async
from streams.reading import whole
from tests.benchmarks.bench_stack import Bench, Keyed, bench
from tests.benchmarks.detect import record_of
from tests.benchmarks.process import Measured, Program, is_caught_up, watch
from tests.benchmarks.spread import flatness, latencies
from tests.benchmarks.workload import SHOP, contact_of, leaving, relaunch_id

#: Deadlines that are pending, as parts of the most.
PARTS = (30, 3, 1)
ROUNDS = 5
VISITORS = 20_000
PARTITIONS = 8
#: Deadlines fall due within so long, not before this has passed.
SPREAD_MS, AFTER_MS = 60_000, 3_000
CONSENTS = 3 << 16
WITHIN_S = 180


async def ticks(events: int, deadlines: int, most_pending: int) -> dict[str, object]:
    """Measure both; raises `AssertionError` when something else was decided than had to be."""
    return {**await _cost(events, [most_pending // part for part in PARTS]), **await _exactness(deadlines)}


async def _cost(events: int, pending: Sequence[int]) -> dict[str, object]:
    """Apply the same traffic beside so many deadlines each, in turn, so that what else the machine does hits all alike."""
    costs: dict[int, list[float]] = {count: [] for count in pending}
    async with AsyncExitStack() as ends:
        programs = {
            count: await ends.enter_async_context(
                Program("tests.benchmarks.pending", {}, str(count), str(events), str(VISITORS))
            )
            for count in pending
        }
        for program in programs.values():
            await program.answer()
        for number in range(ROUNDS):
            for count, program in programs.items():
                await program.tell(str(number))
                costs[count].append((await program.answer())["cpu_us_per_event"])
    typical = {count: median(several) for count, several in costs.items()}
    return {
        "cpu_us_per_event": {f"{count:,} pending": round(cost, 2) for count, cost in typical.items()},
        "cpu_flatness": round(flatness(list(typical.values())), 3),
    }


async def _exactness(deadlines: int) -> dict[str, object]:
    """Let deadlines fall due at random moments on a journal where nothing else happens."""
    # Late events are held for a millisecond only, so that an add can name its deadline (see `leaving`).
    async with bench(journal_partitions=PARTITIONS, recorded_time=False, min_hold="1ms") as stand:
        worker = Measured(stand.directory / "worker", stand.environment, "worker", "detect")
        await wait_async(worker.starting())
        try:
            await watch([worker], lambda seen: is_caught_up(seen[0], "detect", PARTITIONS), WITHIN_S)
            due = await _leave(stand, deadlines)
            await worker.until("relance_candidates_total", deadlines, WITHIN_S)
        finally:
            await wait_async(worker.stopping())
        found = await stand.decisions()
        appended = [record async for record in whole(stand.settings, topics.JOURNAL.name) if record.key == TICK_KEY]
    if found.keys() != due.keys() or any(decision != "relaunch" for decision, _ in found.values()):
        decided = Counter(decision for decision, _ in found.values())
        raise AssertionError(f"wrong: {len(due)} relaunches had to be decided, not {dict(decided)}; no figure")
    late = [found[relaunch][1] - at for relaunch, (at, _) in due.items()]
    if min(late) < 0:
        raise AssertionError(f"wrong: a deadline fired {-min(late)} ms before it was due; no figure")
    return {
        "deadlines": deadlines,
        "distinct_deadlines": len(set(due.values())),
        "ticks": len(appended),
        "ticks_per_deadline": round(len(appended) / len(set(due.values())), 3),
        "late_ms": latencies(late),
    }


async def _leave(stand: Bench, deadlines: int) -> dict[str, tuple[int, int]]:
    """Have so many contacts, all of whom agreed to it, leave a cart; return deadline and partition by relaunch id."""
    chance = random.Random(deadlines)
    start_ms = time.time_ns() // 1_000_000 + AFTER_MS
    records: dict[int, list[Keyed]] = {number: [] for number in range(PARTITIONS)}
    due: dict[str, tuple[int, int]] = {}
    for place in range(deadlines):
        visitor = 10 * place  # each the first of ten, and linked to a contact of its own
        due_at = start_ms + chance.randrange(SPREAD_MS)
        add = leaving(deadlines + place, visitor, due_at)
        key = subject(VISITOR, SHOP, f"v{visitor}")
        contact = subject(CONTACT, SHOP, str(contact_of(visitor)))
        partition = partition_of(key, PARTITIONS)
        records[partition].append((key, encode(record_of(add)), start_ms))
        records[partition_of(contact, PARTITIONS)].append((contact, encode(_consent(place, start_ms)), start_ms))
        due[relaunch_id(visitor, add.id)] = due_at, partition
    await stand.fill(topics.JOURNAL.name, records)
    return due


def _consent(number: int, at: int) -> ConsentChanged:
    id = f"yes{number}"
    return ConsentChanged(
        id=id, digest=digest_of(id), at=at, source=CONSENTS, offset=number,
        channel="email", purpose="marketing", granted=True,
    )  # fmt: skip
