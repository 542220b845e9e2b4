"""What must have been decided, and told to whom, about a journal as it stands?

Append times, ticks, duplicates and all that detection itself appended are taken as they are written. Shares no code with `streams`.

Time      A partition's time is the highest append time read from it. Before a record that moves it is applied, every deadline up to
          it fires; all episodes of one visitor that are due by then end together.
Heard     An event is new to a subject when its offset is above the highest heard from its source partition, and its digest is not among
          the last 2048 heard. Candidates and orders handed over have digests only, devices have neither.
Forgotten Whoever was not heard of for `forget_after`, and waits for nothing, starts anew, but for a contact who ever said yes or no.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from tests.chaos.journal_layout import (
    ADDRESS,
    CANDIDATE,
    CART_CHANGE,
    CONSENT,
    DEVICE,
    FROM_SHOP,
    ORDER,
    TICK,
    Record,
    encode,
    json,
)
from tests.chaos.journal_people import Address, Contact, Scenario, Visitor, decision_line

MOST_DIGESTS = 2048


@dataclass
class Expected:
    """All that a journal leads to, each once."""

    decisions: set[bytes] = field(default_factory=set)
    #: What stands on `relaunch`.
    relaunches: set[bytes] = field(default_factory=set)
    #: Subject and encoded record of what must be in the journal besides what shops said.
    notices: set[tuple[bytes, bytes]] = field(default_factory=set)


class JournalOracle:
    """Reads a journal record by record, each partition in order."""

    def __init__(self, scenarios: list[Scenario], forget_after: int) -> None:
        self.expected = Expected()
        self._scenarios = scenarios
        self._forget_after = forget_after
        self._partitions: dict[int, _Partition] = {}

    def read(self, partition: int, timestamp: int, key: bytes, record: Record) -> None:
        """Take in the next record of a partition, decoded."""
        if partition not in self._partitions:
            self._partitions[partition] = _Partition(self._scenarios, self._forget_after, self.expected)
        self._partitions[partition].read(timestamp, key, record)

    def pending(self) -> dict[int, int]:
        """Return the last deadline of each partition that has any, ms, UTC."""
        last = {number: partition.last_deadline() for number, partition in self._partitions.items()}
        return {number: at for number, at in last.items() if at}


@dataclass(slots=True)
class _Subject:
    """One subject: who it is, and what it has heard."""

    kind: str
    shop_id: str
    person: Visitor | Contact | Address
    #: When a record last named it.
    heard_at: int
    #: Highest offset heard, by source partition.
    sources: dict[int, int] = field(default_factory=dict)
    #: The last digests heard, oldest first.
    digests: dict[bytes, None] = field(default_factory=dict)

    def is_new(self, record: Record) -> bool:
        kind = record[0]
        if kind in FROM_SHOP:
            source, offset = record[4], record[5]
            if self.sources.get(source, -1) >= offset:
                return False
            self.sources[source] = offset
        if kind == DEVICE:
            return True
        digest = record[2] if kind in FROM_SHOP else record[1]
        if digest in self.digests:
            return False
        self.digests[digest] = None
        if len(self.digests) > MOST_DIGESTS:
            del self.digests[next(iter(self.digests))]
        return True


class _Partition:
    def __init__(self, scenarios: list[Scenario], forget_after: int, expected: Expected) -> None:
        self._scenarios = scenarios
        self._forget_after = forget_after
        self._expected = expected
        self._now = 0
        self._subjects: dict[bytes, _Subject] = {}
        #: (deadline, visitor's key); void unless the visitor's first deadline is that.
        self._deadlines: list[tuple[int, bytes]] = []

    def last_deadline(self) -> int:
        people = (subject.person for subject in self._subjects.values())
        return max((person.wakes_at for person in people if isinstance(person, Visitor)), default=0)

    def read(self, timestamp: int, key: bytes, record: Record) -> None:
        if timestamp > self._now:
            self._now = timestamp
            self._fire()
        if record[0] == TICK:
            return
        subject = self._subject(key)
        if not subject.is_new(record):
            return
        person = subject.person
        if isinstance(person, Visitor):
            self._tell_visitor(subject, person, key, record)
        elif isinstance(person, Contact):
            self._tell_contact(person, record)
        else:
            self._tell_address(subject, person, record)

    def _subject(self, key: bytes) -> _Subject:
        subject = self._subjects.get(key)
        if subject is None or self._is_forgotten(subject):
            kind, shop_id, id = key.decode().split(":", 2)
            person = Visitor(id) if kind == "visitor" else Contact(shop_id, id) if kind == "contact" else Address()
            subject = self._subjects[key] = _Subject(kind, shop_id, person, self._now)
        subject.heard_at = self._now
        return subject

    def _is_forgotten(self, subject: _Subject) -> bool:
        waits = isinstance(subject.person, Visitor) and subject.person.wakes_at
        has_said = isinstance(subject.person, Contact) and subject.person.consents
        return not waits and not has_said and self._now - subject.heard_at >= self._forget_after

    def _tell_visitor(self, subject: _Subject, visitor: Visitor, key: bytes, record: Record) -> None:
        id, at = record[1], min(record[3], self._now)
        self._notify(subject.shop_id, record[6], visitor.link(record[6]))
        before = visitor.wakes_at
        if record[0] == CART_CHANGE:
            visitor.change_cart(id, at, self._now, record[7:], self._scenarios)
        elif record[0] == ORDER:
            self._notify(subject.shop_id, visitor.contact_id, visitor.order(at, record))
        else:
            visitor.be_active(id, at, self._now, self._scenarios)
        if visitor.wakes_at not in (0, before):
            heappush(self._deadlines, (visitor.wakes_at, key))

    def _tell_contact(self, contact: Contact, record: Record) -> None:
        kind = record[0]
        if kind == CONSENT:
            contact.consent(min(record[3], self._now), record[1], *record[6:])
        elif kind == ORDER:
            contact.order(min(record[3], self._now), record[1], record[7], record[8])
        elif kind == DEVICE:
            contact.device(record[1])
        elif kind == CANDIDATE:
            decision, relaunch = contact.decide(record, self._now)
            self._expected.decisions.add(decision)
            if relaunch is not None:
                self._expected.relaunches.add(relaunch)
        else:
            contact.order(min(record[3], self._now), record[2], record[4], record[5])

    def _tell_address(self, subject: _Subject, address: Address, record: Record) -> None:
        at = min(record[3], self._now)
        told = address.belong(record[6]) if record[0] == ADDRESS else address.order(at, record)
        self._notify(subject.shop_id, address.contact_id, told)

    def _notify(self, shop_id: str, contact_id: str | None, told: list[Record]) -> None:
        for record in told:
            self._expected.notices.add((f"contact:{shop_id}:{contact_id}".encode(), encode(record)))

    def _fire(self) -> None:
        for key, visitor in self._due():
            shop_id = self._subjects[key].shop_id
            for candidate in visitor.give_up(self._now, self._scenarios):
                if visitor.contact_id is not None:
                    self._notify(shop_id, visitor.contact_id, [candidate])
                else:
                    line = decision_line(shop_id, None, candidate, "no_contact", [], self._now)
                    self._expected.decisions.add(json(line))
            if visitor.wakes_at:
                heappush(self._deadlines, (visitor.wakes_at, key))

    def _due(self) -> Iterator[tuple[bytes, Visitor]]:
        while self._deadlines and self._deadlines[0][0] <= self._now:
            at, key = heappop(self._deadlines)
            visitor = self._subjects[key].person
            if isinstance(visitor, Visitor) and visitor.wakes_at == at:
                yield key, visitor
