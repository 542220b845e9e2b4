"""What do shops publish while a test looks on?

A made-up history (`tests/chaos/histories.py`), as hard as they come, told in seconds.
"""

from collections.abc import Iterator

import msgspec

from streams.recording import Line
from tests.chaos.histories import Habits, history

#: As in `Installation.write_scenarios`.
IDLE_FOR_MS, MIN_HOLD_MS, ONCE_PER_MS = 3_000, 1_000, 12_000
SHOPS = 2
#: A history is silent for hours now and then; a test waits no longer than this.
LONGEST_SILENCE_MS = 1_500


def traffic(seed: int, *, events: int, lasts_ms: int) -> Iterator[Line]:
    """Yield a recording of about this length in which every device is active about once in `IDLE_FOR_MS`."""
    gap_ms = lasts_ms / events
    habits = Habits(
        shops=SHOPS,
        mean_gap_ms=max(1, round(gap_ms)),
        idle_for_ms=IDLE_FOR_MS,
        min_hold_ms=MIN_HOLD_MS,
        once_per_ms=ONCE_PER_MS,
    )
    lines = history(seed, events, round(IDLE_FOR_MS / gap_ms / SHOPS), habits)
    before = lines[0]["at"]
    silences_ms = 0
    for line in lines:
        silences_ms += max(0, line["at"] - before - LONGEST_SILENCE_MS)
        before = max(before, line["at"])
        value = line["value"]
        if isinstance(value, dict) and type(value.get("occurred_at")) is int:
            value = value | {"occurred_at": value["occurred_at"] - silences_ms}
        yield Line(line["topic"], line["at"] - silences_ms, None if value is None else msgspec.json.encode(value))
