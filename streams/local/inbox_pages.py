"""What does a message look like in a mail client?

Law 1  Nothing that a message says is run or fetched: everything is escaped, and the HTML part is shown in a frame that
       may neither run scripts nor load anything from elsewhere.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from streams.local.message import Message

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"


def application(messages: Sequence[Message]) -> web.Application:
    """Return the pages that show these messages, which may grow meanwhile."""
    pages = _Pages(messages)
    application = web.Application()
    application.router.add_get("/", pages.list)
    application.router.add_get("/messages.json", pages.json)
    application.router.add_get(r"/messages/{number:[1-9]\d{0,8}}", pages.message)
    application.router.add_get(r"/messages/{number:[1-9]\d{0,8}}/html", pages.html)
    return application


class _Pages:
    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._templates = Environment(
            loader=PackageLoader("streams.local", "."), autoescape=True, undefined=StrictUndefined
        )
        self._templates.filters["clock"] = _clock

    async def list(self, request: web.Request) -> web.Response:
        numbered = reversed([*enumerate(self._messages, start=1)])
        return self._page("inbox_list.html", messages=[*numbered])

    async def json(self, request: web.Request) -> web.Response:
        return web.json_response([_summary(number, each) for number, each in enumerate(self._messages, start=1)])

    async def message(self, request: web.Request) -> web.Response:
        parsed = self._asked_for(request).parsed()
        return self._page(
            "inbox_message.html",
            number=request.match_info["number"],
            headers=[(name, str(value)) for name, value in parsed.items()],
            html=_part(parsed, "html") is not None,
            text=_part(parsed, "plain"),
        )

    async def html(self, request: web.Request) -> web.Response:
        part = _part(self._asked_for(request).parsed(), "html")
        if part is None:
            raise web.HTTPNotFound
        return _response(part, MAIL_POLICY)

    def _asked_for(self, request: web.Request) -> Message:
        number = int(request.match_info["number"])
        if number > len(self._messages):
            raise web.HTTPNotFound
        return self._messages[number - 1]

    def _page(self, template: str, **shown: object) -> web.Response:
        return _response(self._templates.get_template(template).render(shown), PAGE_POLICY)


def _response(html: str, policy: str) -> web.Response:
    protections = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return web.Response(text=html, content_type="text/html", headers=protections)


def _part(parsed: EmailMessage, kind: str) -> str | None:
    body = parsed.get_body((kind,))
    return str(body.get_content()) if body else None


def _summary(number: int, message: Message) -> dict[str, object]:
    return {
        "url": f"/messages/{number}",
        "message_id": message.message_id,
        "sender": message.sender,
        "to": message.to,
        "subject": message.subject,
        "received_at": message.received_at,
    }


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone().strftime("%H:%M:%S")
