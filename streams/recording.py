"""What is written on a line of a recording, and what of it is believed?

Law  The envelope (`topic`, `at`) is checked, the value is not: its bytes reach the pipeline as they stand, right or
     wrong.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import msgspec
from msgspec import Meta, Raw, Struct

from streams.topics import CART_ADDS, CATALOG, CONSENT_CHANGES, CONTACTS, ORDERS, PAGE_VIEWS

#: What shops publish, hence what a recording may hold.
TOPICS = frozenset(topic.name for topic in (PAGE_VIEWS, CART_ADDS, ORDERS, CONSENT_CHANGES, CONTACTS, CATALOG))
#: What each compacted topic is keyed by, after the shop.
_COMPACTED_BY = {CONTACTS.name: "contact_id", CATALOG.name: "product_id"}


class BadRecording(Exception):
    """The recording cannot be read on: show the message, it says where and what to do."""


class Line(Struct, frozen=True):
    """One record of a recording."""

    #: Topic it is published to.
    topic: str
    #: When it reached Kafka, ms since the epoch, UTC.
    at: int
    #: Its value, as it stands in the file; None for a tombstone.
    value: bytes | None


class _Envelope(Struct):
    topic: str
    at: Annotated[int, Meta(ge=0)]
    value: Raw


class _Names(Struct):
    shop_id: str | None = None
    visitor_id: str | None = None
    contact_id: str | None = None
    product_id: str | None = None


_envelopes = msgspec.json.Decoder(_Envelope)
_names = msgspec.json.Decoder(_Names)
#: An envelope as `written` writes it, around a value that is not JSON or nests too deeply to tell.
_AROUND_ANYTHING = re.compile(
    rb'\{\s*"topic"\s*:\s*"([a-z-]+)"\s*,\s*"at"\s*:\s*(\d{1,18})\s*,\s*"value"\s*:(.+)\}\s*', re.DOTALL
)
#: Every way in which msgspec says that bytes are not the JSON it wants.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(path: Path) -> Iterator[Line]:
    """Read a recording (plain or .gz) line by line; empty lines are passed over. Raises BadRecording."""
    try:
        with opened(path) as file:
            for number, line in enumerate(file, 1):
                if not line.isspace():
                    yield _line(path, number, line)
    except (OSError, EOFError, zlib.error) as error:
        raise BadRecording(f"{path} cannot be read: {error}") from error


def written(topic: str, at: int, value: object) -> bytes:
    """Return one line, newline included. `value` is anything msgspec can write, or Raw; None is a tombstone."""
    return msgspec.json.encode({"topic": topic, "at": at, "value": value}) + b"\n"


def key_of(topic: str, value: bytes | None) -> bytes | None:
    """Return the key that a shop would publish this value with; None when it cannot be told."""
    try:
        names = _names.decode(value or b"")
    except _UNREADABLE:
        return None
    if topic not in _COMPACTED_BY:
        return (names.visitor_id or names.contact_id or "").encode() or None
    id = names.contact_id if topic == CONTACTS.name else names.product_id
    return f"{names.shop_id}:{id}".encode() if names.shop_id and id else None


def opened(path: Path) -> BinaryIO:
    """Open a file to read its bytes, unpacking it if its name ends in .gz."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _line(path: Path, number: int, line: bytes) -> Line:
    topic, at, value = _envelope(path, number, line)
    if topic not in TOPICS:
        raise BadRecording(f"{path}:{number}: shops publish no topic {topic!r}; use one of {', '.join(sorted(TOPICS))}")
    return Line(topic, at, None if value == b"null" else value)


def _envelope(path: Path, number: int, line: bytes) -> tuple[str, int, bytes]:
    try:
        envelope = _envelopes.decode(line)
    except _UNREADABLE as error:
        if found := _AROUND_ANYTHING.fullmatch(line):
            return found[1].decode(), int(found[2]), found[3].strip()
        raise BadRecording(
            f'{path}:{number}: {error}; a line is {{"topic": "page-views", "at": milliseconds, "value": {{…}}}}'
        ) from error
    return envelope.topic, envelope.at, bytes(envelope.value)
