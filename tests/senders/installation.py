"""What does a whole sender stand on? An installation of its own, on the real servers, with somebody to play the shop."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.contact import Contact
from schemas.outcome import Outcome
from schemas.product import Product
from schemas.relaunch import Relaunch
from senders.attempt import EmailAttempt
from senders.email_smtp import SmtpPool
from senders.fence import Fence, Lease
from senders.gate import Gate
from senders.lookup import Lookup
from senders.service import Attempt, Sender
from streams import kafka_client, provision, topics
from streams.app import send_email
from streams.core.identity import CONTACT, subject
from streams.lane.outbox import Outbox
from streams.local.inbox import Inbox
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores.in_redis import SuppressionInRedis, connect
from tests.senders.made_up import a_relaunch, a_shop
from tests.senders.projector import SECRET, projecting

GROUP = "relance-sender-email"
SHOPS = {"boutique": a_shop()}
PARTITIONS = 2
#: Longest wait for what must come; for what may not come there is no wait.
WITHIN_S = 30.0
HOUR = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def a_due_relaunch(contact_id: str = "anna", **changes: object) -> Relaunch:
    """A relaunch that may be sent now, and for an hour."""
    relaunch_id, now = uuid4().hex, now_ms()
    times = {"trigger_at": now - HOUR, "due_at": now, "decided_at": now, "expires_at": now + HOUR}
    own = {"relaunch_id": relaunch_id, "event_id": f"{relaunch_id}/1", "contact_id": contact_id}
    return a_relaunch(**{**own, "visitor_id": f"v-{contact_id}", "visitor_ids": [f"v-{contact_id}"]} | times | changes)


async def until(come: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something has come true."""
    async with asyncio.timeout(WITHIN_S):
        while not await come():
            await asyncio.sleep(0.02)


def relay(inbox: Inbox) -> dict[str, object]:
    """The settings that make an inbox the relay."""
    return {"smtp_host": "127.0.0.1", "smtp_port": inbox.smtp_port, "smtp_tls": "none"}


