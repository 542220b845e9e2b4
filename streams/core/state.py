"""What is kept of a subject, and as which bytes?

Bytes are both the memory and the changelog record: stamp (8 bytes, the journal offset they include), wake-up time (8 bytes, ms, 0
for none), when it was last heard of (8 bytes, ms), then a MessagePack body. Of two records of the same subject the newer stamp is right, so a late write is harmless.
"""

from struct import Struct as Layout
from typing import Any, Generic, TypeVar

import msgspec

from streams.core.address import Address
from streams.core.contact import Contact
from streams.core.deadlines import NEVER
from streams.core.identity import parsed
from streams.core.visitor import Visitor

VISITOR_KIND, CONTACT_KIND, MAIL_KIND, PHONE_KIND = b"v", b"c", b"m", b"p"

HEADER = Layout(">qqq")

#: The changelog's own record: how far the partition had come, the stream time there, and how many partitions the journal has.
POSITION = b"position"

Body = TypeVar("Body", bound=Visitor | Contact | Address)


class _Stored(msgspec.Struct, Generic[Body], frozen=True, array_like=True):
    sources: dict[int, int]
    recent: bytes
    body: Body


class Subject:
    """One subject taken out of its bytes, while a batch is applied."""

    __slots__ = ("body", "heard", "key", "kind", "recent", "sources", "stamp", "wake")

    def __init__(self, key: bytes, stored: bytes | None, now: int) -> None:
        self.key = key
        #: First letter of its kind of subject (`streams/core/identity.py`).
        self.kind = key[:1]
        #: What its kind remembers: a `Visitor`, a `Contact` or an `Address`.
        self.body: Any
        #: Highest offset heard, by source partition.
        self.sources: dict[int, int]
        #: Digests of the last events heard.
        self.recent: bytes
        if stored is None:
            self.stamp, self.wake, self.heard = -1, 0, now
            self.forget()
        else:
            self.stamp, self.wake, self.heard = HEADER.unpack_from(stored)
            kept = _DECODERS[self.kind].decode(memoryview(stored)[HEADER.size :])
            self.sources, self.recent, self.body = kept.sources, kept.recent, kept.body

    @property
    def shop_id(self) -> str:
        """The shop it belongs to."""
        return parsed(self.key).shop_id

    @property
    def id(self) -> str:
        """Its id within its shop and kind."""
        return parsed(self.key).id

    def forget(self) -> None:
        """Start anew, as if it had never been heard of."""
        self.sources, self.recent, self.body = {}, b"", _EMPTY[self.kind]

    def encoded(self) -> bytes:
        """Return the subject's bytes."""
        stored = _Stored(self.sources, self.recent, self.body)
        return HEADER.pack(self.stamp, self.wake, self.heard) + _encode(stored)


def wake_of(stored: bytes) -> int:
    """Return the wake-up time in a subject's bytes."""
    wake: int = HEADER.unpack_from(stored)[1]
    return wake


def age_of(stored: bytes) -> tuple[int, int]:
    """Return what orders the records of a subject: its stamp, and its wake-up time, since a deadline fires between two stamps."""
    stamp, wake, _ = HEADER.unpack_from(stored)
    return stamp, wake or NEVER


def heard_of(stored: bytes) -> int:
    """Return when a subject was last heard of, ms, UTC."""
    heard: int = HEADER.unpack_from(stored)[2]
    return heard


_EMPTY: dict[bytes, Visitor | Contact | Address] = {
    VISITOR_KIND: Visitor(),
    CONTACT_KIND: Contact(),
    MAIL_KIND: Address(),
    PHONE_KIND: Address(),
}
_ADDRESS = msgspec.msgpack.Decoder(_Stored[Address])
_DECODERS: dict[bytes, msgspec.msgpack.Decoder[Any]] = {
    VISITOR_KIND: msgspec.msgpack.Decoder(_Stored[Visitor]),
    CONTACT_KIND: msgspec.msgpack.Decoder(_Stored[Contact]),
    MAIL_KIND: _ADDRESS,
    PHONE_KIND: _ADDRESS,
}
_encode = msgspec.msgpack.Encoder().encode
