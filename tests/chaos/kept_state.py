"""Is what the changelog holds the state that the journal leads to?

A state that is wrong shows in decisions only once it matters, which may be after the run. So, as a replay does with decisions, the core
reads the journal anew, and the newest record of every subject in the changelog must be what it comes to, byte for byte. The positions
there must leave out nothing but ticks, which nobody may have waited for.
"""

import struct

from streams.core.partition import Partition
from streams.core.visitor import Rules
from streams.settings import Settings
from tests.chaos.stand import FORGET_AFTER, JOURNAL
from tests.chaos.topic import Topic

#: Journal partition and subject.
Place = tuple[int, bytes]
States = dict[Place, bytes]

POSITION = b"position"
TICK_KEY = b"tick"
NEVER = 1 << 62


async def differing(settings: Settings, rules: Rules) -> list[Place]:
    """Return the subjects, and the positions, that are kept otherwise than the journal has it."""
    led_to, told = await _led_to(settings, rules)
    kept = await _kept(settings)
    for number, last in told.items():
        place = (number, POSITION)
        if place in kept and last <= head(kept[place])[0] < head(led_to[place])[0]:
            led_to[place] = kept[place]
    return sorted(place for place in led_to.keys() | kept.keys() if led_to.get(place) != kept.get(place))


async def _led_to(settings: Settings, rules: Rules) -> tuple[States, dict[int, int]]:
    """Return what the journal leads to, and the offset of the last record of each partition that is not a tick."""
    states: States = {}
    told: dict[int, int] = {}
    count = settings.journal_partitions
    partitions = [Partition(rules, forget_after_ms=FORGET_AFTER, journal_partitions=count) for _ in range(count)]
    async for number, records in Topic(settings, JOURNAL, count).pieces():
        for key, stored in partitions[number].apply(records).changes:
            _take(states, (number, key), stored)
        told[number] = max(
            (record.offset for record in records if record.key != TICK_KEY), default=told.get(number, -1)
        )
    return states, told


async def _kept(settings: Settings) -> States:
    states: States = {}
    async for number, records in Topic(settings, "relance.state", settings.journal_partitions).pieces():
        for record in records:
            known = states.get((number, record.key))
            if known is None or record.value is None or _age(known) <= _age(record.value):
                _take(states, (number, record.key), record.value)
    return states


def _take(states: States, place: Place, stored: bytes | None) -> None:
    if stored is None:
        states.pop(place, None)
    else:
        states[place] = stored


def _age(stored: bytes) -> tuple[int, int]:
    """Return by what a record is newer than another of its subject: its stamp, and that a deadline has fired since."""
    stamp, wake = head(stored)
    return stamp, wake or NEVER


def head(stored: bytes) -> tuple[int, int]:
    """Return with what every record of the changelog begins: stamp and wake-up time, or offset and stream time."""
    stamp, wake = struct.unpack_from("<qq", stored)
    return stamp, wake
