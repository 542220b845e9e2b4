"""How fast is everything together: public JSON in, decisions out, ingest and detection in a process each?

The journal has the broker's time here, and every event happened long ago, so a cart is due `MIN_HOLD_MS` after its last event arrived.
When that was is known afterwards only: an oracle that shares no code with `streams` reads the journal that came about.
"""

import time
from collections.abc import Sequence

from streams import topics
from streams.local.server import wait_async
from streams.reading import whole
from tests.benchmarks.bench_stack import Bench, bench
from tests.benchmarks.ingest import publish
from tests.benchmarks.process import Measured, Seen, is_caught_up, watch
from tests.benchmarks.workload import IDLE_MS, SCENARIO, SHOP, contact_of, happenings
from tests.chaos.journal_layout import FROM_SHOP, decode
from tests.chaos.journal_oracle import JournalOracle
from tests.chaos.journal_people import Scenario
from tests.chaos.stand import FORGET_AFTER
from tests.chaos.topic import Topic

PARTITIONS = 24
#: Ten hours of recorded time pass in some twenty seconds, and half an hour of silence in this.
MIN_HOLD_MS = 1000
DAY_MS = 86_400_000
WITHIN_S = 600
SETTLES_WITHIN_S = 60
LOOK_S = 0.25
READ = "relance_journal_read_total"

Looks = Sequence[tuple[Seen, ...]]


async def end_to_end(events: int, visitors: int) -> dict[str, object]:
    """Measure; raises `AssertionError` when the journal or the decisions are not what they had to be."""
    async with bench(journal_partitions=PARTITIONS, recorded_time=False, min_hold=f"{MIN_HOLD_MS}ms") as stand:
        await publish(stand, events, visitors)
        intake = Measured(stand.directory / "ingest", stand.environment, "worker", "ingest")
        detection = Measured(stand.directory / "detect", stand.environment, "worker", "detect")
        judge = _Judge(stand, events, visitors)
        looks: list[tuple[Seen, ...]] = []
        try:
            await wait_async(detection.starting())
            await wait_async(intake.starting())
            # What a worker says of itself is up to a second old; the judge knows whether it was over.
            while not looks or not await judge.is_over(looks[-1][1]):
                looks += await watch([intake, detection], lambda seen: judge.may_be_over(*seen), WITHIN_S, LOOK_S)
            peak_mb = {worker.name: round(worker.peak_mb()) for worker in (intake, detection)}
        finally:
            await wait_async(intake.stopping())
            await wait_async(detection.stopping())
        await judge.check()
    speed = _speed(looks, events, judge.records, max(judge.decided.values()))
    return {"events": events, "decisions": len(judge.decided), **speed, "peak_mb": peak_mb}


class _Judge:
    """Knows what must stand in the journal, and follows it to know what must be decided."""

    def __init__(self, stand: Bench, events: int, visitors: int) -> None:
        scenario = Scenario(
            name=SCENARIO, idle_for=IDLE_MS, min_hold=MIN_HOLD_MS, once_per=DAY_MS, expires_after=DAY_MS
        )  # fmt: skip
        self._stand = stand
        self._events = events
        self._oracle = JournalOracle([scenario], FORGET_AFTER)
        self._journal = Topic(stand.settings, topics.JOURNAL.name, PARTITIONS)
        self._entries = _entries(events, visitors)
        self._found: set[tuple[bytes, str]] = set()
        self._give_up_at = 0.0
        #: All that stands in the journal, notices and ticks included.
        self.records = 0
        #: When each decision, as it is written, was first appended, ms.
        self.decided: dict[bytes, int] = {}

    def may_be_over(self, intake: Seen, detection: Seen) -> bool:
        """Say whether it looks as if everything had been read and decided."""
        is_in = intake.total("relance_records_in_total") >= self._events
        is_read = detection.total(READ) >= max(self.records, len(self._entries))
        is_quiet = is_caught_up(detection, "detect", PARTITIONS) and not detection.total("relance_pending_deadlines")
        return is_in and is_read and is_quiet

    async def is_over(self, detection: Seen) -> bool:
        """Follow the journal; say whether all of it had been read at this look, and all is decided; not for ever."""
        self._give_up_at = self._give_up_at or time.monotonic() + SETTLES_WITHIN_S
        async for record in self._journal.rest():
            said = decode(record.value)
            self.records += 1
            self._oracle.read(record.partition, record.timestamp, record.key, said)
            if said[0] in FROM_SHOP:
                self._found.add((record.key, said[1]))
        self.decided = await _decided(self._stand)
        is_decided = not self._oracle.pending() and self.decided.keys() >= self._oracle.expected.decisions
        return (is_decided and detection.total(READ) >= self.records) or time.monotonic() > self._give_up_at

    async def check(self) -> None:
        """Raise `AssertionError` unless journal and decisions are as they have to be."""
        dead = await self._stand.count(topics.DEAD_LETTERS.name)
        if self._found != self._entries or dead:
            raise AssertionError(
                f"wrong: {len(self._entries - self._found)} journal records missing, "
                f"{len(self._found - self._entries)} spurious, {dead} dead letters; no figure"
            )
        expected, decided = self._oracle.expected.decisions, self.decided.keys()
        if decided != expected:
            raise AssertionError(
                f"wrong: {len(expected - decided)} decisions missing, {len(decided - expected)} spurious; no figure"
            )


async def _decided(stand: Bench) -> dict[bytes, int]:
    """Return when each decision, as it is written, was first appended."""
    decided: dict[bytes, int] = {}
    async for record in whole(stand.settings, topics.DECISIONS.name):
        decided.setdefault(record.value, record.timestamp)
    return decided


def _entries(events: int, visitors: int) -> set[tuple[bytes, str]]:
    """Return subject and event id of all that must stand in the journal: an order goes to visitor and contact."""
    entries = set()
    for event in happenings(events, visitors):
        entries.add((f"visitor:{SHOP}:v{event.visitor}".encode(), event.id))
        contact_id = contact_of(event.visitor)
        if event.kind == "order" and contact_id is not None:
            entries.add((f"contact:{SHOP}:{contact_id}".encode(), event.id))
    return entries


def _speed(looks: Looks, events: int, records: int, decided_at: int) -> dict[str, float]:
    """Return the speed from the first look with progress until the journal was read to its end and all was decided."""
    first = next(look for look in looks if look[0].total("relance_records_in_total") > 0)
    ended = (look for look in looks if look[1].clock_ms >= decided_at and look[1].total(READ) >= records)
    last = next(ended, looks[-1])
    done = events - first[0].total("relance_records_in_total")
    seconds = last[1].at - first[0].at
    ingest_s, detect_s = (last[place].cpu_s - first[place].cpu_s for place in (0, 1))
    return {
        "events_per_s": round(done / seconds),
        "seconds": round(seconds, 2),
        "ingest_cpu_s_per_million": round(ingest_s / done * 1e6, 2),
        "detect_cpu_s_per_million": round(detect_s / done * 1e6, 2),
        "cpu_s_per_million": round((ingest_s + detect_s) / done * 1e6, 2),
    }
