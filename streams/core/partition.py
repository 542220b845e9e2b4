"""What follows from one partition of the journal, read in order?

Law 1  Stream time is the highest timestamp read. A deadline fires when stream time reaches it, before the record that moved the time is applied.
Law 2  A record at or below a subject's stamp changes nothing: state is a function of a prefix of the log.
Law 3  What happened is never later than its arrival: the shop's time is clamped to append time.
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
from streams.core.scenarios.cart import CartRules, Episode
from streams.core.state import HEADER, POSITION, VISITOR_KIND, Subject, stamp_of, wake_of
from streams.core.visitor import Visitor

_decode: Callable[[bytes], Record] = msgspec.msgpack.Decoder(Record).decode


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

    __slots__ = ("_deadlines", "_effects", "_live", "_rules", "_states", "now", "offset", "pending")

    def __init__(self, rules: tuple[CartRules, ...]) -> None:
        self._rules = rules
        self._states: dict[bytes, bytes] = {}
        self._live: dict[bytes, Subject] = {}
        self._deadlines = Deadlines()
        self._effects = Effects()
        #: Stream time, ms, UTC; 0 before the first record.
        self.now = 0
        #: Last offset applied; -1 before the first.
        self.offset = -1
        #: Subjects with a deadline.
        self.pending = 0

    def restore(self, key: bytes, stored: bytes) -> None:
        """Take in one changelog record; the newest stamp wins, whatever the order."""
        known = self._states.get(key)
        if known is None or stamp_of(known) <= stamp_of(stored):
            self._states[key] = stored

    def restored(self) -> None:
        """Arm the deadlines once all of the changelog has been taken in."""
        position = self._states.pop(POSITION, None)
        if position is not None:
            self.offset, self.now = HEADER.unpack(position)
        for key, stored in self._states.items():
            wake = wake_of(stored)
            if wake:
                self.pending += 1
                self._deadlines.add(key, wake)

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
        loaded = self._live[key] = Subject(key, self._states.get(key))
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
        self._live.clear()
        effects.changes.append((POSITION, HEADER.pack(self.offset, self.now)))
        return effects

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
