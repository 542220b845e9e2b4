"""Claims about an outbox whose broker is away: nothing overtakes what could not be sent."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.lane.outbox import Outbox


class BrokerAwayOnce:
    """A producer that gives up on the first batch, and would send all others."""

    def __init__(self) -> None:
        self.sent = 0
        self._is_away = True

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(200, 0)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        if self._is_away:
            self._is_away = False
            raise KafkaTimeoutError
        self.sent += 1
        return asyncio.get_running_loop().create_future()


async def test_what_waits_behind_a_batch_that_cannot_be_sent_fails_with_it() -> None:
    producer = BrokerAwayOnce()
    outbox = Outbox(lambda: producer, str)
    await outbox.start()
    futures = outbox.to("journal", 0, [(b"subject", b"x" * 100) for _ in range(5)])
    assert len(futures) > 1
    for future in futures:
        with pytest.raises(KafkaTimeoutError):
            await asyncio.wait_for(future, 5)
    assert producer.sent == 0
