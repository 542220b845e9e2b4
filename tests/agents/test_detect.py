"""Claims about detect: what follows from a batch is out before the state that includes it is written."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams import topics
from streams.agents.detect import detect
from streams.core.events import Record
from streams.core.identity import CONTACT, subject
from streams.core.partition import Partition
from streams.core.state import POSITION
from streams.journal.records import TICK, TICK_KEY, decode, encode
from streams.lane.batch import Batch
from streams.lane.changelog import Changelog
from streams.lane.outbox import Appended, Header, Keyed, Outbox
from streams.metrics import Metrics
from tests.core.events import MINUTE, NINE, changed, consented, left
from tests.core.story import ANNA, LAPTOP, REMINDER, Written

PHONE = LAPTOP.replace(b"laptop", b"phone")
JOURNAL, STATE = topics.JOURNAL.name, topics.STATE.name


class Tray(Outbox):
    """An outbox that keeps what it is given until a test lets it be acknowledged."""

    def __init__(self) -> None:
        #: Topic, key, value and headers of each record, in the order in which they were handed in.
        self.records: list[tuple[str, bytes | None, bytes | None, Sequence[Header]]] = []
        self.acknowledged: list[asyncio.Future[Appended]] = []
        self._offset = 0

    async def by_key(
        self, topic: str, records: Iterable[tuple[bytes, bytes]], headers: Sequence[Header] = ()
    ) -> set[asyncio.Future[Appended]]:
        return self.to(topic, 0, records, headers)

    def to(
        self, topic: str, partition: int, records: Iterable[Keyed], headers: Sequence[Header] = ()
    ) -> set[asyncio.Future[Appended]]:
        self.records += [(topic, key, value, headers) for key, value in records]
        self.acknowledged.append(asyncio.get_running_loop().create_future())
        return {self.acknowledged[-1]}

    def topics(self) -> list[str]:
        return list(dict.fromkeys(topic for topic, *_ in self.records))

    def of(self, topic: str) -> list[tuple[bytes | None, Any, Sequence[Header]]]:
        return [(key, value, headers) for name, key, value, headers in self.records if name == topic]

    async def acknowledge(self) -> None:
        """Acknowledge all that was handed in so far, and let whoever waits go on."""
        for number, done in enumerate(self.acknowledged):
            if not done.done():
                done.set_result(Appended(number, 1))
        await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Desk:
    """Detect at work on partition 0, beside its tray."""

    def __init__(self) -> None:
        self.tray = Tray()
        self.metrics = Metrics()
        self.partition = Partition((REMINDER,))
        changelog = Changelog(self.tray, partial(_nobody), str, self.metrics)
        changelog.opened(0, 0)
        self._agent = detect(self.tray, changelog, self.metrics)
        self._offset = -1

    def counted(self, decision: str) -> float | None:
        """Return how many candidates the metrics say were decided so."""
        return self.metrics.registry.get_sample_value("relance_candidates_total", {"decision": decision})

    async def reads(self, *told: tuple[bytes, Record | None, int]) -> Batch[Partition]:
        """Have a batch applied: key, event (a tick if none) and minutes after nine of each record."""
        records = []
        for key, event, minutes in told:
            self._offset += 1
            value = TICK if event is None else encode(event)
            records.append(Written(self._offset, NINE + minutes * MINUTE, key, value))
        batch = Batch(TopicPartition(JOURNAL, 0), records, self.partition)
        await self._agent(_only(batch))
        await settle()
        return batch


async def _only(batch: Batch[Partition]) -> AsyncIterator[Batch[Partition]]:
    yield batch


def _nobody() -> Any:
    raise AssertionError("nobody else writes the changelog here")


@pytest.fixture
async def desk() -> Desk:
    return Desk()


YES = (ANNA, consented(), 0)
ASKED = (ANNA, left(trigger_at=NINE), 30)


async def test_the_changelog_waits_until_every_output_is_acknowledged(desk: Desk) -> None:
    batch = await desk.reads(YES, ASKED)
    assert desk.tray.topics() == [topics.DECISIONS.name, topics.RELAUNCH.name]
    first, *others = desk.tray.acknowledged
    first.set_result(Appended(0, 1))
    await settle()
    assert STATE not in desk.tray.topics()
    await desk.tray.acknowledge()
    assert desk.tray.topics()[-1] == STATE
    assert not batch.delivered.done()
    await desk.tray.acknowledge()
    assert batch.delivered.done()
    assert others


async def test_an_output_that_is_not_acknowledged_keeps_the_changelog_as_it_is(desk: Desk) -> None:
    batch = await desk.reads(YES, ASKED)
    desk.tray.acknowledged[-1].set_exception(KafkaError("no"))
    await desk.tray.acknowledge()
    with pytest.raises(KafkaError):
        await batch.delivered
    assert STATE not in desk.tray.topics()


async def test_a_changelog_that_is_not_acknowledged_fails_the_batch(desk: Desk) -> None:
    batch = await desk.reads(YES)
    desk.tray.acknowledged[-1].set_exception(KafkaError("no"))
    with pytest.raises(KafkaError):
        await batch.delivered


async def test_a_batch_writes_each_subject_once_and_the_position_last(desk: Desk) -> None:
    await desk.reads((LAPTOP, changed("add", id="a", offset=1), 0), (LAPTOP, changed("add", id="b", offset=2), 1), YES)
    await desk.tray.acknowledge()
    assert [key for key, *_ in desk.tray.of(STATE)] == [LAPTOP, ANNA, POSITION]


async def test_a_batch_from_which_nothing_follows_moves_the_position_all_the_same(desk: Desk) -> None:
    batch = await desk.reads((TICK_KEY, None, 0))
    assert [key for key, *_ in desk.tray.of(STATE)] == [POSITION]
    await desk.tray.acknowledge()
    assert batch.delivered.done()


async def test_what_a_visitor_notices_goes_back_to_the_journal_under_its_contact(desk: Desk) -> None:
    await desk.reads((LAPTOP, changed("add", id="add", contact_id="anna"), 0), (TICK_KEY, None, 31))
    noticed = desk.tray.of(JOURNAL)
    assert [key for key, *_ in noticed] == [ANNA, ANNA]
    assert [type(decode(value)).__name__ for _, value, _ in noticed] == ["DeviceLinked", "Candidate"]


async def test_a_relaunch_says_its_channel_in_a_header_and_is_keyed_by_its_contact(desk: Desk) -> None:
    await desk.reads(YES, ASKED)
    ((key, value, headers),) = desk.tray.of(topics.RELAUNCH.name)
    assert (key, list(headers)) == (ANNA, [("channel", b"email")])
    ((_, decision, _),) = desk.tray.of(topics.DECISIONS.name)
    assert json.loads(value)["relaunch_id"] == json.loads(decision)["relaunch_id"]


async def test_a_decision_about_nobody_is_kept_with_its_shop(desk: Desk) -> None:
    await desk.reads((PHONE, changed("add", id="add"), 0), (TICK_KEY, None, 31))
    ((key, decision, _),) = desk.tray.of(topics.DECISIONS.name)
    assert key == subject(CONTACT, "s", "")
    assert json.loads(decision)["contact_id"] is None


async def test_every_candidate_is_counted_by_what_was_decided(desk: Desk) -> None:
    await desk.reads(YES, ASKED, (ANNA, left("again", trigger_at=NINE), 31))
    counted = {decision: desk.counted(decision) for decision in ("relaunch", "pressure")}
    assert counted == {"relaunch": 1, "pressure": 1}
