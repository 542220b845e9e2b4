"""Do what was decided live, what a replay decides, and what was published agree?"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord

from streams import topics
from streams.core.decisions import RELAUNCH, Reason
from streams.core.events import Event, Notice
from streams.core.identity import CONTACT, VISITOR, subject
from streams.core.partition import Partition
from streams.journal.intake import SOURCES, source_of
from streams.journal.records import decode, encode
from streams.scenarios import load_rules
from tests.chaos.oracle_wire import is_crawler, is_valid
from tests.end_to_end.installation import Installation

#: Source partition and subject.
Stream = tuple[int, bytes]
#: A contact's subject, and what it was told, encoded.
Told = tuple[bytes, bytes]
#: Offsets in the source partition, in order.
Offsets = dict[Stream, list[int]]


EVERY_DECISION = {RELAUNCH, *Reason}


@dataclass(frozen=True)
class Difference:
    """What a replay decides and nobody decided live, and the other way round."""

    missing: list[bytes]
    spurious: list[bytes]


def difference(live: bytes, replayed: bytes) -> Difference:
    """Compare two lists of decisions, JSON Lines."""
    lived, told = set(live.splitlines()), set(replayed.splitlines())
    return Difference(sorted(told - lived), sorted(lived - told))


async def assert_agreement(installation: Installation) -> None:
    """Assert it all: nothing missing, nothing spurious, byte for byte, from the public topics to `relaunch`."""
    live = await decided(installation)
    told = await replayed(installation)
    assert difference(live, told) == Difference([], [])
    assert live == told
    assert counted(live).keys() == EVERY_DECISION
    relaunches = await relaunched(installation)
    assert relaunches.keys() == to_be_relaunched(live)
    assert all(len(records) == 1 for records in relaunches.values()), "one relaunch, told in two ways"
    assert await taken_in(installation) == await published(installation)
    was_noticed, is_noticed = await noticed(installation), await to_be_noticed(installation)
    assert (is_noticed - was_noticed, was_noticed - is_noticed) == (set(), set()), "missing and spurious"


async def decided(installation: Installation) -> bytes:
    """Return the decisions on their topic, each distinct one once, in the order in which a replay writes them."""
    lines = {record.value for record in await installation.read(topics.DECISIONS.name)}
    return b"".join(line + b"\n" for line in sorted(lines, key=_place))


async def replayed(installation: Installation, *options: str) -> bytes:
    """Return what `relance replay --journal` writes."""
    out = installation.directory / "replayed.jsonl"
    await installation.relance("replay", "--journal", "--out", str(out), *options)
    return out.read_bytes()


def counted(lines: bytes) -> Counter[str]:
    """Count decisions by what was decided."""
    return Counter(json.loads(line)["decision"] for line in lines.splitlines())


async def relaunched(installation: Installation) -> dict[str, set[bytes]]:
    """Return the distinct records on `relaunch`, by relaunch id."""
    found: defaultdict[str, set[bytes]] = defaultdict(set)
    for record in await installation.read(topics.RELAUNCH.name):
        found[json.loads(record.value)["relaunch_id"]].add(record.value)
    return dict(found)


def to_be_relaunched(lines: bytes) -> set[str]:
    """Return the ids of the decisions to write."""
    decisions = [json.loads(line) for line in lines.splitlines()]
    return {decision["relaunch_id"] for decision in decisions if decision["decision"] == "relaunch"}


async def published(installation: Installation) -> Offsets:
    """Return where the valid events of each visitor and contact stand on the public topics, as the oracle sees them."""
    found: Offsets = defaultdict(list)
    for topic in SOURCES:
        for record in await installation.read(topic):
            for key in _subjects(topic, record):
                found[source_of(topic, record.partition), key].append(record.offset)
    return dict(found)


async def taken_in(installation: Installation) -> Offsets:
    """Return which source offsets the journal holds for each visitor and contact, in the order of their first mention."""
    found: defaultdict[Stream, dict[int, None]] = defaultdict(dict)
    for record in await installation.read(topics.JOURNAL.name):
        event = decode(record.value)
        if isinstance(event, Event) and record.key.startswith((b"visitor:", b"contact:")):
            found[event.source, record.key][event.offset] = None
    return {stream: list(offsets) for stream, offsets in found.items()}


async def noticed(installation: Installation) -> set[Told]:
    """Return what the journal says that contacts were told. A replay takes it as read; so it is compared besides."""
    records = await installation.read(topics.JOURNAL.name)
    return {(record.key, record.value) for record in records if isinstance(decode(record.value), Notice)}


async def to_be_noticed(installation: Installation) -> set[Told]:
    """Return what contacts are to be told by all else that the journal says."""
    rules = load_rules(installation.scenarios)
    partitions: defaultdict[int, Partition] = defaultdict(lambda: Partition(rules))
    found = set()
    for record in await installation.read(topics.JOURNAL.name):
        effects = partitions[record.partition].apply([record])
        found |= {(key, encode(notice)) for key, notice in effects.notices}
    return found


def _place(line: bytes) -> tuple[int, str]:
    decision = json.loads(line)
    return decision["decided_at"], decision["relaunch_id"]


def _subjects(topic: str, record: ConsumerRecord) -> Iterator[bytes]:
    value: Any = json.loads(record.value or b"null")
    if not is_valid(value, topic=topic, now=record.timestamp) or is_crawler(value):
        return
    for kind, name in _NAMED.get(topic, ()):
        if value.get(name):
            yield subject(kind, value["shop_id"], value[name])


_BY_VISITOR = ((VISITOR, "visitor_id"),)
_BY_CONTACT = ((CONTACT, "contact_id"),)
_NAMED: dict[str, Iterable[tuple[str, str]]] = {
    topics.PAGE_VIEWS.name: _BY_VISITOR,
    topics.CART_ADDS.name: _BY_VISITOR,
    topics.ORDERS.name: _BY_VISITOR + _BY_CONTACT,
    topics.CONSENT_CHANGES.name: _BY_CONTACT,
}
