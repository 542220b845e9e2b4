"""Claims about the gate, on a real Kafka and a real Valkey."""

import time

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from schemas.relaunch import Relaunch
from senders.fence import Fence, FenceTimeout, Lease
from senders.gate import LEASE_S, Gate
from streams import topics
from streams.core.decisions import Reason
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores.facts import Consent, Fact, Purchase
from streams.stores.in_memory import SuppressionInMemory
from streams.stores.ports import AlreadyReserved, AlreadySettled, Reserved, Suppressed, SuppressionTable, Verdict
from tests.senders.projector import add_partitions, projecting, publish

ORDERS = topics.ORDERS.name
CONSENT = topics.CONSENT_CHANGES.name
#: When the cart was filled.
TRIGGER = 1_790_000_000_000
NOW = TRIGGER + 1_800_000
DAY = 86_400_000

BOUGHT = Suppressed(Reason.PURCHASED, ("bought",))
YES = Consent(b"contact:shop:anna", "email", "marketing", "granted", TRIGGER, "yes")


def a_lease(age_s: float = 0.0) -> Lease:
    return Lease(time.monotonic() - age_s)


def a_relaunch(relaunch_id: str = "r1", contact: str = "anna") -> Relaunch:
    return Relaunch(
        v=1,
        event_id=f"{relaunch_id}/1",
        shop_id="shop",
        occurred_at=NOW,
        relaunch_id=relaunch_id,
        contact_id=contact,
        visitor_id=f"{contact}-phone",
        visitor_ids=(f"{contact}-phone", f"{contact}-laptop"),
        cart_id=f"{contact}-cart",
        scenario="cart-reminder",
        step=1,
        attempt=1,
        channel="email",
        template="cart-reminder",
        once_per=DAY,
        trigger_at=TRIGGER,
        due_at=NOW,
        decided_at=NOW,
        expires_at=NOW + DAY,
        lines=(),
        evidence=("add",),
    )


async def order(
    producer: AIOKafkaProducer, settings: Settings, contact: str, partition: int = 0, **more: object
) -> None:
    """Order something, and have it acknowledged."""
    fields = {"order_id": f"of-{contact}", "status": "placed", "lines": [], "total_minor": 0, "currency": "EUR"}
    identity = more or {"contact_id": contact}
    await publish(producer, settings, ORDERS, {"occurred_at": NOW, "event_id": "bought"} | fields | identity, partition)


async def say(producer: AIOKafkaProducer, settings: Settings, state: str, contact: str, at: int = TRIGGER) -> None:
    """Grant or withdraw consent, and have it acknowledged."""
    fields = {"contact_id": contact, "channel": "email", "purpose": "marketing", "state": state}
    await publish(producer, settings, CONSENT, {"occurred_at": at, "event_id": state} | fields)


@pytest.fixture
def fence(producer: AIOKafkaProducer, table: SuppressionTable, settings: Settings, metrics: Metrics) -> Fence:
    return Fence(producer, table, {}, settings, metrics)


@pytest.fixture
def gate(fence: Fence, table: SuppressionTable) -> Gate:
    return Gate(fence, table)


async def test_an_order_acknowledged_before_the_fence_is_always_seen(
    gate: Gate, table: SuppressionTable, producer: AIOKafkaProducer, settings: Settings
) -> None:
    contacts = [f"contact-{i}" for i in range(30)]
    verdicts: list[Verdict] = []
    async with projecting(settings, table, [0]):
        for contact in contacts:
            await say(producer, settings, "granted", contact)
            await order(producer, settings, contact)
            verdicts.append(await gate.admit(a_relaunch(contact, contact), await gate.lease(), now_ms=NOW))
    assert verdicts == [BOUGHT] * len(contacts)


async def test_without_the_fence_an_acknowledged_order_is_not_seen(
    gate: Gate, table: SuppressionTable, producer: AIOKafkaProducer, settings: Settings
) -> None:
    """The negative control: the very check that passes above, one order behind."""
    async with projecting(settings, table, [0]):
        await say(producer, settings, "granted", "anna")
        old_lease = await gate.lease()
    await order(producer, settings, "anna")
    assert await gate.admit(a_relaunch(), old_lease, now_ms=NOW) == Reserved()
    await gate.release(a_relaunch())
    async with projecting(settings, table, [0]):
        assert await gate.admit(a_relaunch(), await gate.lease(), now_ms=NOW) == BOUGHT


async def test_while_the_table_stands_still_nothing_is_admitted(
    producer: AIOKafkaProducer, table: SuppressionTable, settings: Settings, metrics: Metrics
) -> None:
    gate = Gate(Fence(producer, table, {}, settings, metrics, timeout_s=0.3), table)
    async with projecting(settings, table, [0]):
        await say(producer, settings, "granted", "anna")
        await gate.lease()
    with pytest.raises(FenceTimeout):
        await gate.lease()
    assert metrics.registry.get_sample_value("relance_fence_timeouts_total") == 1


