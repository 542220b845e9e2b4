"""What did a run show?

The journal is followed to its end by two oracles that share nothing with `streams`; then what was decided, told and published is
compared with what had to be.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from streams.settings import Settings
from tests.chaos.intake_oracle import TOPICS, IntakeOracle
from tests.chaos.journal_layout import FROM_SHOP, NOTICES, decode, partition_of
from tests.chaos.journal_oracle import JournalOracle
from tests.chaos.stand import FORGET_AFTER, JOURNAL, SCENARIOS, SECRET
from tests.chaos.topic import Topic


@dataclass
class Difference:
    """What had to be there and is not, and what is there and had not to be."""

    missing: list[bytes]
    spurious: list[bytes]

    @classmethod
    def between(cls, expected: set[bytes], found: set[bytes]) -> "Difference":
        """Compare."""
        return cls(sorted(expected - found), sorted(found - expected))


@dataclass
class Verdict:
    """All that the comparison showed."""

    #: Records on the public topics, and how many of them on partitions that were added in the run.
    published: int
    on_new_partitions: int
    #: Valid public events.
    events: int
    journal_missing: int
    journal_unexpected: int
    journal_out_of_order: int
    decisions: Counter[str]
    #: Decisions, notices, relaunches, and whom what was found is addressed to, by which of them.
    differences: dict[str, Difference]
    #: Decisions told more than once, with the same id and bytes.
    duplicates: int
    #: Every distinct decision, as a replay writes them.
    live: bytes = field(repr=False)

    @property
    def missing(self) -> int:
        """How much is missing."""
        return sum(len(difference.missing) for difference in self.differences.values())

    @property
    def spurious(self) -> int:
        """How much should not be there."""
        return sum(len(difference.spurious) for difference in self.differences.values())

    def write(self, file: Path) -> None:
        """Write the differences down, a line each."""
        lines = [
            b" ".join((what.encode(), how.encode(), line))
            for what, difference in self.differences.items()
            for how, found in (("missing", difference.missing), ("spurious", difference.spurious))
            for line in found
        ]
        file.write_bytes(b"".join(line + b"\n" for line in lines))


class Judge:
    """Follows the journal of one installation, and judges."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._oracle = JournalOracle(SCENARIOS, FORGET_AFTER)
        self._intake = IntakeOracle(SECRET.encode())
        self._journal = Topic(settings, JOURNAL, settings.journal_partitions)
        self._notices: set[tuple[bytes, bytes]] = set()
        self._misplaced = 0
        self._published = self._on_new_partitions = 0

    async def published(self, counts: Mapping[str, int]) -> None:
        """Read the public topics, which have so many partitions by now, once all has been published."""
        for name in TOPICS:
            async for record in Topic(self._settings, name, counts[name]).rest():
                self._intake.published(name, record.partition, record.offset, record.timestamp, record.value)
                self._published += 1
                self._on_new_partitions += record.partition >= self._settings.public_partitions

    async def follow(self) -> int:
        """Read the journal to its present end; return how many records there were to read."""
        count = 0
        async for record in self._journal.rest():
            said = decode(record.value)
            count += 1
            self._oracle.read(record.partition, record.timestamp, record.key, said)
            if said[0] in FROM_SHOP:
                self._intake.journaled(record.key, record.value, said)
            elif said[0] in NOTICES:
                self._notices.add((record.key, record.value))
            else:
                continue
            self._misplaced += partition_of(record.key, self._settings.journal_partitions) != record.partition
        return count

    def pending(self) -> dict[int, int]:
        """Return the last deadline of each partition that has any, ms, UTC."""
        return self._oracle.pending()

    async def verdict(self) -> Verdict:
        """Compare."""
        decisions = [record async for record in self._public("relance.decisions").rest()]
        relaunches = [record async for record in self._public("relaunch").rest()]
        decided = [record.value for record in decisions]
        relaunched = {record.value for record in relaunches}
        distinct, expected = set(decided), self._oracle.expected
        return Verdict(
            published=self._published,
            on_new_partitions=self._on_new_partitions,
            events=self._intake.valid,
            journal_missing=self._intake.missing,
            journal_unexpected=self._intake.unexpected + self._misplaced,
            journal_out_of_order=self._intake.out_of_order,
            decisions=Counter(json.loads(line)["decision"] for line in distinct),
            differences={
                "decision": Difference.between(expected.decisions, distinct),
                "relaunch": Difference.between(expected.relaunches, relaunched),
                "notice": Difference.between(_lines(expected.notices), _lines(self._notices)),
                "address": Difference([], list(astray([*decisions, *relaunches], self._settings.public_partitions))),
            },
            duplicates=len(decided) - len(distinct),
            live=b"".join(line + b"\n" for line in sorted(distinct, key=_place)),
        )

    def _public(self, name: str) -> Topic:
        return Topic(self._settings, name, self._settings.public_partitions)


class Found(Protocol):
    """What is needed of a decision or a relaunch that was found."""

    @property
    def key(self) -> bytes: ...
    @property
    def value(self) -> bytes: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def partition(self) -> int: ...


def astray(records: Iterable[Found], partitions: int) -> Iterator[bytes]:
    """Yield what does not stand where its contact's readers look for it, or not under the headers by which they skip."""
    for record in records:
        value = json.loads(record.value)
        key = f"contact:{value['shop_id']}:{value['contact_id'] or ''}".encode()
        headers = [("channel", value["channel"].encode())] if "channel" in value else []
        place = partition_of(key, partitions)
        if (record.key, list(record.headers), record.partition) != (key, headers, place):
            yield record.value


def _lines(notices: set[tuple[bytes, bytes]]) -> set[bytes]:
    return {key + b" " + repr(decode(value)).encode() for key, value in notices}


def _place(line: bytes) -> tuple[int, str]:
    decision = json.loads(line)
    return decision["decided_at"], decision["relaunch_id"]
