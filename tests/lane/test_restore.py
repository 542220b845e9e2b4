"""Claims about restoring: a partition gets the state that it had, whoever wrote its changelog and in whatever order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic

from streams import kafka_client, topics
from streams.core.effects import Effects
from streams.core.events import Record
from streams.core.partition import JournalResized, Partition
from streams.core.scenarios.cart import CartRules
from streams.journal.records import TICK, TICK_KEY, encode
from streams.kafka_client import reachable, reader
from streams.lane.changelog import Changelog
from streams.lane.outbox import Outbox
from streams.lane.restore import Restorer
from streams.local.kafka import LocalKafka
from streams.metrics import Metrics
from streams.settings import Settings
from tests.core.events import MINUTE, NINE, SECOND, changed, viewed
from tests.core.story import LAPTOP, PHONE, Written
from tests.lane.small_lane import own_settings

RULES = (CartRules(name="cart-reminder"),)
PARTITIONS = 3

Changes = Sequence[tuple[bytes, bytes | None]]


class Installation:
    """A changelog of three partitions, and who writes and reads it."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox

    async def written(self, number: int, *changes: Changes) -> None:
        """Append to one partition of the changelog, whoever wrote it."""
        for records in changes:
            await asyncio.gather(*self._outbox.to(topics.STATE.name, number, records))

    async def restored(self, *numbers: int, journal_partitions: int = PARTITIONS) -> list[Partition]:
        """Restore some partitions of the journal in one pass."""
        connect, metrics = partial(reader, self._settings), Metrics()
        changelog = Changelog(self._outbox, connect, self._settings.named, metrics)
        empty = partial(Partition, RULES, journal_partitions=PARTITIONS)
        name = self._settings.named(topics.STATE.name)
        restorer = Restorer(connect, empty, journal_partitions, changelog, name, metrics)
        partitions = [TopicPartition("journal", number) for number in numbers]
        opened = await restorer.open(partitions)
        assert all(start is None for _, start in opened.values())
        return [opened[partition][0] for partition in partitions]


@pytest.fixture
async def installation(kafka: LocalKafka) -> AsyncIterator[Installation]:
    settings = own_settings(kafka.bootstrap)
    async with reachable(settings) as admin:
        await admin.create_topics([NewTopic(settings.named(topics.STATE.name), PARTITIONS, 1)])
    outbox = Outbox(partial(kafka_client.producer, settings), settings.named)
    await outbox.start()
    yield Installation(settings, outbox)
    await outbox.stop()


def living() -> Partition:
    return Partition(RULES, journal_partitions=PARTITIONS)


def read(partition: Partition, offset: int, event: Record, key: bytes = LAPTOP, at: int = 0) -> Effects:
    """Have a partition read one record that arrived `at` ms after nine."""
    return partition.apply([Written(offset, NINE + (at or offset), key, encode(event))])


async def test_a_restored_partition_goes_on_as_the_one_that_wrote_the_changelog(installation: Installation) -> None:
    alive = living()
    for offset, key in enumerate((LAPTOP, PHONE, LAPTOP)):
        effects = read(alive, offset, changed("add", id=f"e{offset}", at=NINE + offset, offset=offset), key)
        await installation.written(1, effects.changes)
    (restored,) = await installation.restored(1)
    assert (restored.offset, restored.now, restored.pending, len(restored)) == (2, NINE + 2, 2, 2)
    assert restored.next_due(NINE + 30 * MINUTE) is None
    assert restored.next_due(NINE + 30 * MINUTE + 1) == NINE + 30 * MINUTE + 1, (
        "the phone's deadline; the laptop's moved"
    )
    tick = Written(3, NINE + 31 * MINUTE, TICK_KEY, TICK)
    fired = restored.apply([tick])
    assert len(fired.decisions) == 2
    assert fired == alive.apply([tick])


async def test_the_newest_stamp_wins_though_an_older_state_was_written_later(installation: Installation) -> None:
    alive = living()
    older = read(alive, 0, changed("add", id="add")).changes
    newer = read(alive, 1, changed("empty", None, id="empty", offset=1)).changes
    await installation.written(0, newer, older)
    (restored,) = await installation.restored(0)
    assert (restored.offset, restored.pending) == (1, 0)


async def test_a_state_in_which_a_deadline_has_fired_wins_over_the_same_stamp_before_it(
    installation: Installation,
) -> None:
    alive = living()
    waiting = read(alive, 0, changed("add", id="add")).changes
    fired = read(alive, 1, viewed("other"), key=PHONE, at=40 * MINUTE)
    assert len(fired.decisions) == 1
    await installation.written(0, fired.changes, waiting)
    (restored,) = await installation.restored(0)
    assert restored.pending == 0
    assert not read(restored, 2, viewed("another"), key=PHONE, at=41 * MINUTE).decisions


async def test_each_partition_gets_its_own_state_in_one_pass(installation: Installation) -> None:
    first, second = living(), living()
    await installation.written(0, read(first, 0, viewed("a"), LAPTOP).changes)
    await installation.written(2, read(second, 7, viewed("b"), PHONE, at=SECOND).changes)
    restored = await installation.restored(0, 1, 2)
    assert [(partition.offset, len(partition)) for partition in restored] == [(0, 1), (-1, 0), (7, 1)]


async def test_a_record_that_the_restored_state_includes_changes_nothing(installation: Installation) -> None:
    alive = living()
    await installation.written(0, read(alive, 0, changed("add", id="add")).changes)
    (restored,) = await installation.restored(0)
    again = read(restored, 0, changed("add", id="add"))
    assert (restored.pending, again.notices, again.decisions) == (1, [], [])


async def test_a_journal_with_more_partitions_than_the_state_was_made_for_is_refused(
    installation: Installation,
) -> None:
    with pytest.raises(JournalResized):
        await installation.restored(0, 2, journal_partitions=2)
