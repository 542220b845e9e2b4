"""What is kept of a subject, and as which bytes?

Bytes are both the memory and the changelog record: `HEAD`, the other source stamps (`SOURCE` each), what its kind remembers
(MessagePack), and the recent digests. Of two records of the same subject the newer stamp is right, so a late write is harmless.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any, ClassVar, NamedTuple, cast

import msgspec

from streams.core.address import Address
from streams.core.contact import Contact
from streams.core.deadlines import NEVER
from streams.core.visitor import Visitor

#: The changelog's own record: a `Position`.
POSITION = b"position"

Body = Visitor | Contact | Address


#: Of a subject: stamp, wake-up time, time last heard of; where its recent digests begin; how many bytes the
#: other source stamps take; the source it heard of last, and the highest offset heard from there (-1: none).
HEAD = Struct("<qqqIIIq")
#: One of the other sources, and the highest offset heard from there.
SOURCE = Struct("<Iq")
#: Of a position: offset, stream time, number of partitions. The first two are what orders records, as in a subject's.
_POSITION = Struct("<qqI")
_AGE = Struct("<qq")
_WAKE = Struct("<8xq")
_TIMES = Struct("<qqq")


class Position(NamedTuple):
    """How far a partition had come, the stream time there (ms, UTC), and how many partitions the journal has."""

    offset: int
    now: int
    journal_partitions: int


class Head(NamedTuple):
    """The times of a subject: the beginning of its bytes."""

    stamp: int
    wake: int
    heard: int


class Subject(msgspec.Struct, gc=False):
    """One subject. Nothing that it refers to can refer back to it, hence `gc=False`."""

    empty: ClassVar[Body]
    decoder: ClassVar[msgspec.msgpack.Decoder[Any]]

    #: The journal offset that this includes; -1 before the first.
    stamp: int
    #: When to look again, ms, UTC; 0 for never.
    wake: int
    #: When it was last heard of, ms, UTC.
    heard: int
    #: The source partition it was heard of last, and the highest offset heard from there; -1 for none.
    source: int
    source_offset: int
    #: The same of other source partitions: `SOURCE` each.
    others: bytes
    #: Digests of the last events heard.
    recent: bytes
    #: What its kind remembers, encoded until somebody asks for `body`.
    kept: bytes | Body

    @property
    def body(self) -> Any:
        """What its kind remembers: a `Visitor`, a `Contact` or an `Address`."""
        kept = self.kept
        if type(kept) is bytes:
            self.kept = kept = self.decoder.decode(kept)
        return kept

    def is_news(self, source: int, offset: int) -> bool:
        """Say whether an offset is above what was heard from a source partition, and note it if so."""
        if source != self.source:
            heard = dict(SOURCE.iter_unpack(self.others))
            if heard.pop(source, -1) >= offset:
                return False
            if self.source_offset >= 0:
                heard[self.source] = self.source_offset
            self.others = b"".join([SOURCE.pack(*each) for each in heard.items()])
            self.source = source
        elif offset <= self.source_offset:
            return False
        self.source_offset = offset
        return True

    @property
    def contact_id(self) -> str | None:
        """The contact that a visitor or an address is known to be."""
        kept = self.kept
        known = _decode_link(kept) if type(kept) is bytes else cast(Visitor | Address, kept)
        return known.contact_id

    @property
    def may_be_forgotten(self) -> bool:
        """Whether its bytes may go once nothing was heard of it for long enough."""
        return not self.wake

    def forget(self) -> None:
        """Start anew, as if it had never been heard of."""
        self.source, self.source_offset, self.others, self.recent, self.kept = 0, -1, b"", b"", self.empty


class VisitorSubject(Subject, gc=False):
    """A visitor."""

    empty = Visitor()
    decoder = msgspec.msgpack.Decoder(Visitor)


class ContactSubject(Subject, gc=False):
    """A contact."""

    empty = Contact()
    decoder = msgspec.msgpack.Decoder(Contact)

    @property
    def may_be_forgotten(self) -> bool:
        """Not whoever has ever said yes or no: a consent outlives any silence."""
        return not self.body.consents


class AddressSubject(Subject, gc=False):
    """An e-mail address or a phone number."""

    empty = Address()
    decoder = msgspec.msgpack.Decoder(Address)


class _Linked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The beginning of a visitor's and of an address' body."""

    contact_id: str | None


#: By the first letter of a subject's key (`streams/core/identity.py`).
_KINDS: dict[bytes, type[Subject]] = {
    b"v": VisitorSubject,
    b"c": ContactSubject,
    b"m": AddressSubject,
    b"p": AddressSubject,
}
_decode_link = msgspec.msgpack.Decoder(_Linked).decode

#: Encode what a kind remembers, or a part of it.
encode: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode


def encoded(told: Subject) -> bytes:
    """Return the bytes of a subject."""
    kept, others = told.kept, told.others
    if type(kept) is not bytes:
        kept = encode(kept)
    recent_at = HEAD.size + len(others) + len(kept)
    return (
        HEAD.pack(told.stamp, told.wake, told.heard, recent_at, len(others), told.source, told.source_offset)
        + others + kept + told.recent
    )  # fmt: skip


def decoded(key: bytes, stored: bytes) -> Subject:
    """Take a subject out of its bytes."""
    stamp, wake, heard, recent_at, others, source, offset = HEAD.unpack_from(stored)
    kept_at = HEAD.size + others
    return _KINDS[key[:1]](
        stamp, wake, heard, source, offset, stored[HEAD.size : kept_at], stored[recent_at:], stored[kept_at:recent_at]
    )


def unheard(key: bytes, now: int) -> Subject:
    """Return a subject that is heard of for the first time, at `now`, ms, UTC."""
    kind = _KINDS[key[:1]]
    return kind(-1, 0, now, 0, -1, b"", b"", kind.empty)


def head_of(stored: bytes) -> Head:
    """Return the times in a subject's bytes."""
    return Head._make(_TIMES.unpack_from(stored))


def wake_of(stored: bytes) -> int:
    """Return when to look again, ms, UTC; 0 for never."""
    wake: int = _WAKE.unpack_from(stored)[0]
    return wake


def age_of(stored: bytes) -> tuple[int, int]:
    """Return what orders the records of a subject: its stamp, and its wake-up time, since a deadline fires between two stamps."""
    stamp, wake = _AGE.unpack_from(stored)
    return stamp, wake or NEVER


def encoded_position(position: Position) -> bytes:
    """Return what stands under the key `POSITION`."""
    return _POSITION.pack(*position)


def position_of(stored: bytes) -> Position:
    """Return what a record under the key `POSITION` says."""
    return Position._make(_POSITION.unpack(stored))
