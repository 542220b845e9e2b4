"""Who has not been heard of for so long that their bytes may go?

A subject stands in the hour in which it was last looked at. When that hour is old enough it is looked at again: whoever was heard of
since moves on, the others go. A contact who has said yes or no stays: a consent outlives any silence.
"""

from streams.core.state import decoded

HOUR_MS = 3_600_000


class Idleness:
    """The subjects of one partition by the hour of their last look."""

    __slots__ = ("_forget_after_ms", "_hours", "_sweep_at")

    def __init__(self, forget_after_ms: int) -> None:
        self._forget_after_ms = forget_after_ms
        self._hours: dict[int, list[bytes]] = {}
        self._sweep_at = 0

    def add(self, key: bytes, heard: int) -> None:
        """Have a new subject, last heard of at `heard` (ms, UTC), looked at when it may be forgotten."""
        self._put(key, heard // HOUR_MS)

    def swept(self, states: dict[bytes, bytes], now: int) -> list[bytes]:
        """Remove from `states` whom nobody has heard of for long enough at `now` (ms, UTC); return their keys."""
        if now < self._sweep_at:
            return []
        gone: list[bytes] = []
        for hour in sorted(hour for hour in self._hours if self._is_old(hour, now)):
            for key in self._hours.pop(hour):
                told = decoded(key, states[key])
                heard_in = told.heard // HOUR_MS
                if not self._is_old(heard_in, now) or told.wake:
                    self._put(key, max(heard_in, hour + 1))
                elif told.may_be_forgotten:
                    del states[key]
                    gone.append(key)
        self._sweep_at = (min(self._hours) + 1) * HOUR_MS + self._forget_after_ms if self._hours else 0
        return gone

    def _put(self, key: bytes, hour: int) -> None:
        if hour in self._hours:
            self._hours[hour].append(key)
        else:
            self._hours[hour] = [key]
            self._sweep_at = min(self._sweep_at, (hour + 1) * HOUR_MS + self._forget_after_ms)

    def _is_old(self, hour: int, now: int) -> bool:
        return (hour + 1) * HOUR_MS + self._forget_after_ms <= now
