"""Claims about handing messages over, made to a real SMTP server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from senders.email_smtp import SmtpPool
from senders.errors import Misconfigured, NeverSend, Reason, TryAgain, Unknown
from senders.message import compose
from senders.render import Rendered
from streams.settings import Settings
from tests.senders.made_up import NINE, UNSUBSCRIBE, a_contact, a_relaunch, a_shop
from tests.senders.relay import HANG_UP, PASSWORD, SILENCE, USER, Relay, client_side, relay

SENDER, RECIPIENT = "bonjour@boutique.example", "anna@mail.example"
MAIL = compose(
    Rendered("Votre panier", "<p>Ça va</p>", "Ça va\n.\n..\nFrom here\n"), a_contact(), a_shop(), a_relaunch(), UNSUBSCRIBE, at=NINE
)  # fmt: skip


def settings(relay: Relay, *, tls: str = "none", host: str = "127.0.0.1", **more: object) -> Settings:
    return Settings.model_validate({"smtp_host": host, "smtp_port": relay.port, "smtp_tls": tls} | more)


@asynccontextmanager
async def pool(settings: Settings, **patience: float) -> AsyncIterator[SmtpPool]:
    pool = SmtpPool(settings, tls=client_side(), **patience)
    try:
        yield pool
    finally:
        await pool.close()


async def go_ahead() -> None:
    """Nothing holds the message back."""


async def send(pool: SmtpPool, *, before_data: Callable[[], Awaitable[None]] = go_ahead) -> None:
    await pool.send(MAIL, SENDER, RECIPIENT, before_data=before_data)


async def test_a_message_arrives_to_the_byte() -> None:
    async with relay() as server, pool(settings(server)) as smtp:
        await send(smtp)
        assert server.bodies == [bytes(MAIL)]
        assert server.said == ["MAIL", "RCPT", "DATA", "dot"]


async def test_the_connection_serves_the_next_message() -> None:
    async with relay() as server, pool(settings(server)) as smtp:
        for _ in range(3):
            await send(smtp)
        assert (server.connections, len(server.bodies)) == (1, 3)


@pytest.mark.parametrize("limit", [1, 2])
async def test_no_more_connections_than_the_settings_allow(limit: int) -> None:
    async with relay() as server, pool(settings(server, smtp_connections=limit)) as smtp:
        meeting = asyncio.Barrier(limit)

        async def meet() -> None:
            await meeting.wait()

        await asyncio.gather(*(send(smtp, before_data=meet) for _ in range(2 * limit)))
        assert (server.connections, len(server.bodies)) == (limit, 2 * limit)


@pytest.mark.parametrize("point", ["MAIL", "RCPT", "DATA", "dot"])
async def test_a_temporary_refusal_is_tried_again_and_the_connection_stays(point: str) -> None:
    async with relay() as server, pool(settings(server)) as smtp:
        server.answers[point] = "451 4.7.1 greylisted"
        with pytest.raises(TryAgain) as refusal:
            await send(smtp)
        assert refusal.value.reason is Reason.BUSY
        server.answers.clear()
        await send(smtp)
        assert server.connections == 1
        assert server.said.count("RSET") == 1


@pytest.mark.parametrize(
    ("point", "reason"),
    [("MAIL", Reason.POLICY), ("RCPT", Reason.HARD_BOUNCE), ("DATA", Reason.HARD_BOUNCE), ("dot", Reason.HARD_BOUNCE)],
)
async def test_a_lasting_refusal_is_final_and_the_connection_stays(point: str, reason: Reason) -> None:
    async with relay() as server, pool(settings(server)) as smtp:
        server.answers[point] = "550 5.1.1 no such user"
        with pytest.raises(NeverSend) as refusal:
            await send(smtp)
        assert refusal.value.reason is reason
        server.answers.clear()
        await send(smtp)
        assert server.connections == 1


@pytest.mark.parametrize(
    ("point", "error"), [("MAIL", TryAgain), ("RCPT", TryAgain), ("DATA", Unknown), ("dot", Unknown)]
)  # fmt: skip
@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "nonsense"])
async def test_silence_is_tried_again_until_data_and_unknown_from_then_on(
    point: str, error: type[Exception], answer: str
) -> None:
    async with relay() as server, pool(settings(server), answer_timeout_s=0.2, final_dot_timeout_s=0.2) as smtp:
        server.answers[point] = answer
        with pytest.raises(error):
            await send(smtp)
        server.answers.clear()
        await send(smtp)
        assert server.connections == 2


async def test_a_message_that_was_taken_without_a_word_is_unknown_and_leaves_once() -> None:
    async with relay() as server, pool(settings(server), final_dot_timeout_s=0.2) as smtp:
        server.answers["dot"] = SILENCE
        with pytest.raises(Unknown) as lost:
            await send(smtp)
        assert lost.value.reason is Reason.LOST_CONTACT
        assert len(server.bodies) == 1


class HeldBack(Exception):
    """What the gate may say at the last moment."""


async def test_a_message_can_be_held_back_at_the_last_moment_and_the_connection_stays() -> None:
    async def hold_back() -> None:
        raise HeldBack

    async with relay() as server, pool(settings(server)) as smtp:
        with pytest.raises(HeldBack):
            await send(smtp, before_data=hold_back)
        assert server.said == ["MAIL", "RCPT", "RSET"]
        await send(smtp)
        assert (server.connections, len(server.bodies)) == (1, 1)


async def test_a_relay_that_hangs_up_while_the_gate_is_asked_has_seen_nothing() -> None:
    async with relay() as server, pool(settings(server)) as smtp:

        async def wait_for_the_end() -> None:
            server.hang_up()
            await server.gone()

        with pytest.raises(TryAgain):
            await send(smtp, before_data=wait_for_the_end)
        assert server.bodies == []


async def test_a_connection_that_died_at_rest_is_replaced_without_a_word() -> None:
    async with relay() as server, pool(settings(server)) as smtp:
        await send(smtp)
        server.hang_up()
        await server.gone()
        await send(smtp)
        assert (server.connections, len(server.bodies)) == (2, 2)


async def test_a_connection_on_which_the_relay_takes_no_more_messages_is_replaced_without_a_word() -> None:
    async with relay() as server, pool(settings(server)) as smtp:
        await send(smtp)
        server.answers["MAIL"] = "421 4.7.0 too many messages"
        with pytest.raises(TryAgain) as refusal:
            await send(smtp)
        assert refusal.value.reason is Reason.BUSY
        assert server.connections == 2


async def test_a_connection_that_rested_too_long_is_not_used_again() -> None:
    async with relay() as server, pool(settings(server), longest_rest_s=-1) as smtp:
        await send(smtp)
        await send(smtp)
        assert (server.connections, len(server.bodies)) == (2, 2)


async def test_a_message_given_up_half_way_closes_its_connection() -> None:
    async with relay() as server, pool(settings(server)) as smtp:
        server.answers["dot"] = SILENCE
        sending = asyncio.create_task(send(smtp))
        while not server.bodies:
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait({sending}, timeout=5)
        assert sending.cancelled()
        server.answers.clear()
        await send(smtp)
        assert server.connections == 2


async def test_closing_takes_leave() -> None:
    async with relay() as server:
        async with pool(settings(server)) as smtp:
            await send(smtp)
        assert server.said[-1] == "QUIT"


async def test_a_relay_that_is_not_there_is_tried_again() -> None:
    async with relay() as server:
        gone = settings(server)
    async with pool(gone) as smtp:
        with pytest.raises(TryAgain) as refusal:
            await send(smtp)
        assert refusal.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_relay_with_a_valid_certificate_is_trusted(tls: str, host: str) -> None:
    async with (
        relay("relay", implicit=tls == "implicit") as server,
        pool(settings(server, tls=tls, host=host)) as smtp,
    ):
        await send(smtp)
        await send(smtp)
        assert (server.connections, len(server.bodies)) == (1, 2)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("certificate", ["stranger", "expired", "elsewhere"])
async def test_a_relay_with_a_bad_certificate_hears_nothing(tls: str, certificate: str) -> None:
    async with (
        relay(certificate, implicit=tls == "implicit") as server,
        pool(settings(server, tls=tls)) as smtp,
    ):
        with pytest.raises(Misconfigured, match="cannot be trusted, so nothing was sent"):
            await send(smtp)
        assert server.said == []


async def test_a_relay_whose_starttls_was_stripped_hears_nothing() -> None:
    async with relay() as server, pool(settings(server, tls="starttls")) as smtp:
        with pytest.raises(Misconfigured, match="STARTTLS"):
            await send(smtp)
        assert server.said == []


async def test_tls_is_not_spoken_to_a_relay_that_does_not_speak_it() -> None:
    async with relay() as server, pool(settings(server, tls="implicit")) as smtp:
        with pytest.raises(Misconfigured):
            await send(smtp)


@pytest.mark.parametrize("host", ["relay.example", "192.0.2.1", "localhost.example", "2001:db8::1", "0.0.0.0"])
def test_mail_in_the_clear_to_another_machine_is_refused_from_the_start(host: str) -> None:
    with pytest.raises(Misconfigured, match="RELANCE_SMTP_TLS"):
        SmtpPool(Settings.model_validate({"smtp_tls": "none", "smtp_host": host}))


async def test_a_login_is_made_when_the_settings_name_a_user() -> None:
    async with relay("relay", login=True) as server:
        named = settings(server, tls="starttls", smtp_username=USER, smtp_password=SecretStr(PASSWORD))
        async with pool(named) as smtp:
            await send(smtp)
        assert len(server.bodies) == 1


@pytest.mark.parametrize("password", [None, SecretStr("wrong")])
async def test_a_wrong_password_stops_the_sender(password: SecretStr | None) -> None:
    async with relay("relay", login=True) as server:
        named = settings(server, tls="starttls", smtp_username=USER, smtp_password=password)
        async with pool(named) as smtp:
            with pytest.raises(Misconfigured, match="RELANCE_SMTP_PASSWORD"):
                await send(smtp)


async def test_a_relay_that_wants_a_login_stops_the_sender() -> None:
    async with relay("relay", login=True) as server, pool(settings(server, tls="starttls")) as smtp:
        with pytest.raises(Misconfigured, match="RELANCE_SMTP_USERNAME"):
            await send(smtp)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([b"554 no service here"], Misconfigured),
        ([b"421 busy"], TryAgain),
        ([], TryAgain),
        ([b"220 hello", b"550 5.7.1 not you"], Misconfigured),
        ([b"220 hello", b"450 later"], TryAgain),
        ([b"220 hello"], TryAgain),
    ],
)
async def test_a_relay_that_does_not_greet_us_says_nothing_about_the_message(
    lines: list[bytes], error: type[Exception]
) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line + b"\r\n")
            await reader.readline()
        writer.close()
        await writer.wait_closed()
        over.set()

    over = asyncio.Event()
    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        cold = Settings.model_validate({"smtp_tls": "none", "smtp_host": "127.0.0.1", "smtp_port": port})
        async with pool(cold) as smtp:
            with pytest.raises(error):
                await send(smtp)
        async with asyncio.timeout(5):
            await over.wait()
