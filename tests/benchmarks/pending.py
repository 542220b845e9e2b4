"""What does an event cost while many deadlines are pending?

Run as a program, `python -m tests.benchmarks.pending DEADLINES EVENTS VISITORS`: the pure core, with deadlines that lie a month ahead. It
says so when they are there; told the number of a pass, it applies the same traffic again, to other visitors, and answers what that cost.
"""

import gc
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from streams.core.effects import Effects
from streams.core.identity import VISITOR, subject
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.journal.records import TICK, TICK_KEY, encode
from tests.benchmarks.detect import record_of
from tests.benchmarks.past import Written
from tests.benchmarks.process import resident_mb
from tests.benchmarks.workload import IDLE_MS, SCENARIO, SHOP, SPAN_MS, START_MS, Happening, happenings, relaunch_ids

#: An event that arrives in time makes a cart due so much later, one that arrives late after the usual silence.
MONTH_MS = 30 * 86_400_000
RULES = (CartRules(name=SCENARIO, idle_for_ms=MONTH_MS, min_hold_ms=IDLE_MS),)
BATCH = 500


class Crowd:
    """One partition of the core, and so many visitors who wait for a deadline."""

    def __init__(self, deadlines: int, events: int, visitors: int) -> None:
        self._deadlines = deadlines
        self._events = events
        self._visitors = visitors
        self._partition = Partition(RULES)
        self._offset = 0
        chance = random.Random(deadlines)
        for first in range(0, deadlines, BATCH):
            numbers = range(first, min(deadlines, first + BATCH))
            waiting = [Happening(number, "add", number, START_MS - chance.randrange(SPAN_MS)) for number in numbers]
            self._partition.apply([self._written(f"waiting{event.number}", event, START_MS) for event in waiting])
        assert self._partition.pending == deadlines, "every one of them waits"

    def measured(self, number: int) -> dict[str, float]:
        """Apply the traffic once more, ten recorded hours later; raises `AssertionError` when it led to something wrong."""
        traffic = list(self._traffic(number))
        # As late as this, all of it is held for the usual silence.
        told = [
            self._written(f"v{event.visitor}", replace(event, at=event.at - MONTH_MS), event.at) for event in traffic
        ]
        told.append(self._at(START_MS + 2 * (number + 1) * SPAN_MS, TICK_KEY, TICK))
        decided: set[str] = set()
        started = time.process_time()
        for first in range(0, len(told), BATCH):
            batch = told[first : first + BATCH]
            while batch:
                effects = self._partition.apply(batch)
                decided.update(decision.relaunch_id for decision in effects.decisions)
                batch = self._back(effects)
        cpu_s = time.process_time() - started
        expected = relaunch_ids(iter(traffic))
        assert decided == expected, f"wrong: {len(expected - decided)} missing, {len(decided - expected)} spurious"
        assert self._partition.pending == self._deadlines, "the others still wait"
        return {"cpu_us_per_event": cpu_s / self._events * 1e6, "decisions": len(decided), "resident_mb": resident_mb()}

    def _traffic(self, number: int) -> Iterator[Happening]:
        for event in happenings(self._events, self._visitors):
            yield Happening(
                self._deadlines + number * self._events + event.number,
                event.kind,
                # A multiple of ten, so that as many are linked to a contact.
                10 * number * self._visitors + event.visitor,
                event.at + 2 * number * SPAN_MS,
            )

    def _written(self, visitor_id: str, event: Happening, arrived_at: int) -> Written:
        return self._at(arrived_at, subject(VISITOR, SHOP, visitor_id), encode(record_of(event)))

    def _at(self, arrived_at: int, key: bytes, value: bytes) -> Written:
        self._offset += 1
        return Written(self._offset, arrived_at, key, value)

    def _back(self, effects: Effects) -> list[Written]:
        """What contacts are told comes back through the journal."""
        return [self._at(self._partition.now, key, encode(notice)) for key, notice in effects.notices]


def main(deadlines: int, events: int, visitors: int) -> None:
    """Answer for as long as somebody asks."""
    crowd = Crowd(deadlines, events, visitors)
    print(json.dumps({"resident_mb": resident_mb()}), flush=True)
    for line in sys.stdin:
        print(json.dumps(crowd.measured(int(line))), flush=True)


if __name__ == "__main__":
    # As in a worker (`streams/cli/running.py`).
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    main(*map(int, sys.argv[1:]))
