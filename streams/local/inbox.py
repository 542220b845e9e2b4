"""Where does the mail go on a machine where none may leave?

An SMTP server on the loopback that accepts everything, keeps it in memory and shows it on a web page. To test a sender it
can also refuse, make it wait, and hang up.
"""

import inspect
import time
from asyncio import AbstractServer, BaseTransport, get_running_loop
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Literal, Self
from weakref import WeakSet

from aiohttp import web

from streams.local import inbox_pages, ports
from streams.local.message import Message, message_from
from streams.local.parts import require_parts

#: What the client has just said: who writes (MAIL), to whom (RCPT), or the message with its final dot.
Stage = Literal["mail", "rcpt", "dot"]
#: Instead of a reply: close the connection; the message, if there is one, is lost.
HANG_UP = "hang up"
#: Instead of a reply to the dot: keep the message, and close the connection.
KEEP_AND_HANG_UP = "keep and hang up"
#: Says how to reply at a stage to an address, or to a message's bytes as text: an SMTP reply, one of the above, or None
#: to accept. What it awaits, the client waits for.
Answer = Callable[[Stage, str], str | Awaitable[str | None] | None]


class Inbox:
    """An SMTP server and its web page, both on the loopback, from `start` to `stop`."""

    def __init__(
        self, smtp_port: int | None = None, web_port: int | None = None, *, answer: Answer | None = None
    ) -> None:
        self.smtp_port = smtp_port or ports.free_port()
        self.web_port = web_port or ports.free_port()
        #: What was accepted, oldest first.
        self.messages: list[Message] = []
        self._answer = answer
        self._server: AbstractServer | None = None
        self._connections: WeakSet[Any] = WeakSet()
        self._pages = web.AppRunner(inbox_pages.application(self.messages), access_log=None)

    @property
    def url(self) -> str:
        """The web page's address."""
        return f"http://{ports.HOST}:{self.web_port}/"

    async def start(self) -> None:
        """Listen on both ports. Raises a LocalStackError if the extra is not installed or a port is taken."""
        require_parts()
        for port in (self.smtp_port, self.web_port):
            ports.require_free(port)
        self._server = await get_running_loop().create_server(self._connection, ports.HOST, self.smtp_port)
        await self._pages.setup()
        await web.TCPSite(self._pages, ports.HOST, self.web_port).start()

    async def stop(self) -> None:
        """Listen no more, and close the connections that clients have kept."""
        if self._server:
            self._server.close()
        for connection in self._connections:
            _hang_up(connection.transport)
        await self._pages.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _connection(self) -> Any:
        from aiosmtpd.smtp import SMTP  # only here: the extra may not be installed

        connection = SMTP(
            self, enable_SMTPUTF8=True, hostname="localhost", ident="Relance inbox", loop=get_running_loop()
        )
        self._connections.add(connection)
        return connection

    # The names of these hooks, their arguments and MISSING ("do as usual") are aiosmtpd's.

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> object:  # noqa: N802
        return self._reply(server, await self._asked("mail", address))

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> object:  # noqa: N802
        return self._reply(server, await self._asked("rcpt", address))

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> object:  # noqa: N802
        raw: bytes = envelope.original_content
        reply = await self._asked("dot", raw.decode(errors="replace"))
        if reply is None or reply == KEEP_AND_HANG_UP or reply.startswith("2"):
            self._keep(envelope.mail_from, envelope.rcpt_tos, raw)
        return self._reply(server, reply)

    async def _asked(self, stage: Stage, text: str) -> str | None:
        reply = self._answer(stage, text) if self._answer else None
        return await reply if inspect.isawaitable(reply) else reply

    def _keep(self, sender: str, to: list[str], raw: bytes) -> None:
        now_ms = time.time_ns() // 1_000_000
        self.messages.append(message_from(raw, sender=sender, to=to, received_at=now_ms))

    @staticmethod
    def _reply(server: Any, reply: str | None) -> object:
        from aiosmtpd.smtp import MISSING

        if reply in (HANG_UP, KEEP_AND_HANG_UP):
            _hang_up(server.transport)
        return MISSING if reply is None else reply


def _hang_up(transport: BaseTransport | None) -> None:
    if transport:
        transport.close()
