"""What do a command's topics hold, before and after it?"""

import asyncio
from collections.abc import Iterable
from functools import partial

from aiokafka import ConsumerRecord

from streams.kafka_client import producer
from streams.lane.outbox import Outbox
from streams.reading import whole
from streams.settings import Settings
from tests.cli.terminal import Terminal

Record = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


def publish(terminal: Terminal, topic: str, *records: Record) -> None:
    """Publish records (key, value, headers) to a topic of the terminal's installation, in order."""
    asyncio.run(_publish(_settings(terminal), topic, records))


def published(terminal: Terminal, topic: str) -> list[ConsumerRecord]:
    """Return everything on a topic of the terminal's installation."""
    return asyncio.run(_published(_settings(terminal), topic))


def _settings(terminal: Terminal) -> Settings:
    return Settings.model_validate(terminal.settings)


async def _publish(settings: Settings, topic: str, records: Iterable[Record]) -> None:
    outbox = Outbox(partial(producer, settings), settings.named)
    await outbox.start()
    try:
        for key, value, headers in records:
            await (await outbox.one(topic, key, value, headers))
    finally:
        await outbox.stop()


async def _published(settings: Settings, topic: str) -> list[ConsumerRecord]:
    return [record async for record in whole(settings, topic)]
