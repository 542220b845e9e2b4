"""Claims about the SMTP inbox, made by a real client."""

import asyncio
from collections.abc import Awaitable, Callable
from email.message import EmailMessage

import pytest
from aiosmtplib import SMTP, SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused, SMTPServerDisconnected

from streams.local.errors import PortTaken
from streams.local.inbox import HANG_UP, KEEP_AND_HANG_UP, Inbox, Stage
from streams.local.ports import HOST, is_free

Open = Callable[..., Awaitable[Inbox]]


def a_mail(subject: str = "Votre panier vous attend, Éloïse ✨") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Librairie Müller <bonjour@shop.example>"
    mail["To"] = "eloise@mail.example"
    mail["Subject"] = subject
    mail["Message-ID"] = "<r-1@shop.example>"
    mail.set_content("Bonjour Éloïse,\n.\nÀ bientôt")
    return mail


def client(inbox: Inbox) -> SMTP:
    return SMTP(hostname=HOST, port=inbox.smtp_port, start_tls=False, timeout=20)


async def send(inbox: Inbox, mail: EmailMessage) -> None:
    async with client(inbox) as smtp:
        await smtp.send_message(mail, sender="bounces@shop.example")


async def test_a_message_is_kept_to_the_byte_with_its_envelope_and_decoded_subject(inbox: Open) -> None:
    opened = await inbox()
    await send(opened, a_mail())
    (kept,) = opened.messages
    assert kept.message_id == "<r-1@shop.example>"
    assert (kept.sender, kept.to) == ("bounces@shop.example", ("eloise@mail.example",))
    assert kept.subject == "Votre panier vous attend, Éloïse ✨"
    assert kept.parsed().get_content().splitlines() == ["Bonjour Éloïse,", ".", "À bientôt"]
    assert b"=?utf-8?" in kept.raw


async def test_several_messages_come_in_over_one_connection_in_their_order(inbox: Open) -> None:
    opened = await inbox()
    async with client(opened) as smtp:
        for subject in ("first", "second"):
            await smtp.send_message(a_mail(subject))
    assert [each.subject for each in opened.messages] == ["first", "second"]


@pytest.mark.parametrize(
    ("refused_at", "error"), [("mail", SMTPSenderRefused), ("rcpt", SMTPRecipientsRefused), ("dot", SMTPDataError)]
)
@pytest.mark.parametrize("reply", ["450 4.2.0 not now", "550 5.1.1 nobody here"])
async def test_it_refuses_where_and_as_it_is_told(
    inbox: Open, refused_at: Stage, error: type[Exception], reply: str
) -> None:
    opened = await inbox(lambda stage, text: reply if stage == refused_at else None)
    with pytest.raises(error, match=reply[:3]):
        await send(opened, a_mail())
    assert opened.messages == []


async def test_it_refuses_one_address_and_takes_the_others(inbox: Open) -> None:
    opened = await inbox(
        lambda stage, text: "550 5.1.1 gone" if (stage, text) == ("rcpt", "gone@mail.example") else None
    )
    async with client(opened) as smtp:
        refused, _ = await smtp.send_message(a_mail(), recipients=["gone@mail.example", "here@mail.example"])
    assert list(refused) == ["gone@mail.example"]
    assert opened.messages[0].to == ("here@mail.example",)


@pytest.mark.parametrize(("reply", "kept"), [(HANG_UP, 0), (KEEP_AND_HANG_UP, 1)])
async def test_after_the_dot_it_hangs_up_with_or_without_the_message(inbox: Open, reply: str, kept: int) -> None:
    opened = await inbox(lambda stage, text: reply if stage == "dot" else None)
    with pytest.raises(SMTPServerDisconnected):
        await send(opened, a_mail())
    assert len(opened.messages) == kept


async def test_its_reply_can_be_made_to_wait_and_may_accept_in_its_own_words(inbox: Open) -> None:
    let_go = asyncio.Event()

    async def slowly(stage: Stage, text: str) -> str | None:
        await let_go.wait()
        return "250 2.0.0 queued as 42" if stage == "dot" else None

    opened = await inbox(slowly)
    async with asyncio.TaskGroup() as sending:
        sent = sending.create_task(send(opened, a_mail()))
        assert not sent.done()
        let_go.set()
    assert len(opened.messages) == 1


async def test_stopping_closes_the_connections_that_clients_kept() -> None:
    inbox = Inbox()
    await inbox.start()
    kept_open = client(inbox)
    await kept_open.connect()
    await inbox.stop()
    with pytest.raises(SMTPServerDisconnected):
        await kept_open.noop()
    assert is_free(inbox.smtp_port)
    assert is_free(inbox.web_port)


async def test_a_port_that_is_taken_is_reported(inbox: Open) -> None:
    opened = await inbox()
    with pytest.raises(PortTaken):
        await Inbox(opened.smtp_port).start()


async def test_an_inbox_that_never_started_can_be_stopped() -> None:
    await Inbox().stop()
