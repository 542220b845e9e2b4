"""What is kept of a subject, and as which bytes?

Bytes are both the memory and the changelog record: stamp (8 bytes, the journal offset they include), wake-up time (8 bytes, ms, 0
for none), then a MessagePack body. Of two records of the same subject the newer stamp is right, so a late write is harmless.
"""

from struct import Struct as Layout
from typing import Any, Generic, TypeVar

import msgspec

from streams.core.address import Address
from streams.core.contact import Contact
from streams.core.identity import CONTACT, MAIL, PHONE, VISITOR, parsed
from streams.core.visitor import Visitor

HEADER = Layout(">qq")

#: The changelog's own record: how far the partition had come (as a stamp), and the stream time there (as a wake-up time).
POSITION = b"position"

Body = TypeVar("Body", bound=Visitor | Contact | Address)


class _Stored(msgspec.Struct, Generic[Body], frozen=True, array_like=True):
    sources: dict[int, int]
    recent: bytes
    body: Body


class Subject:
    """One subject taken out of its bytes, while a batch is applied."""

    __slots__ = ("body", "id", "key", "kind", "recent", "shop_id", "sources", "stamp", "wake")

    def __init__(self, key: bytes, stored: bytes | None) -> None:
        self.key = key
        self.kind, self.shop_id, self.id = parsed(key)
        self.stamp = -1
        #: When to look again, ms, UTC; 0 for never.
        self.wake = 0
        #: Highest offset heard, by source partition.
        self.sources: dict[int, int] = {}
        #: Digests of the last events heard.
        self.recent = b""
        #: What its kind remembers: a `Visitor`, a `Contact` or an `Address`.
        self.body: Any
        if stored is None:
            self.body = _EMPTY[self.kind]
        else:
            self.stamp, self.wake = HEADER.unpack_from(stored)
            kept = _DECODERS[self.kind].decode(memoryview(stored)[HEADER.size :])
            self.sources, self.recent, self.body = kept.sources, kept.recent, kept.body

    def encoded(self) -> bytes:
        """Return the subject's bytes."""
        stored = _Stored(self.sources, self.recent, self.body)
        return HEADER.pack(self.stamp, self.wake) + _encode(stored)


def wake_of(stored: bytes) -> int:
    """Return the wake-up time in a subject's bytes."""
    wake: int = HEADER.unpack_from(stored)[1]
    return wake


def stamp_of(stored: bytes) -> int:
    """Return the stamp in a subject's bytes."""
    stamp: int = HEADER.unpack_from(stored)[0]
    return stamp


_EMPTY: dict[str, Visitor | Contact | Address] = {
    VISITOR: Visitor(),
    CONTACT: Contact(),
    MAIL: Address(),
    PHONE: Address(),
}
_ADDRESS = msgspec.msgpack.Decoder(_Stored[Address])
_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {
    VISITOR: msgspec.msgpack.Decoder(_Stored[Visitor]),
    CONTACT: msgspec.msgpack.Decoder(_Stored[Contact]),
    MAIL: _ADDRESS,
    PHONE: _ADDRESS,
}
_encode = msgspec.msgpack.Encoder().encode
