"""How are the journal's records laid out, written down a second time?

Each value is a MessagePack array: a number that says what it is, then its fields in the order in which `streams/core/events.py`
declares them. Each key is the subject's name. Nothing of `streams` is used to read or write them here.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any
from zlib import crc32

import msgspec

PAGE_VIEW, CART_CHANGE, ORDER, CONSENT, ADDRESS, CANDIDATE, HANDED_OVER, DEVICE, TICK = range(1, 10)
#: What came from a shop: number, id, digest, at, source, offset, then fields of its own.
FROM_SHOP = frozenset({PAGE_VIEW, CART_CHANGE, ORDER, CONSENT, ADDRESS})
#: What one subject told another.
NOTICES = frozenset({CANDIDATE, HANDED_OVER, DEVICE})

Record = list[Any]

decode: Callable[[bytes], Record] = msgspec.msgpack.Decoder().decode
encode: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
json: Callable[[object], bytes] = msgspec.json.Encoder().encode


def digest(text: str) -> bytes:
    """Return the eight bytes that stand for an id."""
    return blake2b(text.encode(), digest_size=8).digest()


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a subject."""
    return crc32(key) % partitions
