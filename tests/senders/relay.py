"""Which relay do the senders' tests talk to?

A real SMTP server that says yes, unless it was told what to say at which point.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, LoginPassword

CERTIFICATES = Path(__file__).parent / "certificates"
#: Instead of an answer: close the connection, or say nothing at all.
HANG_UP = "hang up"
SILENCE = "silence"
USER, PASSWORD = "relance", "open sesame"


class Relay:
    """What was said, what was taken, and what is to be answered."""

    def __init__(self, certificate: str | None, *, implicit: bool, login: bool) -> None:
        self._tls = None if certificate is None else server_side(certificate)
        self._implicit = implicit
        self._login = login
        self._connections: list[_Connection] = []
        #: By point (`MAIL`, `RCPT`, `DATA` or `dot`), what to say instead of yes.
        self.answers: dict[str, str] = {}
        #: What clients have said, in order.
        self.said: list[str] = []
        #: The bodies whose final dot has come, whatever was answered.
        self.bodies: list[bytes] = []
        self.port = 0

    @property
    def connections(self) -> int:
        """How many connections there have been."""
        return len(self._connections)

    async def listen(self) -> asyncio.Server:
        """Listen on a free port of the loopback."""
        server = await asyncio.get_running_loop().create_server(
            self._connection, "127.0.0.1", 0, ssl=self._tls if self._implicit else None
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    def hang_up(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            if connection.transport:
                connection.transport.close()

    async def gone(self) -> None:
        """Return once every connection is closed, and the client's side can have seen it."""
        async with asyncio.timeout(5):
            for connection in self._connections:
                await connection.lost.wait()
        for _ in range(3):
            await asyncio.sleep(0)

    def _connection(self) -> "_Connection":
        connection = _Connection(
            self,
            hostname="localhost",
            tls_context=None if self._implicit else self._tls,
            require_starttls=self._tls is not None and not self._implicit,
            auth_required=self._login,
            authenticator=_authenticated,
            loop=asyncio.get_running_loop(),
        )
        self._connections.append(connection)
        return connection

    async def answer(self, connection: SMTP, point: str) -> str | None:
        """Say what was told for this point; None means yes."""
        self.said.append(point)
        answer = self.answers.get(point)
        if answer == SILENCE:
            await asyncio.Event().wait()
        if answer == HANG_UP and connection.transport:
            connection.transport.close()
        return answer

    # The names of these hooks and their arguments are aiosmtpd's.

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> object:  # noqa: N802
        return await self.answer(server, "MAIL") or MISSING

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> object:  # noqa: N802
        return await self.answer(server, "RCPT") or MISSING

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.bodies.append(envelope.original_content)
        return await self.answer(server, "dot") or "250 2.0.0 taken"

    async def handle_RSET(self, server: SMTP, session: Any, envelope: Any) -> object:  # noqa: N802
        return await self.answer(server, "RSET") or MISSING

    async def handle_QUIT(self, server: SMTP, session: Any, envelope: Any) -> object:  # noqa: N802
        return await self.answer(server, "QUIT") or MISSING


class _Connection(SMTP):
    def __init__(self, relay: Relay, **options: Any) -> None:
        super().__init__(relay, **options)
        self.lost = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.lost.set()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        answer = await self.event_handler.answer(self, "DATA")
        if answer:
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


@asynccontextmanager
async def relay(certificate: str | None = None, *, implicit: bool = False, login: bool = False) -> AsyncIterator[Relay]:
    """A relay, with the certificate of that name; with STARTTLS, or TLS from the start if `implicit`."""
    relay = Relay(certificate, implicit=implicit, login=login)
    server = await relay.listen()
    try:
        yield relay
    finally:
        server.close()
        relay.hang_up()


def server_side(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    return context


def client_side() -> ssl.SSLContext:
    """Trust the tests' authority, and nobody else."""
    return ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))


def _authenticated(server: SMTP, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)
