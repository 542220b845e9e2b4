"""What is known of a contact, or of a product, right now?

A sender reads the whole of a compacted topic into memory and follows it. Names and addresses are in that topic and in no other
store; a fence waits until the contacts have been read up to it, so an erasure counts at once
(deploy/decisions/0004-names-and-addresses-live-in-one-topic.md).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.contact import Contact, ContactErased
from schemas.decoding import Message, Removal, decode
from schemas.errors import Undecodable
from schemas.product import Product, ProductRemoved
from streams.stores.fences import is_fence

POLL_MS = 50


class Lookup:
    """The latest record of each key of one compacted topic."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, plain: str) -> None:
        """Follow `topic` (its name in Kafka) with a started consumer; `plain` is its name in `streams/topics.py`."""
        self._consumer = consumer
        self._topic = topic
        self._plain = plain
        self._known: dict[tuple[str, str], Message] = {}
        self._next: dict[int, int] = {}
        self._wanted: set[int] = set()

    def contact(self, shop_id: str, contact_id: str) -> Contact | None:
        """Return a contact, or None for one that is not known, or was erased."""
        found = self._known.get((shop_id, contact_id))
        return found if isinstance(found, Contact) else None

    def product(self, shop_id: str, product_id: str) -> Product | None:
        """Return a product, or None for one that is not known."""
        found = self._known.get((shop_id, product_id))
        return found if isinstance(found, Product) else None

    async def reached(self, topic: str, offsets: Mapping[int, int]) -> bool:
        """Say whether everything up to these offsets, one of each partition, has been read (see `senders/fence.py`)."""
        self._wanted |= offsets.keys()
        return all(self._next.get(partition, 0) > offset for partition, offset in offsets.items())

    async def catch_up(self, partitions: int) -> None:
        """Read what is there by now."""
        self._wanted |= set(range(partitions))
        await self._take_up()
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        # Not by the records read: behind the last of them there may be a transaction's marker.
        while any([await self._consumer.position(place) < end for place, end in ends.items()]):
            await self._read()

    async def follow(self) -> None:
        """Read what comes, for ever. New partitions are taken up when a fence names them."""
        while True:
            if self._wanted - self._next.keys():
                await self._take_up()
            await self._read()
            await asyncio.sleep(0)

    async def _read(self) -> None:
        for partition, records in (await self._consumer.getmany(timeout_ms=POLL_MS)).items():
            for record in records:
                self._learn(record)
            self._next[partition.partition] = records[-1].offset + 1

    async def _take_up(self) -> None:
        self._consumer.assign([TopicPartition(self._topic, partition) for partition in self._wanted])
        for partition in self._wanted:
            self._consumer.seek(TopicPartition(self._topic, partition), self._next.setdefault(partition, 0))

    def _learn(self, record: Any) -> None:
        if record.headers and is_fence(record.headers):
            return
        try:
            said = decode(self._plain, record.value, arrived_at=record.timestamp, key=record.key)
        except Undecodable:
            return  # ingest makes it a dead letter
        if isinstance(said, ContactErased | ProductRemoved):
            self._known.pop(_place(said), None)
        else:
            self._known[_place(said)] = said


def _place(said: Message | Removal) -> tuple[str, str]:
    if isinstance(said, Contact | ContactErased):
        return said.shop_id, said.contact_id
    assert isinstance(said, Product | ProductRemoved)
    return said.shop_id, said.product_id
