"""What is kept of a subject, and as which bytes?

Bytes are both the memory and the changelog record: a MessagePack array of the fields of `Subject`. Of two records of the same subject
the newer stamp is right, so a late write is harmless.
"""

from collections.abc import Callable
from typing import Any, ClassVar, cast

import msgspec

from streams.core.address import Address
from streams.core.contact import Contact
from streams.core.deadlines import NEVER
from streams.core.visitor import Visitor

#: The changelog's own record: a `Position`.
POSITION = b"position"

Body = Visitor | Contact | Address


class Position(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a partition had come, the stream time there (ms, UTC), and how many partitions the journal has."""

    offset: int
    now: int
    journal_partitions: int


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The times of a subject: the beginning of its bytes."""

    stamp: int
    wake: int
    heard: int


class Subject(msgspec.Struct, array_like=True, gc=False):
    """One subject. Nothing that it refers to can refer back to it, hence `gc=False`."""

    empty: ClassVar[Body]
    decoder: ClassVar[msgspec.msgpack.Decoder[Any]]

    #: The journal offset that this includes; -1 before the first.
    stamp: int
    #: When to look again, ms, UTC; 0 for never.
    wake: int
    #: When it was last heard of, ms, UTC.
    heard: int
    #: Highest offset heard, by source partition.
    sources: dict[int, int]
    #: Digests of the last events heard.
    recent: bytes
    #: What its kind remembers, encoded until somebody asks for `body`.
    kept: msgspec.Raw

    @property
    def body(self) -> Any:
        """What its kind remembers: a `Visitor`, a `Contact` or an `Address`."""
        if type(self.kept) is msgspec.Raw:
            self.body = self.decoder.decode(self.kept)
        return self.kept

    @body.setter
    def body(self, body: Body) -> None:
        self.kept = cast(Any, body)  # which is encoded all the same

    @property
    def contact_id(self) -> str | None:
        """The contact that a visitor or an address is known to be."""
        known: _Linked | Visitor | Address = (
            _decode_link(self.kept) if type(self.kept) is msgspec.Raw else cast(Any, self.kept)
        )
        return known.contact_id

    @property
    def may_be_forgotten(self) -> bool:
        """Whether its bytes may go once nothing was heard of it for long enough."""
        return not self.wake

    def forget(self) -> None:
        """Start anew, as if it had never been heard of."""
        self.sources, self.recent, self.body = {}, b"", self.empty


class VisitorSubject(Subject, array_like=True, gc=False):
    """A visitor."""

    empty = Visitor()
    decoder = msgspec.msgpack.Decoder(Visitor)


class ContactSubject(Subject, array_like=True, gc=False):
    """A contact."""

    empty = Contact()
    decoder = msgspec.msgpack.Decoder(Contact)

    @property
    def may_be_forgotten(self) -> bool:
        """Not whoever has ever said yes or no: a consent outlives any silence."""
        return not self.body.consents


class AddressSubject(Subject, array_like=True, gc=False):
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
_DECODERS = {letter: msgspec.msgpack.Decoder(kind).decode for letter, kind in _KINDS.items()}
_decode_link = msgspec.msgpack.Decoder(_Linked).decode

#: Return the bytes of a subject or a position.
encoded: Callable[[Subject | Position], bytes] = msgspec.msgpack.Encoder().encode
#: Return the times in a subject's bytes; of a position's, offset and stream time come first.
head_of: Callable[[bytes], Head] = msgspec.msgpack.Decoder(Head).decode
#: Return what a record under the key `POSITION` says.
position_of: Callable[[bytes], Position] = msgspec.msgpack.Decoder(Position).decode


def decoded(key: bytes, stored: bytes) -> Subject:
    """Take a subject out of its bytes."""
    return _DECODERS[key[:1]](stored)


def unheard(key: bytes, now: int) -> Subject:
    """Return a subject that is heard of for the first time, at `now`, ms, UTC."""
    kind = _KINDS[key[:1]]
    return kind(-1, 0, now, {}, b"", cast(Any, kind.empty))


def age_of(stored: bytes) -> tuple[int, int]:
    """Return what orders the records of a subject: its stamp, and its wake-up time, since a deadline fires between two stamps."""
    head = head_of(stored)
    return head.stamp, head.wake or NEVER
