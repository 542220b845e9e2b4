"""How is the whole stack had on one machine, and left without a trace?

Law 1  Whatever ends the stack, an error, Ctrl-C or the end of its block, its servers end within seconds.
Law 2  A temporary directory goes with it; a directory that was given stays, and its data is found again.
"""

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from streams.local import ports
from streams.local.inbox import Inbox
from streams.local.kafka import LocalKafka
from streams.local.parts import require_parts
from streams.local.server import wait_async
from streams.local.valkey import LocalValkey


class LocalStack:
    """A Kafka, a Valkey and an SMTP inbox on the loopback, for as long as its `async with` block lasts.

    Entering raises a LocalStackError whose message says what to do.
    """

    kafka: LocalKafka
    valkey: LocalValkey
    inbox: Inbox

    def __init__(
        self,
        directory: Path | None = None,
        *,
        kafka_port: int | None = None,
        smtp_port: int | None = None,
        valkey_port: int | None = None,
        web_port: int | None = None,
    ) -> None:
        """Describe a stack that keeps its data in a directory, or only for once; ports not given are picked."""
        self._given = directory
        self._kafka_port = kafka_port
        self._valkey_port = valkey_port
        self._ends = AsyncExitStack()
        self.inbox = Inbox(smtp_port, web_port)

    async def __aenter__(self) -> Self:
        require_parts()
        async with AsyncExitStack() as ends:
            directory = self._given or Path(ends.enter_context(TemporaryDirectory(prefix="relance-")))
            self.kafka = LocalKafka(directory / "kafka", self._kafka_port)
            self.valkey = LocalValkey(directory / "valkey", self._valkey_port)
            self._secret = _secret(directory / "secret")
            ends.push_async_callback(self._stop)
            await self._start()
            self._ends = ends.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ends.aclose()

    def environment(self) -> dict[str, str]:
        """Return the variables that point `Settings` to this stack."""
        return {
            "RELANCE_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "RELANCE_REDIS_URL": self.valkey.url,
            "RELANCE_SMTP_HOST": ports.HOST,
            "RELANCE_SMTP_PORT": str(self.inbox.smtp_port),
            "RELANCE_SMTP_TLS": "none",
            "RELANCE_SECRET": self._secret,
        }

    async def _start(self) -> None:
        try:
            async with asyncio.TaskGroup() as starting:
                starting.create_task(wait_async(self.kafka.starting()))
                starting.create_task(wait_async(self.valkey.starting()))
                starting.create_task(self.inbox.start())
        except ExceptionGroup as several:
            raise several.exceptions[0] from several

    async def _stop(self) -> None:
        await asyncio.gather(wait_async(self.kafka.stopping()), wait_async(self.valkey.stopping()), self.inbox.stop())


def _secret(file: Path) -> str:
    """Return the secret kept in a file, at first a random one: links signed before a restart stay good after it."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text()
