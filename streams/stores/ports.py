"""What must a suppression table do?

Law 1  Facts and the watermark that covers them are written together or not at all.
Law 2  A missing watermark means that nothing was applied. It is never zero.
Law 3  Whatever the order facts arrive in, the verdict is the same: the newest word counts, and a withdrawal wins a tie.
Law 4  A relaunch is reserved once. Who finds it reserved, without a result, cannot know whether it was sent, and does
       not send.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from streams.core.decisions import Reason
from streams.stores.facts import Fact

#: Orders remembered of one subject; beyond it, those that stop nothing go first, then the oldest.
MOST_ORDERS = 64


class Applied(Struct, frozen=True):
    """The facts are in the table, and the watermark has moved."""


class Refused(Struct, frozen=True):
    """Nothing was written: the watermark is elsewhere. Read on from it; None is the partition's beginning."""

    watermark: int | None


class Request(Struct, frozen=True, kw_only=True):
    """May this relaunch be sent, now?"""

    relaunch_id: str
    #: Subject of whom it is for.
    contact: bytes
    #: Further subjects whose purchase stops it: devices, cart. The contact, its mail and its phone are looked up.
    identities: tuple[bytes, ...]
    channel: str
    scenario: str
    #: A purchase at or after it stops the message; ms since the epoch, UTC.
    trigger_at: int
    #: At most one relaunch of the contact and scenario in this time.
    once_per_ms: int
    #: The sender's clock, ms since the epoch, UTC.
    now_ms: int


class Reserved(Struct, frozen=True):
    """Nothing speaks against it, and it is the caller's: send it, then settle it, or release it."""


class Suppressed(Struct, frozen=True):
    """Do not send."""

    reason: Reason
    #: Ids of the events behind it; with `pressure`, the id of the other relaunch.
    evidence: tuple[str, ...]


class AlreadyReserved(Struct, frozen=True):
    """Somebody took it and never told what came of it: the outcome is unknown. Do not send."""


class AlreadySettled(Struct, frozen=True):
    """It was taken and has a result. Do not send."""

    #: As it was given to `settle`.
    result: str


Verdict = Reserved | Suppressed | AlreadyReserved | AlreadySettled


class SuppressionTable(Protocol):
    """Purchases, consent and reservations; every method raises `StoreError`."""

    async def next_offsets(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Return the next offset to apply of each partition; one that was never applied is absent."""
        ...

    async def apply(
        self, topic: str, partition: int, *, expected: int | None, next_offset: int, facts: Sequence[Fact]
    ) -> Applied | Refused:
        """Write facts and move the watermark, provided that it is `expected`: None if there is none yet.

        `next_offset` is one above the last offset read, gaps and fences included.

        Warning: one call is one script, and the server does nothing else meanwhile: some hundred records at a time.
        """
        ...

    async def reserve(self, request: Request) -> Verdict:
        """Check everything that could speak against a relaunch and reserve it, in one step."""
        ...

    async def taken(self, relaunch_id: str) -> AlreadyReserved | AlreadySettled | None:
        """Return what reserving would find of an earlier reservation, without reserving; None if there is none."""
        ...

    async def settle(self, relaunch_id: str, result: str) -> None:
        """Note what became of a reserved relaunch. The first result stays."""
        ...

    async def release(self, relaunch_id: str) -> None:
        """Give a reservation back, with its place in the window, for a later attempt to take. A settled one stays."""
        ...
