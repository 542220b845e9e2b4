"""Claims about suppress, on a real Kafka and a real Valkey: the table follows the topics, whatever becomes of the table."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace
from pydantic import SecretStr

from streams import kafka_client, provision
from streams.app import worker
from streams.core.decisions import Reason
from streams.core.identity import CONTACT, subject
from streams.kafka_client import reachable
from streams.local.kafka import LocalKafka
from streams.local.server import wait_async
from streams.local.valkey import LocalValkey
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores import fences
from streams.stores.errors import StoreUnavailable
from streams.stores.in_redis import SuppressionInRedis, connect
from streams.stores.ports import Request, Reserved, Suppressed, Verdict
from tests.lane.small_lane import WITHIN_S, close_unused_loop

SECRET = b"a secret of thirty-two characters"
#: When the cart was filled, the order came, and the sender asks.
NINE = 1_790_000_000_000
ANNA = subject(CONTACT, "s", "anna")
REQUEST = Request(
    relaunch_id="r1",
    contact=ANNA,
    identities=(),
    channel="email",
    scenario="cart-reminder",
    trigger_at=NINE,
    once_per_ms=3_600_000,
    now_ms=NINE + 1_800_000,
)


class Shop:
    """A shop that publishes, and the table that suppress keeps."""

    def __init__(self, settings: Settings, producer: AIOKafkaProducer, table: SuppressionInRedis) -> None:
        self.settings = settings
        self._producer = producer
        self.table = table
        self._events = 0

    async def publish(self, topic: str, value: bytes | None, headers: Any = None) -> int:
        """Append a record to partition 0; return the offset behind it."""
        appended = await self._producer.send_and_wait(
            self.settings.named(topic), value, b"s:anna", partition=0, headers=headers
        )
        offset: int = appended.offset
        return offset + 1

    async def says(self, topic: str, **said: object) -> int:
        """Publish an event of the shop about Anna; return the offset behind it."""
        self._events += 1
        event = {"v": 1, "event_id": f"e{self._events}", "shop_id": "s", "occurred_at": NINE, "contact_id": "anna"}
        return await self.publish(topic, json.dumps(event | said).encode())

    async def consents(self, state: str = "granted") -> int:
        """Have Anna agree to e-mail, or not."""
        return await self.says("consent-changes", channel="email", purpose="marketing", state=state)

    async def sells(self, order_id: str = "o1") -> int:
        """Sell something to Anna."""
        lines = [{"product_id": "lamp", "quantity": 1, "unit_price_minor": 990}]
        return await self.says("orders", order_id=order_id, status="paid", lines=lines, total_minor=990, currency="EUR")

    async def until_applied(self, topic: str, position: int) -> None:
        """Wait until the table covers a topic up to a position."""
        async with asyncio.timeout(WITHIN_S):
            while await self._position(topic) != position:
                await asyncio.sleep(0.02)

    async def _position(self, topic: str) -> int | None:
        try:
            return (await self.table.next_offsets(topic, [0])).get(0)
        except StoreUnavailable:  # its first answer after a restart
            return None

    async def verdict(self) -> Verdict:
        """Ask whether Anna may be written to; each time for another relaunch, given back at once."""
        request = replace(REQUEST, relaunch_id=uuid4().hex)
        verdict = await self.table.reserve(request)
        await self.table.release(request.relaunch_id)
        return verdict

    async def wipe(self) -> None:
        """Empty the table, watermarks and all."""
        async with connect(self.settings.redis_url.get_secret_value()) as client:
            async for key in client.scan_iter(f"{self.settings.namespace}*"):
                await client.delete(key)


@asynccontextmanager
async def shop_with(kafka: LocalKafka, valkey: LocalValkey) -> AsyncIterator[Shop]:
    settings = Settings(
        kafka_bootstrap=kafka.bootstrap,
        redis_url=SecretStr(valkey.url),
        namespace=f"t{uuid4().hex[:8]}.",
        public_partitions=2,
        journal_partitions=1,
    )
    async with reachable(settings) as admin:
        await provision.apply(admin, settings)
    async with kafka_client.producer(settings) as producer, connect(valkey.url) as client:
        yield Shop(settings, producer, SuppressionInRedis(client, settings.namespace))


@pytest.fixture
async def shop(kafka: LocalKafka, valkey: LocalValkey) -> AsyncIterator[Shop]:
    async with shop_with(kafka, valkey) as shop:
        yield shop


@pytest.fixture
async def own_valkey(tmp_path: Path) -> AsyncIterator[LocalValkey]:
    """A table that a test may take away."""
    server = LocalValkey(tmp_path)
    await wait_async(server.starting())
    yield server
    await wait_async(server.stopping())


class Suppressing:
    """A worker that plays suppress."""

    def __init__(self, settings: Settings) -> None:
        self.metrics = Metrics()
        self._client = connect(settings.redis_url.get_secret_value())
        table = SuppressionInRedis(self._client, settings.namespace)
        self.app = worker(settings, ["suppress"], rules=(), secret=SECRET, table=table, metrics=self.metrics)

    async def stop(self) -> None:
        """Stop, as a worker does."""
        await self.app.stop()
        await self._client.aclose()
        close_unused_loop(self.app)

    def refused(self, topic: str) -> float:
        """Return how often the table refused, as the metrics say."""
        return self.metrics.registry.get_sample_value("relance_suppress_refused_total", {"topic": topic}) or 0.0


@asynccontextmanager
async def suppressing(shop: Shop) -> AsyncIterator[Suppressing]:
    working = Suppressing(shop.settings)
    await working.app.start()
    try:
        yield working
    finally:
        await working.stop()


NO_CONSENT = Suppressed(Reason.NO_CONSENT, ())


async def test_what_shops_publish_is_in_the_table(shop: Shop) -> None:
    async with suppressing(shop):
        assert await shop.verdict() == NO_CONSENT
        await shop.until_applied("consent-changes", await shop.consents())
        assert await shop.verdict() == Reserved()
        await shop.until_applied("orders", await shop.sells())
        assert await shop.verdict() == Suppressed(Reason.PURCHASED, ("e2",))


async def test_a_fence_moves_the_watermark_and_changes_nothing(shop: Shop) -> None:
    async with suppressing(shop):
        await shop.consents()
        behind = await shop.publish("consent-changes", None, [(fences.HEADER, b"1")])
        await shop.until_applied("consent-changes", behind)
        assert await shop.verdict() == Reserved()


async def test_a_record_that_cannot_be_understood_is_passed_over_and_its_neighbours_count(shop: Shop) -> None:
    async with suppressing(shop):
        await shop.publish("consent-changes", b"{")
        await shop.consents()
        await shop.until_applied("consent-changes", await shop.publish("consent-changes", b"\xff"))
        assert await shop.verdict() == Reserved()


async def test_a_table_wiped_in_mid_stream_is_rebuilt_from_the_beginning(shop: Shop) -> None:
    async with suppressing(shop) as working:
        await shop.until_applied("consent-changes", await shop.consents())
        await shop.until_applied("orders", await shop.sells())
        await shop.wipe()
        assert await shop.verdict() == NO_CONSENT
        await shop.until_applied("consent-changes", await shop.consents())
        await shop.until_applied("orders", await shop.sells(order_id="o2"))
        assert await shop.verdict() == Suppressed(Reason.PURCHASED, ("e2",))
        assert (working.refused("orders"), working.refused("consent-changes")) == (1, 1)


async def test_a_worker_starts_from_the_tables_watermark_and_not_from_the_groups_position(shop: Shop) -> None:
    async with suppressing(shop):
        behind = await shop.consents()
        await shop.until_applied("consent-changes", behind)
    async with reachable(shop.settings) as admin:
        committed = await admin.list_consumer_group_offsets(shop.settings.named("relance-suppress"))
    assert behind in {known.offset for known in committed.values()}
    await shop.wipe()
    async with suppressing(shop) as working:
        await shop.until_applied("consent-changes", behind)
        assert await shop.verdict() == Reserved()
        assert working.refused("consent-changes") == 0


async def test_a_table_that_is_away_is_waited_for(kafka: LocalKafka, own_valkey: LocalValkey) -> None:
    async with shop_with(kafka, own_valkey) as shop, suppressing(shop) as working:
        await shop.until_applied("consent-changes", await shop.consents())
        await wait_async(own_valkey.stopping())
        behind = await shop.sells()
        await wait_async(own_valkey.starting())
        await shop.until_applied("orders", behind)
        assert await shop.verdict() == Suppressed(Reason.PURCHASED, ("e2",))
        assert not working.app.crashed


async def test_a_worker_whose_table_is_away_stops_when_it_is_told_to(
    kafka: LocalKafka, own_valkey: LocalValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.lane.consumer.FINISH_SECONDS", 0.5)
    async with shop_with(kafka, own_valkey) as shop, suppressing(shop) as working:
        await shop.until_applied("consent-changes", await shop.consents())
        await wait_async(own_valkey.stopping())
        for number in range(3):
            await shop.sells(order_id=f"o{number}")
        stopping = asyncio.create_task(working.stop())
        await asyncio.wait([stopping], timeout=WITHIN_S)
        assert stopping.done()
