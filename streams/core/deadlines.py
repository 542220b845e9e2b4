"""Which subjects are due, without ever scanning them all?

A subject stands in the bucket of some second at or before the one it is due in. A bucket is looked into when stream time reaches
its second: whoever is due later by then moves on to a later bucket, whoever is due in it waits in a small heap for the exact
millisecond. So a deadline that every page view pushes back costs nothing until its first bucket comes up
(deploy/decisions/0003-one-place-per-subject-among-the-deadlines.md).
"""

from collections.abc import Callable
from heapq import heappop, heappush

#: A bound beyond every time there is.
NEVER = 1 << 62
SECOND_MS = 1000

WakeOf = Callable[[bytes], int]


class Deadlines:
    """The deadlines of one partition. Times in ms, UTC; a wake-up time of 0 is none."""

    __slots__ = ("_buckets", "_near", "_opened", "_seconds", "next_at")

    def __init__(self) -> None:
        self._buckets: dict[int, list[bytes]] = {}
        self._seconds: list[int] = []
        self._near: list[tuple[int, bytes]] = []
        self._opened = -1
        #: Nothing is due before this time.
        self.next_at = NEVER

    def add(self, key: bytes, at: int) -> None:
        """Have a subject looked at when `at` is reached."""
        second = at // SECOND_MS
        if second <= self._opened:
            heappush(self._near, (at, key))
        elif second in self._buckets:
            self._buckets[second].append(key)
        else:
            self._buckets[second] = [key]
            heappush(self._seconds, second)
        if at < self.next_at:
            self.next_at = at

    def pop(self, now: int, wake_of: WakeOf) -> tuple[int, bytes] | None:
        """Take the earliest subject that is due at `now`, by (deadline, key); None when nobody is."""
        while True:
            if self._seconds and self._seconds[0] * SECOND_MS <= now:
                self._open(now // SECOND_MS, wake_of)
            if not self._near or self._near[0][0] > now:
                self._bound()
                return None
            at, key = due = heappop(self._near)
            wake = wake_of(key)
            if wake == at:
                return due
            if wake:
                self.add(key, wake)

    def peek(self, now: int, wake_of: WakeOf) -> tuple[int, bytes] | None:
        """Say who is due first at `now`, leaving it there."""
        due = self.pop(now, wake_of)
        if due is not None:
            heappush(self._near, due)
        return due

    def _open(self, second: int, wake_of: WakeOf) -> None:
        while self._seconds and self._seconds[0] <= second:
            opened = heappop(self._seconds)
            if opened > self._opened:
                self._opened = opened
            for key in dict.fromkeys(self._buckets.pop(opened)):
                wake = wake_of(key)
                if wake:
                    self.add(key, wake)

    def _bound(self) -> None:
        near = self._near[0][0] if self._near else NEVER
        far = self._seconds[0] * SECOND_MS if self._seconds else NEVER
        self.next_at = min(near, far)
