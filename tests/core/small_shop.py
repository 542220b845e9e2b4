"""Which journals can a small shop write?

Two visitors, two contacts and one address, where a cart is left within milliseconds: whatever the rules tell apart happens often, and
a full second ends soon. Hypothesis draws what happens; the journal holds it with all that follows from it, in one partition.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from streams.core.decisions import Decision, Relaunch
from streams.core.effects import Effects
from streams.core.events import FromShop, Notice
from streams.core.identity import CONTACT, MAIL, VISITOR, subject
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.journal.records import TICK, TICK_KEY, encode
from tests.core.events import changed, consented, known, ordered, viewed
from tests.core.story import Written

#: A second ends 50 ms later.
OPENS = 1_793_692_799_950
RULES = (
    CartRules(name="patient", idle_for_ms=30, min_hold_ms=7, once_per_ms=60, expires_after_ms=100),
    CartRules(name="hasty", idle_for_ms=10, min_hold_ms=3, once_per_ms=25, expires_after_ms=100),
)
VISITORS = ("laptop", "phone")
CONTACTS = ("anna", "bert")
GUEST = subject(MAIL, "s", "0a1b")


class Happening(Struct, frozen=True):
    """Something that happens: to whom it is told, and what."""

    #: How long after the one before it reaches the journal, ms; a new leader's clock may be behind.
    after_ms: int
    #: How long before that it happened, ms; below zero by a clock that is ahead.
    late_ms: int
    #: None is a tick.
    subjects: tuple[bytes, ...]
    event: FromShop | None


class Told(Struct):
    """All that a journal led to, duplicates included, and the changelog as it was written."""

    notices: list[tuple[bytes, Notice]] = []
    decisions: list[Decision] = []
    relaunches: list[Relaunch] = []
    ended: list[tuple[str, int]] = []
    changes: list[tuple[bytes, bytes | None]] = []

    def take(self, effects: Effects) -> None:
        self.notices += effects.notices
        self.decisions += effects.decisions
        self.relaunches += effects.relaunches
        self.ended += effects.ended.items()
        self.changes += effects.changes


def visitor(id: str) -> bytes:
    return subject(VISITOR, "s", id)


def contact(id: str) -> bytes:
    return subject(CONTACT, "s", id)


_maybe_contact = st.none() | st.sampled_from(CONTACTS)
_cart_change = st.tuples(
    st.sampled_from(["add", "add", "add", "set", "remove", "empty"]),
    st.sampled_from(["lamp", "sofa"]),
    st.none() | st.integers(1, 2),
)
_seen = st.builds(
    lambda who, named: ((visitor(who),), viewed(contact_id=named)), st.sampled_from(VISITORS), _maybe_contact
)
_cart = st.builds(
    lambda who, what, named: ((visitor(who),), changed(*what, contact_id=named)),
    st.sampled_from(VISITORS),
    _cart_change,
    _maybe_contact,
)
_consent = st.builds(
    lambda who, yes: ((contact(who),), consented(yes)), st.sampled_from(CONTACTS), st.sampled_from([True, True, False])
)
_known = st.builds(lambda who: ((GUEST,), known(who)), st.sampled_from(CONTACTS))


@st.composite
def _order(draw: st.DrawFn) -> tuple[tuple[bytes, ...], FromShop]:
    named = draw(_maybe_contact)
    subjects = [visitor(draw(st.sampled_from(VISITORS)))] if draw(st.booleans()) else []
    subjects += [contact(named)] if named else []
    subjects += [GUEST] if not subjects or draw(st.booleans()) else []
    status = draw(st.sampled_from(["placed", "paid", "pending", "failed", "cancelled", "refunded"]))
    order_id = draw(st.sampled_from(["o1", "o2"]))
    return tuple(subjects), ordered(status, order_id=order_id, contact_id=named)


_tick = st.just(((), None))
_what = st.one_of(_cart, _cart, _seen, _tick, _consent, _order(), _known)
_happening = st.builds(
    lambda after_ms, late_ms, what: Happening(after_ms, late_ms, *what),
    st.integers(-2, 15) | st.sampled_from([0, 30, 70, 1000]),
    st.sampled_from([0, 0, 0, 1, 5, 40, -3]),
    _what,
)
#: What happens in the shop, from the first consents on.
happenings = st.lists(_happening, min_size=12, max_size=40).map(
    lambda drawn: [Happening(0, 0, (contact(who),), consented()) for who in CONTACTS] + drawn
)


def journal(happened: Iterable[Happening], *, lag: int = 0) -> list[Written]:
    """Return the journal of what happened; what one subject tells another comes `lag` records later, or at the end."""
    written: list[Written] = []
    partition, now, waiting = Partition(RULES), OPENS, list[tuple[int, bytes, bytes]]()

    def append(key: bytes, value: bytes) -> None:
        written.append(Written(len(written), now, key, value))
        for told, notice in partition.apply(written[-1:]).notices:
            waiting.append((len(written) + lag, told, encode(notice)))
        while waiting and waiting[0][0] <= len(written):
            append(*waiting.pop(0)[1:])

    for number, each in enumerate(happened):
        now += each.after_ms
        for key, value in _records(each, number, now):
            append(key, value)
    while waiting:
        append(*waiting.pop(0)[1:])
    return written


#: A journal of a small shop.
journals = st.builds(lambda happened, lag: journal(happened, lag=lag), happenings, st.sampled_from([0, 0, 1, 4]))


def told_by(records: Sequence[Written], sizes: Iterable[int] = ()) -> Told:
    """Return what a journal leads to, read in batches of these sizes, and what is left one by one."""
    told, partition, start = Told(), Partition(RULES), 0
    ends = [0]
    for size in sizes:
        ends.append(min(ends[-1] + size, len(records)))
    ends += range(ends[-1] + 1, len(records) + 1)
    for start, end in pairwise(ends):
        told.take(partition.apply(records[start:end]))
    return told


def _records(happening: Happening, number: int, now: int) -> list[tuple[bytes, bytes]]:
    if happening.event is None:
        return [(TICK_KEY, TICK)]
    id = f"e{number}"
    event = replace(happening.event, id=id, digest=number.to_bytes(8, "big"), at=now - happening.late_ms, offset=number)
    return [(key, encode(event)) for key in happening.subjects]
