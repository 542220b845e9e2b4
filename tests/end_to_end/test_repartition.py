"""Claims about moving to a journal with another number of partitions."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from aiokafka.admin import NewPartitions

from streams import topics
from streams.core.partition import JournalResized
from streams.kafka_client import reachable
from streams.provision import NotProvisioned, require
from streams.recording import Line
from streams.repartition import NotReady, repartition
from tests.end_to_end.installation import Installation


def cart_adds(visitors: int) -> list[Line]:
    """Return as many visitors' first cart adds, all now."""
    event = {
        "v": 1,
        "shop_id": "s",
        "occurred_at": 1_700_000_000_000,
        "action": "add",
        "product_id": "p",
        "quantity": 1,
    }
    values = [event | {"event_id": f"e{number}", "visitor_id": f"v{number}"} for number in range(visitors)]
    return [Line("cart-adds", 1_700_000_000_000, msgspec.json.encode(value)) for value in values]


async def as_it_is(installation: Installation) -> None:
    """Leave the journal alone."""


async def grown_by_hand(installation: Installation) -> None:
    """Give the journal more partitions in place, so that no worker starts any more."""
    async with reachable(installation.settings) as admin:
        await admin.create_partitions({installation.settings.named(topics.JOURNAL.name): NewPartitions(8)})
        with pytest.raises(NotProvisioned, match="relance journal repartition"):
            await require(admin, installation.settings)


@pytest.mark.parametrize("before", [as_it_is, grown_by_hand])
async def test_carts_that_were_left_before_the_move_are_noticed_after_it(
    installation: Installation, before: Callable[[Installation], Awaitable[None]]
) -> None:
    installation.write_scenarios(idle_for="15s")
    await installation.start(ingest="ingest", detect="detect")
    await installation.publish(cart_adds(30))

    async def all_read() -> bool:
        lags = await asyncio.gather(
            installation.lag("relance-ingest", ("cart-adds",)),
            installation.lag("relance-detect", (topics.JOURNAL.name,)),
        )
        journal = await installation.read(topics.JOURNAL.name)
        return not any(lags) and len(journal) >= 30

    await installation.until(all_read, "the adds are in the state")
    await installation.stop()
    installation.workers.clear()
    await before(installation)
    another = installation.settings.journal_partitions - 1
    with pytest.raises(JournalResized, match=f"and now has {another}"):
        await repartition(installation.settings.model_copy(update={"journal_partitions": another}), 4)
    await repartition(installation.settings, 4)  # asked again, it starts over
    installation.settings = await repartition(installation.settings, 4)
    await installation.start(ingest2="ingest", detect2="detect")

    async def all_decided() -> bool:
        return len(await installation.read(topics.DECISIONS.name)) >= 30

    await installation.until(all_decided, "every cart is noticed, in the new journal")
    decisions = [msgspec.json.decode(record.value) for record in await installation.read(topics.DECISIONS.name)]
    assert sorted(decision["visitor_id"] for decision in decisions) == sorted(f"v{number}" for number in range(30))


async def test_a_journal_in_use_is_not_moved(installation: Installation) -> None:
    await installation.start(detect="detect")

    async def has_members() -> bool:
        return bool(await installation.members("relance-detect"))

    await installation.until(has_members, "the worker has joined its group")
    with pytest.raises(NotReady, match="stop them first"):
        await repartition(installation.settings, 4)


async def test_a_journal_with_undecided_records_is_not_moved(installation: Installation) -> None:
    await installation.start(ingest="ingest")
    await installation.publish(cart_adds(3))

    async def taken_in() -> bool:
        return len(await installation.read(topics.JOURNAL.name)) == 3

    await installation.until(taken_in, "the adds are in the journal")
    await installation.stop()
    installation.workers.clear()
    with pytest.raises(NotReady, match="3 records"):
        await repartition(installation.settings, 4)
