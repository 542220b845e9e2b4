"""Claims about what a sender knows of contacts and products, on a real Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ConsumerStoppedError

from senders.lookup import Lookup
from streams import kafka_client, topics
from streams.settings import Settings
from streams.stores import fences
from tests.senders.installation import now_ms, until
from tests.senders.made_up import a_contact, a_product
from tests.senders.projector import add_partitions

CONTACTS = topics.CONTACTS.name
CATALOG = topics.CATALOG.name
ANNA = b"boutique:anna"
FENCE = [(fences.HEADER, b"a fence")]


class Shop:
    """Publishes contacts and products."""

    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self._producer = producer
        self._settings = settings

    async def says(
        self,
        raw: bytes | None,
        key: bytes = ANNA,
        *,
        topic: str = CONTACTS,
        partition: int = 0,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> int:
        """Publish a record, and return its offset."""
        sent = await self._producer.send_and_wait(
            self._settings.named(topic), raw, key, partition=partition, headers=headers
        )
        return int(sent.offset)


def contact(email: str = "anna@mail.example", **changes: object) -> bytes:
    return a_contact(email=email, **changes).model_dump_json(exclude_none=True).encode()


def product(title: str) -> bytes:
    return a_product(title=title).model_dump_json(exclude_none=True).encode()


@pytest.fixture
async def shop(producer: AIOKafkaProducer, settings: Settings) -> Shop:
    return Shop(producer, settings)


@asynccontextmanager
async def reading(settings: Settings, topic: str = CONTACTS) -> AsyncIterator[tuple[Lookup, AIOKafkaConsumer]]:
    async with kafka_client.reader(settings) as consumer:
        lookup = Lookup(consumer, settings.named(topic), topic)
        await lookup.catch_up(1)
        yield lookup, consumer


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[Lookup]:
    async with reading(settings) as (lookup, _):
        task = asyncio.create_task(lookup.follow())
        try:
            yield lookup
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.wait([task])


async def come(lookup: Lookup, offset: int, partition: int = 0) -> None:
    """Wait until something has been read."""
    await until(lambda: lookup.reached(CONTACTS, {partition: offset}))


async def test_what_is_there_is_known_after_catching_up_the_newest_of_each_key(shop: Shop, settings: Settings) -> None:
    await shop.says(contact("old@mail.example"))
    await shop.says(contact("bea@mail.example", contact_id="bea"), b"boutique:bea")
    await shop.says(contact("new@mail.example"))
    async with reading(settings) as (lookup, _):
        for who, address in (("anna", "new@mail.example"), ("bea", "bea@mail.example")):
            known = lookup.contact("boutique", who)
            assert known is not None
            assert known.email == address


async def test_what_comes_is_followed(shop: Shop, settings: Settings) -> None:
    async with following(settings) as lookup:
        assert lookup.contact("boutique", "anna") is None
        await come(lookup, await shop.says(contact()))
        assert lookup.contact("boutique", "anna") is not None


async def test_a_contact_is_known_in_its_own_shop_only(shop: Shop, settings: Settings) -> None:
    await shop.says(contact())
    async with reading(settings) as (lookup, _):
        assert lookup.contact("elsewhere", "anna") is None


async def test_a_tombstone_erases_and_a_fence_does_not(shop: Shop, settings: Settings) -> None:
    async with following(settings) as lookup:
        await shop.says(contact())
        await come(lookup, await shop.says(None, headers=FENCE))
        assert lookup.contact("boutique", "anna") is not None
        await come(lookup, await shop.says(None))
        assert lookup.contact("boutique", "anna") is None


async def test_what_cannot_be_understood_leaves_what_was_known(shop: Shop, settings: Settings) -> None:
    async with following(settings) as lookup:
        await shop.says(contact())
        for raw in (b"", b"{", contact().replace(b"@", b"@@"), contact().replace(b'"v":1', b'"v":2')):
            await come(lookup, await shop.says(raw))
            assert lookup.contact("boutique", "anna") == a_contact()


async def test_a_fence_is_reached_once_its_offset_was_read_and_not_before(shop: Shop, settings: Settings) -> None:
    async with following(settings) as lookup:
        assert not await lookup.reached(CONTACTS, {0: 0})
        offset = await shop.says(None, fences.KEY, headers=FENCE)
        await come(lookup, offset)
        assert not await lookup.reached(CONTACTS, {0: offset + 1})


async def test_a_new_partition_holds_the_fence_and_is_then_read(
    shop: Shop, settings: Settings, admin: AIOKafkaAdminClient, producer: AIOKafkaProducer
) -> None:
    async with following(settings) as lookup:
        await come(lookup, await shop.says(contact()))
        await add_partitions(admin, settings, CONTACTS, 2)
        while len(await producer.partitions_for(settings.named(CONTACTS))) < 2:
            await producer.client.force_metadata_update()
        offset = await shop.says(contact("bea@mail.example", contact_id="bea"), b"boutique:bea", partition=1)
        assert not await lookup.reached(CONTACTS, {0: 0, 1: offset})
        await come(lookup, offset, partition=1)
        assert lookup.contact("boutique", "bea") is not None
        assert lookup.contact("boutique", "anna") is not None


async def test_catching_up_ends_behind_a_transaction_s_marker(settings: Settings, admin: AIOKafkaAdminClient) -> None:
    options = kafka_client.options(settings)
    async with AIOKafkaProducer(**options, transactional_id=settings.namespace) as producer, producer.transaction():
        await producer.send_and_wait(settings.named(CONTACTS), contact(), ANNA)
    async with asyncio.timeout(30), reading(settings) as (lookup, _):
        assert lookup.contact("boutique", "anna") == a_contact()


async def test_products_are_known_until_they_are_removed(
    shop: Shop, settings: Settings, admin: AIOKafkaAdminClient
) -> None:
    await admin.create_topics([NewTopic(settings.named(CATALOG), 1, 1)])
    for title in ("Teapot", "Théière"):
        await shop.says(product(title), b"boutique:teapot", topic=CATALOG)
    async with reading(settings, CATALOG) as (lookup, _):
        known = lookup.product("boutique", "teapot")
        assert known is not None
        assert known.title == "Théière"
        assert lookup.contact("boutique", "teapot") is None
    await shop.says(None, b"boutique:teapot", topic=CATALOG)
    async with reading(settings, CATALOG) as (lookup, _):
        assert lookup.product("boutique", "teapot") is None


async def test_following_ends_with_an_error_when_the_consumer_does(settings: Settings, shop: Shop) -> None:
    async with reading(settings) as (lookup, consumer):
        task = asyncio.create_task(lookup.follow())
        await come(lookup, await shop.says(json.dumps({"at": now_ms()}).encode()))
        await consumer.stop()
        with pytest.raises(ConsumerStoppedError):
            await task
