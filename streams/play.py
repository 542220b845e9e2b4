"""How does a recording become live traffic?

Its records are published in order, at the moments it says, its first one now: `occurred_at` moves along, and both are compressed
by `speed`. Nothing else in a value is touched.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from streams.lane.outbox import Outbox
from streams.recording import Line, key_of

Progress = Callable[[int], None]
LINGER_SECONDS = 0.01


async def play(lines: Iterable[Line], outbox: Outbox, *, speed: float, progress: Progress) -> int:
    """Publish a recording; `progress` is told how many records are out. Returns their number once all are acknowledged."""
    clock = None
    played = 0
    acknowledged: list[asyncio.Future[Any]] = []
    for line in lines:
        clock = clock or Clock(line.at, speed)
        wait = clock.seconds_until(line.at)
        if wait > LINGER_SECONDS:
            await asyncio.sleep(wait)
        value = clock.moved(line.value)
        key = key_of(line.topic, line.value) or b""  # compacted topics take no record without a key
        acknowledged.append(await outbox.one(line.topic, key, value))
        played += 1
        progress(played)
        if len(acknowledged) >= 1000:
            await asyncio.gather(*acknowledged)
            acknowledged.clear()
    await asyncio.gather(*acknowledged)
    return played


class Clock:
    """A recording's time on the wall."""

    def __init__(self, first_at: int, speed: float) -> None:
        self._first_at = first_at
        self._speed = speed
        self._started_ms = time.time_ns() // 1_000_000

    def wall_ms(self, at: int) -> int:
        """Return when a moment of the recording happens now, ms, UTC."""
        return self._started_ms + round((at - self._first_at) / self._speed)

    def seconds_until(self, at: int) -> float:
        """Return how long to wait for it."""
        return (self.wall_ms(at) - time.time_ns() // 1_000_000) / 1000

    def moved(self, value: bytes | None) -> bytes | None:
        """Return an event's bytes with its `occurred_at` moved; bytes that hold none stay as they are."""
        try:
            event = msgspec.json.decode(value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return value
        if not isinstance(event, dict) or not _is_time(event.get("occurred_at")):
            return value
        return msgspec.json.encode(event | {"occurred_at": self.wall_ms(event["occurred_at"])})


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