async def test_an_order_on_a_partition_added_in_traffic_is_seen(
    gate: Gate, table: SuppressionTable, producer: AIOKafkaProducer, settings: Settings, admin: AIOKafkaAdminClient
) -> None:
    async with projecting(settings, table, [0]):
        await say(producer, settings, "granted", "anna")
        await gate.lease()
        await add_partitions(admin, settings, ORDERS, 2)
        while len(await producer.partitions_for(settings.named(ORDERS))) < 2:
            await producer.client.force_metadata_update()
        await order(producer, settings, "anna", partition=1)
        async with projecting(settings, table, [1], [ORDERS]):
            assert await gate.admit(a_relaunch(), await gate.lease(), now_ms=NOW) == BOUGHT


async def test_a_withdrawal_acknowledged_before_the_fence_is_seen(
    gate: Gate, table: SuppressionTable, producer: AIOKafkaProducer, settings: Settings
) -> None:
    async with projecting(settings, table, [0]):
        await say(producer, settings, "granted", "anna")
        await say(producer, settings, "withdrawn", "anna")
        verdict = await gate.admit(a_relaunch(), await gate.lease(), now_ms=NOW)
    assert verdict == Suppressed(Reason.NO_CONSENT, ("withdrawn",))


async def test_an_order_with_only_the_mail_of_the_contact_is_seen(
    gate: Gate, table: SuppressionTable, producer: AIOKafkaProducer, settings: Settings
) -> None:
    async with projecting(settings, table, [0]):
        await say(producer, settings, "granted", "anna")
        anna = {"contact_id": "anna", "email": "anna@example.com", "occurred_at": NOW}
        await publish(producer, settings, topics.CONTACTS.name, anna)
        await order(producer, settings, "anna", email="Anna@EXAMPLE.com")
        assert await gate.admit(a_relaunch(), await gate.lease(), now_ms=NOW) == BOUGHT


async def test_a_relaunch_is_admitted_once(
    gate: Gate, table: SuppressionTable, producer: AIOKafkaProducer, settings: Settings
) -> None:
    async with projecting(settings, table, [0]):
        await say(producer, settings, "granted", "anna")
        lease = await gate.lease()
    assert await gate.admit(a_relaunch(), lease, now_ms=NOW) == Reserved()
    assert await gate.admit(a_relaunch(), lease, now_ms=NOW) == AlreadyReserved()
    await gate.settle(a_relaunch(), "sent")
    assert await gate.admit(a_relaunch(), lease, now_ms=NOW) == AlreadySettled("sent")


@pytest.mark.parametrize(
    "identity",
    [
        b"contact:shop:anna",
        b"visitor:shop:anna-phone",
        b"visitor:shop:anna-laptop",
        b"cart:shop:anna-cart",
    ],
)
async def test_every_identity_that_the_relaunch_names_can_stop_it(fence: Fence, identity: bytes) -> None:
    table = SuppressionInMemory()
    facts: list[Fact] = [YES, Purchase((identity,), "o1", "paid", TRIGGER, "bought")]
    await table.apply(ORDERS, 0, expected=None, next_offset=1, facts=facts)
    assert await Gate(fence, table).admit(a_relaunch(), a_lease(), now_ms=NOW) == BOUGHT


async def test_a_scenarios_own_pressure_goes_with_the_relaunch(fence: Fence) -> None:
    table = SuppressionInMemory()
    gate = Gate(fence, table)
    await table.apply(CONSENT, 0, expected=None, next_offset=1, facts=[YES])
    assert await gate.admit(a_relaunch("r1"), a_lease(), now_ms=NOW) == Reserved()
    pressed = Suppressed(Reason.PRESSURE, ("r1",))
    assert await gate.admit(a_relaunch("r2"), a_lease(), now_ms=NOW + DAY - 1) == pressed
    assert await gate.admit(a_relaunch("r2"), a_lease(), now_ms=NOW + DAY) == Reserved()


async def test_a_lease_is_good_for_five_seconds_and_then_admits_nothing(gate: Gate, table: SuppressionTable) -> None:
    assert gate.lease_is_fresh(a_lease(LEASE_S - 1))
    assert not gate.lease_is_fresh(a_lease(LEASE_S + 0.001))
    await table.apply(CONSENT, 0, expected=None, next_offset=1, facts=[YES])
    with pytest.raises(FenceTimeout):
        await gate.admit(a_relaunch(), a_lease(LEASE_S + 0.001), now_ms=NOW)
    assert await gate.admit(a_relaunch(), a_lease(), now_ms=NOW) == Reserved()


async def test_a_released_relaunch_can_be_admitted_after_another_fence(fence: Fence) -> None:
    table = SuppressionInMemory()
    gate = Gate(fence, table)
    await table.apply(CONSENT, 0, expected=None, next_offset=1, facts=[YES])
    assert await gate.admit(a_relaunch(), a_lease(), now_ms=NOW) == Reserved()
    await gate.release(a_relaunch())
    assert await gate.admit(a_relaunch(), a_lease(), now_ms=NOW) == Reserved()
