"""How does the journal spell its records, and where does a subject live?"""

from collections.abc import Callable
from zlib import crc32

import msgspec

from streams.core.events import Record, Tick

#: Encode a record to the journal's bytes (MessagePack).
encode: Callable[[Record], bytes] = msgspec.msgpack.Encoder().encode
#: Decode the journal's bytes; `msgspec.DecodeError` for anything that Relance did not write.
decode: Callable[[bytes], Record] = msgspec.msgpack.Decoder(Record).decode

#: The key of a tick, which is no subject's.
TICK_KEY = b"tick"
TICK = encode(Tick())


def partition_of(subject: bytes, partitions: int) -> int:
    """Return the journal partition of a subject. Only Relance writes the journal, so CRC-32, at C speed, will do."""
    return crc32(subject) % partitions
