"""Which real servers do the tests share? Each is started by the first test that asks, once in a session."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import structlog
from hypothesis import HealthCheck, settings

from streams.local.inbox import Answer, Inbox
from streams.local.kafka import LocalKafka
from streams.local.valkey import LocalValkey
from streams.logs import Collapsed

#: Whose loggers `streams/logs.py` takes over, the root's included.
LIBRARIES = ("", "aiokafka", "faust", "mode", "aiosmtplib")

# How long an example takes says how busy the machine is, not whether a claim holds.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command that was run in this process has set logging up for its own standard error: the next test has its own."""
    yield
    structlog.reset_defaults()
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler for handler in logger.handlers if not isinstance(handler, Collapsed)]
        logger.propagate = True


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka for the whole session: name your topics and groups so that no other test has them; never kill it."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalValkey]:
    """A Valkey for the whole session: prefix your keys so that no other test has them; never kill it."""
    with LocalValkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
async def inbox() -> AsyncIterator[Callable[..., Awaitable[Inbox]]]:
    """Open an inbox for one test, `await inbox()`, or one that answers as told, `await inbox(answer)`."""
    async with AsyncExitStack() as opened:

        async def open_one(answer: Answer | None = None) -> Inbox:
            return await opened.enter_async_context(Inbox(answer=answer))

        yield open_one
