"""How does a message reach the relay?

Law 1  Nothing is said to a relay that could be somebody else: TLS with a valid certificate, or a relay on this machine.
Law 2  The message can be held back until the very last moment, after RCPT and before DATA.
Law 3  A connection of which it is not known what it would say next is never used again.

What the relay's answers mean: see `smtp_answers.py`.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import urlsplit

from aiosmtplib import SMTP, SMTPException

from senders.errors import Misconfigured, TryAgain, Unknown
from senders.message import ascii_address
from senders.smtp_answers import Stage, answering, connecting, silence
from streams.settings import Settings

_GOODBYE_S = 5.0


class _Letter(NamedTuple):
    """What is handed over."""

    sender: str
    recipient: str
    body: bytes
    before_data: Callable[[], Awaitable[None]]


class SmtpPool:
    """Connections to one relay, opened when they are needed and kept for the next message."""

    def __init__(
        self,
        settings: Settings,
        *,
        tls: ssl.SSLContext | None = None,
        answer_timeout_s: float = 60,
        final_dot_timeout_s: float = 600,
        longest_rest_s: float = 30,
    ) -> None:
        """Connect to nothing yet. `tls` is for a relay whose authority this machine does not know.

        RFC 5321 (4.5.3.2.6) asks for ten minutes of patience after the final dot: giving up earlier is how duplicates
        are made. A connection that has rested longer than `longest_rest_s` is not used again.
        Raises `Misconfigured` when the settings would send in the clear to another machine.
        """
        if settings.smtp_tls == "none" and not _is_this_machine(settings.smtp_host):
            raise Misconfigured(
                f"RELANCE_SMTP_TLS=none is for a relay on this machine, and {settings.smtp_host} is another one: "
                "set RELANCE_SMTP_TLS to starttls (port 587 as a rule) or implicit (port 465)."
            )
        self._settings = settings
        self._tls = tls or ssl.create_default_context()
        self._answer_timeout_s = answer_timeout_s
        self._final_dot_timeout_s = final_dot_timeout_s
        self._longest_rest_s = longest_rest_s
        self._slots = asyncio.Semaphore(settings.smtp_connections)
        #: Connections at rest, each with the loop's time at which its rest began.
        self._resting: list[tuple[SMTP, float]] = []

    async def send(
        self, message: EmailMessage, sender: str, recipient: str, *, before_data: Callable[[], Awaitable[None]]
    ) -> None:
        """Hand one message over; return once the relay has taken it.

        `before_data` is awaited at the last moment at which the message can be held back; what it raises is raised
        here, with nothing sent. Otherwise raises `TryAgain`, `NeverSend`, `Unknown` or `Misconfigured`.
        """
        letter = _Letter(ascii_address(sender), ascii_address(recipient), bytes(message), before_data)
        async with self._slots:
            while connection := self._rested():
                if await self._handed_over(letter, connection, rested=True):
                    return
            await self._handed_over(letter, await self._opened(), rested=False)

    async def close(self) -> None:
        """Take leave of the relay."""
        while connection := self._rested():
            with suppress(SMTPException, OSError):
                await connection.quit(timeout=_GOODBYE_S)
            connection.close()

    async def _handed_over(self, letter: _Letter, connection: SMTP, *, rested: bool) -> bool:
        """Go through the envelope and the message; False when the connection had died at rest, with nothing said.

        Some relays hang up at MAIL after so many messages, so it is MAIL that shows whether a connection still serves.
        """
        async with self._in_use(connection):
            try:
                with answering(Stage.MAIL):
                    await connection.mail(letter.sender)
            except TryAgain:
                if rested and not connection.is_connected:
                    return False
                raise
            with answering(Stage.RCPT):
                await connection.rcpt(letter.recipient)
            await letter.before_data()
            if not connection.is_connected:
                raise silence(Stage.RCPT, "the relay hung up before DATA")
            with answering(Stage.DATA):
                await connection.data(letter.body, timeout=self._final_dot_timeout_s)
        return True

    def _rested(self) -> SMTP | None:
        while self._resting:
            connection, since = self._resting.pop()
            if connection.is_connected and asyncio.get_running_loop().time() - since <= self._longest_rest_s:
                return connection
            connection.close()
        return None

    async def _opened(self) -> SMTP:
        settings = self._settings
        password = settings.smtp_password
        connection = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            # Ours by name; what the machine calls itself may take the DNS seconds to say.
            local_hostname=urlsplit(settings.public_url).hostname,
            timeout=self._answer_timeout_s,
            use_tls=settings.smtp_tls == "implicit",
            start_tls=settings.smtp_tls == "starttls",
            tls_context=self._tls,
        )
        with connecting(f"{settings.smtp_host}:{settings.smtp_port}"), ExitStack() as undoing:
            undoing.callback(connection.close)
            await connection.connect()
            await connection.ehlo()
            undoing.pop_all()
        return connection

    @asynccontextmanager
    async def _in_use(self, connection: SMTP) -> AsyncIterator[None]:
        """Let the connection rest afterwards, with a clean slate; close it if nobody knows what it would say next."""
        done = False
        try:
            yield
            done = True
        except (Unknown, asyncio.CancelledError):
            connection.close()
            raise
        finally:
            if not done and connection.is_connected:
                await _reset(connection)
            if connection.is_connected:
                self._resting.append((connection, asyncio.get_running_loop().time()))


async def _reset(connection: SMTP) -> None:
    try:
        await connection.rset()
    except (SMTPException, OSError):
        connection.close()
    except asyncio.CancelledError:
        connection.close()
        raise


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
