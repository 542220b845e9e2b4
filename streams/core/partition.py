"""What follows from one partition of the journal, read in order?

Law 1  Stream time is the highest timestamp read. A deadline fires when stream time reaches it, before the record that moved the time is applied.
Law 2  A record at or below a subject's stamp changes nothing: state is a function of a prefix of the log.
Law 3  What happened is never later than its arrival: the shop's time is clamped to append time.
Law 4  A visitor or an address that is heard of again after `forget_after_ms` or more starts anew; when its bytes go does not matter.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from streams.core import contact, visitor
from streams.core.deadlines import Deadlines
from streams.core.decisions import Reason
from streams.core.effects import Effects
from streams.core.events import Record, Tick
from streams.core.hearing import hear
from streams.core.idleness import Idleness
from streams.core.scenarios.cart import CartRules, Episode
from streams.core.state import CONTACT_KIND, HEADER, POSITION, VISITOR_KIND, Subject, age_of, wake_of
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
        "_deadlines", "_effects", "_forget_after_ms", "_idleness", "_journal_partitions", "_live", "_misplaced", "_rules",
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
        self._live: dict[bytes, Subject] = {}
        self._deadlines = Deadlines()
        self._effects = Effects()
        #: Stream time, ms, UTC; 0 before the first record.
        self.now = 0
        #: Last offset applied; -1 before the first.
        self.offset = -1
        #: Subjects with a deadline.
        self.pending = 0

    def restore(self, key: bytes, stored: bytes | None) -> None:
        """Take in one changelog record; the newest wins, whatever the order. None: the subject was forgotten."""
        known = self._states.get(key)
        if stored is None:
            self._states.pop(key, None)
        elif known is None or age_of(known) <= age_of(stored):
            self._states[key] = stored
            self._misplaced.discard(key)
        else:
            self._misplaced.add(key)

    def restored(self) -> None:
        """Arm the deadlines once all of the changelog has been taken in. Raises `JournalResized`."""
        position = self._states.pop(POSITION, None)
        if position is not None:
            self.offset, self.now, journal_partitions = HEADER.unpack(position)
            if journal_partitions != self._journal_partitions:
                raise JournalResized(journal_partitions, self._journal_partitions)
        for key, stored in self._states.items():
            self._idleness.add(key, stored)
            wake = wake_of(stored)
            if wake:
                self.pending += 1
                self._deadlines.add(key, wake)

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

    def apply(self, records: Iterable[JournalRecord]) -> Effects:
        """Apply a batch of records and return what follows from it."""
        live = self._live
        for record in records:
            if record.timestamp > self.now:
                self.now = record.timestamp
                if self._deadlines.next_at <= self.now:
                    self._fire(record.offset)
            offset, key = record.offset, record.key
            if offset > self.offset:
                self.offset = offset
            event = _decode(record.value)
            if type(event) is Tick:
                continue
            told = live.get(key) or self._load(key)
            if offset > told.stamp:
                told.stamp = offset
                if self.now - told.heard >= self._forget_after_ms and not told.wake and told.kind != CONTACT_KIND:
                    told.forget()
                told.heard = self.now
                before = told.body
                hear(told, event, now=self.now, rules=self._rules, effects=self._effects)
                if told.body is not before and told.kind == VISITOR_KIND:
                    self._rearm(told, told.body.wake_at)
        return self._saved()

    def next_due(self, until: int) -> int | None:
        """Return the earliest deadline at or before `until`, ms, UTC."""
        if self._deadlines.next_at > until:
            return None
        due = self._deadlines.peek(until, self._wake_of)
        return due and due[0]

    def _load(self, key: bytes) -> Subject:
        loaded = self._live[key] = Subject(key, self._states.get(key), self.now)
        return loaded

    def _wake_of(self, key: bytes) -> int:
        told = self._live.get(key)
        if told is not None:
            return told.wake
        stored = self._states.get(key)
        return wake_of(stored) if stored is not None else 0

    def _saved(self) -> Effects:
        effects, self._effects = self._effects, Effects()
        for key, told in self._live.items():
            stored = told.encoded()
            known = self._states.get(key)
            self.pending += (told.wake > 0) - (known is not None and wake_of(known) > 0)
            self._states[key] = stored
            effects.changes.append((key, stored))
            if known is None:
                self._idleness.add(key, stored)
        self._live.clear()
        effects.changes.extend((key, None) for key in self._idleness.swept(self._states, self.now))
        effects.changes.append((POSITION, self._position()))
        return effects

    def _position(self) -> bytes:
        return HEADER.pack(self.offset, self.now, self._journal_partitions)

    def _fire(self, offset: int) -> None:
        while (due := self._deadlines.pop(self.now, self._wake_of)) is not None:
            key = due[1]
            told = self._live.get(key) or self._load(key)
            told.stamp = max(told.stamp, offset - 1)
            told.body, abandoned = visitor.at_deadline(told.body, now=self.now, rules=self._rules)
            told.wake = 0  # its place among the deadlines is gone
            self._rearm(told, told.body.wake_at)
            for rules, episode in abandoned:
                self._abandoned(told, told.body, rules, episode)

    def _abandoned(self, told: Subject, body: Visitor, rules: CartRules, episode: Episode) -> None:
        self._effects.count_ended("abandoned", 1)
        candidate = visitor.candidate(body, told.id, rules, episode)
        if body.contact_id is not None:
            self._effects.notify(told.shop_id, body.contact_id, (candidate,))
        else:
            self._effects.decisions.append(
                contact.decided(told.shop_id, None, candidate, Reason.NO_CONTACT, (), self.now)
            )

    def _rearm(self, told: Subject, wake: int) -> None:
        """Note when to look again. A deadline that was only pushed back keeps its place in an earlier bucket."""
        if wake and (told.wake == 0 or wake < told.wake):
            self._deadlines.add(told.key, wake)
        told.wake = wake
