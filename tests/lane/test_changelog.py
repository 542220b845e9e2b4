"""Claims about a changelog that two workers write: a zombie's late write must not be what compaction keeps."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from msgspec import Struct

from streams import provision, topics
from streams.core.events import PageViewed
from streams.core.identity import VISITOR, subject
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.core.state import POSITION, age_of
from streams.journal.intake import digest_of
from streams.journal.records import encode
from streams.kafka_client import producer, reachable, reader
from streams.lane.changelog import Changelog
from streams.lane.outbox import Outbox
from streams.local.kafka import LocalKafka
from streams.metrics import Metrics
from streams.reading import whole
from streams.settings import Settings

LAPTOP = subject(VISITOR, "s", "laptop")
COMPACT_AT_ONCE = {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": "0",
    "min.cleanable.dirty.ratio": "0.0001",
    "segment.bytes": "1048576",
    "segment.ms": "100",
}


class Written(Struct):
    offset: int
    timestamp: int
    key: bytes
    value: bytes


class Owner:
    """A worker's view of partition 0."""

    def __init__(self, outbox: Outbox, settings: Settings) -> None:
        self.partition = Partition((CartRules(name="cart-reminder"),))
        self.metrics = Metrics()
        self.changelog = Changelog(outbox, partial(reader, settings), settings.named, self.metrics)

    def reads(self, offset: int, key: bytes = LAPTOP) -> list[tuple[bytes, bytes | None]]:
        """Apply one page view that stands at `offset` of the journal; return what changed."""
        view = PageViewed(
            id=f"e{offset}",
            digest=digest_of(f"e{offset}"),
            at=offset,
            source=0,
            offset=offset,
            contact_id=None,
            kind="page",
        )
        return self.partition.apply([Written(offset, 1_790_000_000_000 + offset, key, encode(view))]).changes

    async def writes(self, changes: list[tuple[bytes, bytes | None]]) -> None:
        await self.changelog.write(0, self.partition, changes)

    @property
    def rewrites(self) -> float:
        value = self.metrics.registry.get_sample_value("relance_changelog_rewrites_total")
        assert value is not None
        return value


@pytest.fixture
async def settings(kafka: LocalKafka) -> Settings:
    settings = Settings(
        kafka_bootstrap=kafka.bootstrap, namespace=f"t{uuid4().hex[:8]}.", journal_partitions=1, public_partitions=1
    )
    async with reachable(settings) as admin:
        await provision.apply(admin, settings)
    return settings


@pytest.fixture
async def outbox(settings: Settings) -> AsyncIterator[Outbox]:
    outbox = Outbox(partial(producer, settings), settings.named)
    await outbox.start()
    yield outbox
    await outbox.stop()


@pytest.fixture
def owner(outbox: Outbox, settings: Settings) -> Owner:
    owner = Owner(outbox, settings)
    owner.changelog.opened(0, 0)
    return owner


@pytest.fixture
def zombie(outbox: Outbox, settings: Settings) -> Owner:
    zombie = Owner(outbox, settings)
    zombie.changelog.opened(0, 0)
    return zombie


async def last_written(settings: Settings, key: bytes) -> bytes | None:
    """Return what compaction would keep."""
    found: bytes | None = None
    async for record in whole(settings, topics.STATE.name):
        if record.key == key:
            found = record.value
    return found


def stamp(stored: bytes | None) -> int:
    assert stored is not None
    return age_of(stored)[0]


async def test_an_owner_that_is_alone_writes_nothing_twice(owner: Owner) -> None:
    for offset in range(5):
        await owner.writes(owner.reads(offset))
    assert owner.rewrites == 0


async def test_a_zombies_late_write_is_covered_by_the_owners_next_one(
    owner: Owner, zombie: Owner, outbox: Outbox, settings: Settings
) -> None:
    late = zombie.reads(0)
    await owner.writes(owner.reads(0) + owner.reads(7))
    await asyncio.gather(*outbox.to(topics.STATE.name, 0, late))
    assert stamp(await last_written(settings, LAPTOP)) == 0
    await owner.writes(owner.reads(8, subject(VISITOR, "s", "phone")))
    assert stamp(await last_written(settings, LAPTOP)) == 7
    assert stamp(await last_written(settings, POSITION)) == 8


async def test_on_a_quiet_partition_the_owner_finds_out_by_looking(
    owner: Owner, zombie: Owner, outbox: Outbox, settings: Settings
) -> None:
    late = zombie.reads(0)
    await owner.writes(owner.reads(7))
    await owner.changelog.look({0})
    assert not owner.changelog.wants_writing(0, owner.partition)
    await asyncio.gather(*outbox.to(topics.STATE.name, 0, late))
    await owner.changelog.look({0})
    assert owner.changelog.wants_writing(0, owner.partition)
    await owner.writes(owner.partition.apply([]).changes)
    assert stamp(await last_written(settings, LAPTOP)) == 7
    await owner.changelog.look({0})
    assert not owner.changelog.wants_writing(0, owner.partition)


async def test_a_zombie_leaves_its_successors_newer_records_alone(
    owner: Owner, zombie: Owner, settings: Settings
) -> None:
    await owner.writes(owner.reads(0) + owner.reads(7))
    await zombie.writes(zombie.reads(0, subject(VISITOR, "s", "phone")))
    assert zombie.rewrites == 0
    assert stamp(await last_written(settings, LAPTOP)) == 7


async def test_whoever_restores_a_disordered_changelog_puts_it_in_order(owner: Owner, settings: Settings) -> None:
    newer, older = dict(owner.reads(7)), dict(Owner.reads(owner, 8))
    again = Partition((CartRules(name="cart-reminder"),))
    for key, stored in [*older.items(), *newer.items()]:
        again.restore(key, stored)
    again.restored()
    assert again.is_misplaced
    assert dict(again.rewrites())[LAPTOP] == older[LAPTOP]
    assert not again.is_misplaced


async def test_compaction_keeps_the_newest_state_after_a_zombie_wrote(
    owner: Owner, zombie: Owner, outbox: Outbox, settings: Settings
) -> None:
    async with reachable(settings) as admin:
        await _compact_at_once(admin, settings)
    late = zombie.reads(0)
    await owner.writes(owner.reads(7))
    await asyncio.gather(*outbox.to(topics.STATE.name, 0, late))
    offset = 8
    give_up_at = asyncio.get_running_loop().time() + 60
    while len(kept := [record async for record in whole(settings, topics.STATE.name) if record.key == LAPTOP]) > 1:
        assert asyncio.get_running_loop().time() < give_up_at, "nothing was compacted"
        await owner.writes(owner.reads(offset, subject(VISITOR, "s", f"v{offset}")))
        offset += 1
        await asyncio.sleep(0.2)
    assert stamp(kept[0].value) == 7


async def _compact_at_once(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    state = ConfigResource(ConfigResourceType.TOPIC, settings.named(topics.STATE.name), COMPACT_AT_ONCE)
    await admin.alter_configs([state])
