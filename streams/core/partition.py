"""What follows from one partition of the journal, read in order?

Law 1  Stream time is the highest timestamp read. A deadline fires when stream time reaches it, before the record that moved the time is applied.
Law 2  A record at or below a subject's stamp changes nothing: state is a function of a prefix of the log.
Law 3  What happened is never later than its arrival: the shop's time is clamped to append time.
Law 4  Whoever is heard of again after `forget_after_ms` or more starts anew, but for a contact who has ever said yes or no; when the
       bytes go does not matter.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from streams.core import contact, visitor
from streams.core.browsing import browsed
from streams.core.deadlines import Deadlines
from streams.core.decisions import Reason
from streams.core.effects import Effects
from streams.core.events import PageViewed, Record, Tick
from streams.core.hearing import hear
from streams.core.identity import parsed
from streams.core.idleness import Idleness
from streams.core.scenarios.cart import CartRules, Episode
from streams.core.state import (
    POSITION,
    Position,
    Subject,
    VisitorSubject,
    age_of,
    decoded,
    encoded,
    encoded_position,
    head_of,
    position_of,
    unheard,
    wake_of,
)
from streams.core.visitor import Visitor

DAY_MS = 86_400_000

_decode: Callable[[bytes], Record] = msgspec.msgpack.Decoder(Record).decode


class JournalResized(Exception):
    """The journal has another number of partitions than the state was made with: subjects would not find their state."""

    def __init__(self, before: int, now: int) -> None:
        super().__init__(
            f"The journal had {before} partitions when its state was written, and now has {now}; subjects would not find their "
            f"state. Go back to {before} partitions, or move to a new journal with `relance journal repartition`."
        )


class JournalRecord(Protocol):
    """What is needed of a record that was read: offset, append time in ms (UTC), subject, encoded event."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes: ...
    @property
    def value(self) -> bytes: ...


