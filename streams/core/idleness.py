"""Who has not been heard of for so long that their bytes may go?

A subject stands in the hour in which it was last looked at. When that hour is old enough it is looked at again: whoever was heard of
since moves on, the others go. Contacts stay: a consent outlives any silence.
"""

from streams.core.state import CONTACT_KIND, heard_of, wake_of

HOUR_MS = 3_600_000


class Idleness:
    """The subjects of one partition by the hour of their last look."""

    __slots__ = ("_forget_after_ms", "_hours", "_sweep_at")

    def __init__(self, forget_after_ms: int) -> None:
        self._forget_after_ms = forget_after_ms
        self._hours: dict[int, list[bytes]] = {}
        self._sweep_at = 0

    def add(self, key: bytes, stored: bytes) -> None:
        """Have a new subject looked at when it may be forgotten."""
        if key[:1] != CONTACT_KIND:
            self._put(key, heard_of(stored) // HOUR_MS)

    def swept(self, states: dict[bytes, bytes], now: int) -> list[bytes]:
        """Remove from `states` whom nobody has heard of for long enough at `now` (ms, UTC); return their keys."""
        if now < self._sweep_at:
            return []
        gone: list[bytes] = []
        for hour in sorted(hour for hour in self._hours if self._is_old(hour, now)):
            for key in self._hours.pop(hour):
                stored = states[key]
                heard_in = heard_of(stored) // HOUR_MS
                if self._is_old(heard_in, now) and not wake_of(stored):
                    del states[key]
                    gone.append(key)
                else:
                    self._put(key, max(heard_in, hour + 1))
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
