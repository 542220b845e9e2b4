"""Claims about what the inbox shows, and about what a message cannot do to it."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage

from aiohttp import ClientResponse, ClientSession
from aiosmtplib import send

from streams.local.inbox import Inbox
from streams.local.ports import HOST

Open = Callable[..., Awaitable[Inbox]]
HOSTILE = "<script>alert('Éloïse')</script>"


async def received(inbox: Open, *, subject: str, text: str = "Bonjour", html: str | None = None) -> Inbox:
    opened = await inbox()
    mail = EmailMessage()
    mail["From"] = "Librairie Müller <bonjour@shop.example>"
    mail["To"] = "eloise@mail.example"
    mail["Subject"] = subject
    mail["Message-ID"] = "<r-1@shop.example>"
    mail["List-Unsubscribe"] = "<https://relance.example/u/abc>"
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    await send(mail, hostname=HOST, port=opened.smtp_port, start_tls=False)
    return opened


async def got(inbox: Inbox, path: str) -> ClientResponse:
    async with ClientSession() as client, client.get(inbox.url + path) as response:
        await response.read()
        return response


async def test_the_list_shows_recipients_and_decoded_subjects_and_refreshes_itself(inbox: Open) -> None:
    page = await (await got(await received(inbox, subject="Votre panier, Éloïse"), "")).text()
    assert "Votre panier, Éloïse" in page
    assert "eloise@mail.example" in page
    assert 'http-equiv="refresh"' in page


async def test_an_empty_inbox_says_so(inbox: Open) -> None:
    assert "No message yet" in await (await got(await inbox(), "")).text()


async def test_a_message_shows_its_headers_decoded_its_text_and_its_html_in_a_sandbox(inbox: Open) -> None:
    opened = await received(inbox, subject="Votre panier, Éloïse", text="À bientôt", html="<p>À <b>bientôt</b>")
    page = await (await got(opened, "messages/1")).text()
    assert "Votre panier, Éloïse" in page
    assert "Librairie Müller &lt;bonjour@shop.example&gt;" in page
    assert "&lt;https://relance.example/u/abc&gt;" in page
    assert "<pre>À bientôt" in page
    assert '<iframe sandbox="allow-popups" src="/messages/1/html"' in page
    assert "<p>À <b>bientôt</b>" in await (await got(opened, "messages/1/html")).text()


async def test_a_message_without_html_has_no_frame(inbox: Open) -> None:
    opened = await received(inbox, subject="text only")
    assert "<iframe" not in await (await got(opened, "messages/1")).text()
    assert (await got(opened, "messages/1/html")).status == 404


async def test_what_a_message_says_is_escaped_on_every_page(inbox: Open) -> None:
    opened = await received(inbox, subject=HOSTILE, text=HOSTILE, html=HOSTILE)
    for path in ("", "messages/1"):
        page = await (await got(opened, path)).text()
        assert "<script" not in page
        assert "&lt;script&gt;" in page


async def test_the_html_part_may_neither_run_scripts_nor_fetch_anything(inbox: Open) -> None:
    opened = await received(inbox, subject="hostile", html=HOSTILE)
    headers = (await got(opened, "messages/1/html")).headers
    policy = {
        name: allowed for name, *allowed in (rule.split() for rule in headers["Content-Security-Policy"].split(";"))
    }
    assert policy == {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "sandbox": ["allow-popups"],
    }
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_the_pages_themselves_run_no_scripts(inbox: Open) -> None:
    opened = await received(inbox, subject="any")
    for path in ("", "messages/1"):
        policy = (await got(opened, path)).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "script" not in policy


async def test_programs_read_the_list_as_json(inbox: Open) -> None:
    opened = await received(inbox, subject="Votre panier, Éloïse")
    assert await (await got(opened, "messages.json")).json() == [
        {
            "url": "/messages/1",
            "message_id": "<r-1@shop.example>",
            "sender": "bonjour@shop.example",
            "to": ["eloise@mail.example"],
            "subject": "Votre panier, Éloïse",
            "received_at": opened.messages[0].received_at,
        }
    ]


async def test_a_message_that_is_not_there_is_not_found(inbox: Open) -> None:
    opened = await received(inbox, subject="the only one")
    assert [(await got(opened, f"messages/{number}")).status for number in (0, 1, 2)] == [404, 200, 404]