class Installation:
    """Topics, group and table that no other test has."""

    def __init__(
        self,
        settings: Settings,
        admin: AIOKafkaAdminClient,
        producer: AIOKafkaProducer,
        endings: AIOKafkaConsumer,
        table: SuppressionInRedis,
    ) -> None:
        self.settings = settings
        self.producer = producer
        self.table = table
        self.metrics = Metrics()
        #: What has been read so far of outcomes and dead letters, in the order of reading.
        self.records: list[Any] = []
        self._admin = admin
        self._endings = endings

    @asynccontextmanager
    async def sending(self, inbox: Inbox, **settings: object) -> AsyncIterator["asyncio.Task[None]"]:
        """Run an e-mail sender as the command line does, to the end of the block; give its task."""
        stopping = asyncio.Event()
        task = asyncio.create_task(
            send_email(
                self.mailing(inbox, **settings),
                shops=SHOPS,
                secret=SECRET,
                table=self.table,
                metrics=self.metrics,
                stopping=stopping,
            )
        )
        try:
            yield task
            stopping.set()
            if not task.cancelled():
                await task
        finally:
            task.cancel()
            await asyncio.wait([task])

    @asynccontextmanager
    async def serving(
        self,
        inbox: Inbox,
        *,
        group: str = GROUP,
        lease: Callable[[Gate], Awaitable[Lease]] = Gate.lease,
        attempting: Callable[[Attempt], Attempt] = lambda attempt: attempt,
        outbox_of: type[Outbox] = Outbox,
    ) -> AsyncIterator["asyncio.Task[None]"]:
        """Run the service alone, with a lease or attempts of another kind, to the end of the block; give its task."""
        stopping = asyncio.Event()
        outbox = outbox_of(partial(kafka_client.producer, self.settings), self.settings.named)
        async with (
            self.known_so_far(topics.CONTACTS.name) as contacts,
            self.known_so_far(topics.CATALOG.name) as products,
            kafka_client.member(self.settings, group) as consumer,
        ):
            await outbox.start()
            pool = SmtpPool(self.mailing(inbox))
            gate = Gate(Fence(self.producer, self.table, {}, self.settings, self.metrics), self.table)
            attempt = EmailAttempt(gate, pool, contacts, products, SHOPS, self.settings.public_url, SECRET)
            sender = Sender("email", consumer, outbox, partial(lease, gate), attempting(attempt), self.metrics)
            task = asyncio.create_task(sender.serve(self.settings.named("relaunch"), stopping))
            try:
                yield task
                stopping.set()
                if not task.cancelled():
                    await task
            finally:
                task.cancel()
                await asyncio.wait([task])
                await pool.close()
                await outbox.stop()

    @asynccontextmanager
    async def known_so_far(self, topic: str) -> AsyncIterator[Lookup]:
        """Look up what is on a compacted topic now."""
        async with kafka_client.reader(self.settings) as consumer:
            lookup = Lookup(consumer, self.settings.named(topic), topic)
            await lookup.catch_up(PARTITIONS)
            yield lookup

    def environment(self, inbox: Inbox, directory: Path, **changes: object) -> dict[str, str]:
        """Return the variables with which a sender in a process of its own sends to an inbox."""
        shops = directory / "shops.yaml"
        known = [
            shop.model_dump(by_alias=True, exclude={"mailbox"}) | {"from": shop.from_address} for shop in SHOPS.values()
        ]
        shops.write_text(yaml.safe_dump({"shops": known}))
        own = {
            "kafka_bootstrap": self.settings.kafka_bootstrap,
            "namespace": self.settings.namespace,
            "journal_partitions": PARTITIONS,
            "redis_url": self.settings.redis_url.get_secret_value(),
            "secret": SECRET.decode(),
            "shops": shops,
            "metrics_port": 0,
        }
        return {f"RELANCE_{name.upper()}": str(value) for name, value in {**own, **relay(inbox), **changes}.items()}

    @asynccontextmanager
    async def projecting(self) -> AsyncIterator[None]:
        """Play the suppress agent, with a connection of its own, to the end of the block."""
        async with connect(self.settings.redis_url.get_secret_value()) as redis:
            table = SuppressionInRedis(redis, self.settings.namespace)
            async with projecting(self.settings, table, range(PARTITIONS)):
                yield

    def mailing(self, inbox: Inbox, **changes: object) -> Settings:
        """Return the settings that make this inbox the relay."""
        return self.settings.model_copy(update={**relay(inbox), **changes})

    async def contact(self, contact_id: str = "anna", **changes: object) -> None:
        """Make a contact known, who consents to e-mail."""
        known = {"contact_id": contact_id, "email": f"{contact_id}@mail.example", "locale": "fr-FR"} | changes
        await self.publish(topics.CONTACTS.name, known, f"boutique:{contact_id}".encode())
        await self.consent(contact_id, "granted")

    async def consent(self, contact_id: str, state: str) -> None:
        """Say yes or no to e-mail."""
        said = {"contact_id": contact_id, "channel": "email", "purpose": "marketing", "state": state}
        await self.publish(topics.CONSENT_CHANGES.name, said)

    async def erase(self, contact_id: str) -> None:
        """Publish a contact's tombstone."""
        await self.producer.send_and_wait(self.settings.named("contacts"), None, f"boutique:{contact_id}".encode())

    async def order(self, contact_id: str) -> str:
        """Order something, and return the event's id."""
        lines = [{"product_id": "teapot", "quantity": 1, "unit_price_minor": 4990}]
        said = {"order_id": uuid4().hex, "status": "placed", "contact_id": contact_id, "lines": lines}
        return await self.publish(topics.ORDERS.name, said | {"total_minor": 4990, "currency": "EUR"})

    async def publish(self, topic: str, fields: Mapping[str, object], key: bytes | None = None) -> str:
        """Publish a message as a shop would, wait until it is acknowledged, and return its event's id."""
        event_id = uuid4().hex
        value = {"v": 1, "event_id": event_id, "shop_id": "boutique", "occurred_at": now_ms(), **fields}
        await self.producer.send_and_wait(self.settings.named(topic), json.dumps(value).encode(), key)
        return event_id

    async def known(self, message: Contact | Product, key: str) -> None:
        """Publish a contact or a product as it is."""
        topic = topics.CONTACTS if isinstance(message, Contact) else topics.CATALOG
        raw = message.model_dump_json(exclude_none=True).encode()
        await self.producer.send_and_wait(self.settings.named(topic.name), raw, key.encode())

    async def relaunch(self, *relaunches: Relaunch) -> None:
        """Publish relaunches as detection does."""
        for relaunch in relaunches:
            await self.relaunch_record(relaunch.model_dump_json().encode(), contact_id=relaunch.contact_id)

    async def relaunch_record(self, raw: bytes | None, channel: bytes | None = b"email", contact_id: str = "x") -> None:
        """Publish any record on `relaunch`."""
        key = subject(CONTACT, "boutique", contact_id)
        headers = [] if channel is None else [("channel", channel)]
        await self.producer.send_and_wait(self.settings.named("relaunch"), raw, key, headers=headers)

    async def outcomes(self, count: int) -> list[Outcome]:
        """Return every outcome there is, once there are this many."""
        return [Outcome.model_validate_json(record.value) for record in await self._of(topics.OUTCOMES.name, count)]

    async def dead_letters(self, count: int) -> list[Any]:
        """Return every dead letter there is, once there are this many."""
        return await self._of(topics.DEAD_LETTERS.name, count)

    async def done(self, group: str = GROUP) -> None:
        """Wait until everything on `relaunch` has been committed."""
        await until(lambda: self._is_done(group))

    async def committed(self, group: str = GROUP) -> int:
        """Return how many records of `relaunch` are committed."""
        known = await self._admin.list_consumer_group_offsets(self.settings.named(group))
        return sum(max(0, position.offset) for position in known.values())

    async def _is_done(self, group: str) -> bool:
        partitions = [TopicPartition(self.settings.named("relaunch"), number) for number in range(PARTITIONS)]
        ends = await self._endings.end_offsets(partitions)
        return await self.committed(group) == int(sum(ends.values()))

    async def _of(self, topic: str, count: int) -> list[Any]:
        async def are_there() -> bool:
            await self._read()
            return len(self._found(topic)) >= count

        await until(are_there)
        return self._found(topic)

    async def _read(self) -> None:
        """Read everything that is there now."""
        ends = await self._endings.end_offsets(self._endings.assignment())
        while any([await self._endings.position(place) < end for place, end in ends.items()]):
            for records in (await self._endings.getmany(timeout_ms=20)).values():
                self.records += records

    def _found(self, topic: str) -> list[Any]:
        return [record for record in self.records if record.topic == self.settings.named(topic)]


@asynccontextmanager
async def installed(kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Installation]:
    """Set up an installation that no other test has."""
    settings = Settings.model_validate(
        {
            "kafka_bootstrap": kafka_bootstrap,
            "redis_url": redis_url,
            "namespace": f"t{uuid4().hex}.",
            "public_partitions": PARTITIONS,
            "journal_partitions": PARTITIONS,
        }
    )
    async with kafka_client.reachable(settings) as admin, kafka_client.producer(settings) as producer:
        await provision.apply(admin, settings)
        async with kafka_client.reader(settings) as endings, connect(redis_url) as redis:
            endings.assign(
                [
                    TopicPartition(settings.named(topic.name), number)
                    for topic in (topics.OUTCOMES, topics.DEAD_LETTERS)
                    for number in range(PARTITIONS)
                ]
            )
            await endings.seek_to_beginning()
            yield Installation(settings, admin, producer, endings, SuppressionInRedis(redis, settings.namespace))