class Partition:
    """The subjects of one journal partition, and its stream time."""

    __slots__ = (
        "_changed", "_deadlines", "_effects", "_forget_after_ms", "_forgotten", "_idleness", "_journal_partitions", "_misplaced", "_rules",
        "_states", "now", "offset", "pending",
    )  # fmt: skip

    def __init__(
        self, rules: tuple[CartRules, ...], *, forget_after_ms: int = 400 * DAY_MS, journal_partitions: int = 1
    ) -> None:
        self._rules = rules
        self._forget_after_ms = forget_after_ms
        self._journal_partitions = journal_partitions
        self._states: dict[bytes, bytes] = {}
        self._idleness = Idleness(forget_after_ms)
        #: Subjects of which the changelog holds an older record above the newest one.
        self._misplaced: set[bytes] = set()
        #: Subjects above whose newest record the changelog holds a tombstone, while it is read.
        self._forgotten: set[bytes] = set()
        #: Subjects that the present batch has changed, in that order.
        self._changed: dict[bytes, None] = {}
        self._deadlines = Deadlines()
        self._effects = Effects()
        #: Stream time, ms, UTC; 0 before the first record.
        self.now = 0
        #: Last offset applied; -1 before the first.
        self.offset = -1
        #: Subjects with a deadline.
        self.pending = 0

    def restore(self, key: bytes, stored: bytes | None) -> None:
        """Take in one changelog record; the newest wins, whatever the order. None: somebody forgot the subject."""
        known = self._states.get(key)
        if stored is None:
            self._forgotten.add(key)
        elif known is None or age_of(known) <= age_of(stored):
            self._states[key] = stored
            self._misplaced.discard(key)
            self._forgotten.discard(key)
        else:
            self._misplaced.add(key)

    def restored(self) -> None:
        """Arm the deadlines once all of the changelog has been taken in. Raises `JournalResized`."""
        position = self._states.pop(POSITION, None)
        if position is not None:
            read = position_of(position)
            self.offset, self.now = read.offset, read.now
            if read.journal_partitions != self._journal_partitions:
                raise JournalResized(read.journal_partitions, self._journal_partitions)
        self._forget()
        for key, stored in self._states.items():
            head = head_of(stored)
            self._idleness.add(key, head.heard)
            if head.wake:
                self.pending += 1
                self._deadlines.add(key, head.wake)

    def _forget(self) -> None:
        """Drop whom a tombstone covers. A zombie's may cover somebody who was heard of since: a tombstone has no stamp, silence tells."""
        for key in self._forgotten & self._states.keys():
            told = decoded(key, self._states[key])
            if not told.may_be_forgotten or self.now - told.heard < self._forget_after_ms:
                self._misplaced.add(key)
            else:
                del self._states[key]
        self._forgotten.clear()

    def overhear(self, key: bytes, stored: bytes | None) -> None:
        """Take notice of a changelog record that somebody else wrote above ours: an older one must be covered again."""
        known = self._position() if key == POSITION else self._states.get(key)
        if known is not None and (stored is None or age_of(stored) < age_of(known)):
            self._misplaced.add(key)

    @property
    def is_misplaced(self) -> bool:
        """Whether `rewrites` has something."""
        return bool(self._misplaced)

    def rewrites(self) -> list[tuple[bytes, bytes | None]]:
        """Return the newest records of what is misplaced, to be written above the older ones."""
        misplaced, self._misplaced = self._misplaced, set()
        return [(key, self._position() if key == POSITION else self._states.get(key)) for key in sorted(misplaced)]

    def __len__(self) -> int:
        return len(self._states)

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Return every subject's key and bytes."""
        return self._states.items()

    def apply(self, records: Iterable[JournalRecord]) -> Effects:
        """Apply a batch of records and return what follows from it.

        Each subject goes back into its bytes at once: a thousand of them taken apart are too much for a processor's cache
        (deploy/decisions/0008-what-made-detection-faster.md).
        """
        states, changed, deadlines, forget_after_ms = (
            self._states,
            self._changed,
            self._deadlines,
            self._forget_after_ms,
        )
        now, last = self.now, self.offset
        for record in records:
            offset, timestamp = record.offset, record.timestamp
            if timestamp > now:
                self.now = now = timestamp
                if deadlines.next_at <= now:
                    self._fire(offset)
            if offset > last:
                last = offset
            event = _decode(record.value)
            if type(event) is Tick:
                continue
            key = record.key
            if type(event) is PageViewed and (stored := states.get(key)) is not None:
                stored = browsed(stored, event, offset, now, forget_after_ms)
                if stored is not None:
                    states[key] = stored
                    changed[key] = None
                    continue
            self._hear(key, event, offset)
        self.offset = last
        return self._finished()

    def next_due(self, until: int) -> int | None:
        """Return the earliest deadline at or before `until`, ms, UTC."""
        if self._deadlines.next_at > until:
            return None
        due = self._deadlines.peek(until, self._wake_of)
        return due and due[0]

    def _hear(self, key: bytes, event: Record, offset: int) -> None:
        told, now = self._told(key), self.now
        if offset <= told.stamp:
            return
        told.stamp = offset
        if now - told.heard >= self._forget_after_ms and told.may_be_forgotten:
            told.forget()
        told.heard = now
        before = told.kept
        hear(key, told, event, now=now, rules=self._rules, effects=self._effects)
        if told.kept is not before and type(told) is VisitorSubject:
            self._rearm(key, told, told.body.wake_at)
        self._keep(key, told)

    def _told(self, key: bytes) -> Subject:
        stored = self._states.get(key)
        if stored is not None:
            return decoded(key, stored)
        self._idleness.add(key, self.now)
        return unheard(key, self.now)

    def _keep(self, key: bytes, told: Subject) -> None:
        self._states[key] = encoded(told)
        self._changed[key] = None

    def _wake_of(self, key: bytes) -> int:
        stored = self._states.get(key)
        return 0 if stored is None else wake_of(stored)

    def _finished(self) -> Effects:
        effects, self._effects = self._effects, Effects()
        states, changes = self._states, effects.changes
        changes.extend([(key, states[key]) for key in self._changed])
        self._changed.clear()
        changes.extend([(key, None) for key in self._idleness.swept(states, self.now)])
        changes.append((POSITION, self._position()))
        return effects

    def _position(self) -> bytes:
        return encoded_position(Position(self.offset, self.now, self._journal_partitions))

    def _fire(self, offset: int) -> None:
        while (due := self._deadlines.pop(self.now, self._wake_of)) is not None:
            key = due[1]
            told = self._told(key)
            told.stamp = max(told.stamp, offset - 1)
            told.kept, abandoned = visitor.at_deadline(told.body, now=self.now, rules=self._rules)
            told.wake = 0  # its place among the deadlines is gone
            self.pending -= 1
            self._rearm(key, told, told.body.wake_at)
            self._keep(key, told)
            for rules, episode in abandoned:
                self._abandoned(key, told.body, rules, episode)

    def _abandoned(self, key: bytes, body: Visitor, rules: CartRules, episode: Episode) -> None:
        self._effects.count_ended("abandoned", 1)
        _, shop_id, visitor_id = parsed(key)
        candidate = visitor.candidate(body, visitor_id, rules, episode)
        if body.contact_id is not None:
            self._effects.notify(shop_id, body.contact_id, (candidate,))
        else:
            self._effects.decisions.append(contact.decided(shop_id, None, candidate, Reason.NO_CONTACT, (), self.now))

    def _rearm(self, key: bytes, told: Subject, wake: int) -> None:
        """Note when to look again. A deadline that was only pushed back keeps its place in an earlier bucket."""
        if wake and (told.wake == 0 or wake < told.wake):
            self._deadlines.add(key, wake)
        self.pending += (wake > 0) - (told.wake > 0)
        told.wake = wake
