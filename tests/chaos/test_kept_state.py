"""Claims about the look into the changelog: what is kept otherwise than the journal has it is noticed, and nothing else."""

import struct
from collections.abc import AsyncIterator, Iterable
from functools import partial
from uuid import uuid4

import pytest

from streams import provision
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.journal.records import TICK, TICK_KEY, encode
from streams.kafka_client import producer, reachable
from streams.lane.outbox import Keyed, Outbox
from streams.local.kafka import LocalKafka
from streams.settings import Settings
from tests.chaos.kept_state import POSITION, differing
from tests.chaos.stand import FORGET_AFTER, JOURNAL
from tests.chaos.topic import Topic
from tests.core.events import changed, viewed
from tests.core.story import LAPTOP, PHONE

RULES = (CartRules(name="cart-reminder"),)
SAID: list[Keyed] = [
    (LAPTOP, encode(changed("add", id="add", offset=1))),
    (PHONE, encode(viewed("view", offset=2))),
    (LAPTOP, encode(viewed("later", offset=3))),
]


class Kept:
    """A journal of one partition, and what a worker would keep of it."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox

    async def append(self, topic: str, records: Iterable[Keyed]) -> None:
        for done in self._outbox.to(topic, 0, records):
            await done

    async def changes(self) -> list[Keyed]:
        """Return the changelog of a worker that reads the journal a record at a time."""
        partition = Partition(RULES, forget_after_ms=FORGET_AFTER)
        async for _, records in Topic(self._settings, JOURNAL, 1).pieces():
            return [change for record in records for change in partition.apply([record]).changes]
        return []

    async def keep(self, changes: Iterable[Keyed]) -> None:
        await self.append("relance.state", changes)

    async def differing(self) -> list[bytes]:
        return [key for _, key in await differing(self._settings, RULES)]


@pytest.fixture
async def kept(kafka: LocalKafka) -> AsyncIterator[Kept]:
    settings = Settings(
        kafka_bootstrap=kafka.bootstrap, namespace=f"t{uuid4().hex[:8]}.", journal_partitions=1, public_partitions=1
    )
    async with reachable(settings) as admin:
        await provision.apply(admin, settings)
    outbox = Outbox(partial(producer, settings), settings.named)
    await outbox.start()
    try:
        own = Kept(settings, outbox)
        await own.append(JOURNAL, SAID)
        yield own
    finally:
        await outbox.stop()


async def test_what_a_worker_kept_is_what_the_journal_leads_to(kept: Kept) -> None:
    await kept.keep(await kept.changes())
    assert await kept.differing() == []


async def test_an_older_record_above_the_newest_is_harmless(kept: Kept) -> None:
    changes = await kept.changes()
    await kept.keep([*changes, *changes[:2]])
    assert await kept.differing() == []


async def test_a_byte_that_is_not_right_is_noticed(kept: Kept) -> None:
    *_, (key, stored), position = await kept.changes()
    assert stored is not None
    await kept.keep([*await kept.changes(), (key, stored.replace(b"later", b"laser")), position])
    assert await kept.differing() == [LAPTOP]


async def test_a_subject_that_is_not_there_or_should_not_be_is_noticed(kept: Kept) -> None:
    changes = [(key, stored) for key, stored in await kept.changes() if key != PHONE]
    await kept.keep([*changes, (b"visitor:s:nobody", struct.pack("<qq", 0, 0))])
    assert await kept.differing() == [b"visitor:s:nobody", PHONE]


@pytest.mark.parametrize(("last", "noticed"), [((TICK_KEY, TICK), []), (SAID[1], [POSITION, PHONE])])
async def test_a_position_may_leave_out_a_tick_but_nothing_that_was_said(
    last: Keyed, noticed: list[bytes], kept: Kept
) -> None:
    await kept.keep(await kept.changes())
    await kept.append(JOURNAL, [last])
    assert await kept.differing() == noticed
