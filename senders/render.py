"""What does the message say?

Shops and visitors give data, never code: the engine is sandboxed, everything is escaped, a name that is missing is an
error, and what stands in a title is never read as a template. Nothing is fetched to build a message, and all that it shows from
elsewhere are the products' pictures, the same for everybody: no pixel, no fonts, no link that tells who clicked.
"""

import html
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import mrml
from inscriptis import get_text
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_document_state import HtmlDocumentState
from inscriptis.model.tag import CustomHtmlTagHandlerMapping
from jinja2 import StrictUndefined, TemplateNotFound
from jinja2.loaders import FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from schemas.contact import Contact
from schemas.product import Product
from schemas.relaunch import Relaunch, RelaunchLine
from senders.errors import NeverSend, Reason
from senders.money import price
from senders.shops import Shop
from senders.untrusted import given_name, plain, web_link

#: More lines than this are summed up in one: a message beyond some 100 kB is cut by Gmail.
MAX_ITEMS = 8
#: No character, so that no text holds it.
_AMPERSAND = "\ufdd0"
_TEMPLATES = Path(__file__).parent / "templates"


class Rendered(NamedTuple):
    """A message in words, for one person."""

    #: One line, plain.
    subject: str
    html: str
    text: str


class Item(NamedTuple):
    """One product line as a template sees it."""

    #: None when the catalog does not know the product.
    title: str | None
    link: str | None
    picture: str | None
    quantity: int
    #: Of one piece, as the reader writes it.
    price: str | None


def render(
    relaunch: Relaunch, contact: Contact, shop: Shop, products: Mapping[str, Product], unsubscribe_url: str
) -> Rendered:
    """Put a relaunch into words in the contact's language; `products` is by product id and may lack some.

    Raises `NeverSend` when there is no line to show, or no such template.
    """
    lines = [line for line in relaunch.lines if line.quantity > 0]
    if not lines:
        raise NeverSend(Reason.NOTHING_TO_SAY)
    language = spoken(contact, shop)
    mjml = _filled(
        f"email/{relaunch.template}.{language}.mjml",
        language=language,
        shop=shop,
        first_name=given_name(contact.first_name),
        items=[_item(line, products.get(line.product_id), language) for line in lines[:MAX_ITEMS]],
        quantity=sum(line.quantity for line in lines),
        left_out=len(lines[MAX_ITEMS:]),
        sender=_sender(shop),
        cart=shop.cart_url or shop.url,
        unsubscribe=unsubscribe_url,
    )
    output = mrml.to_html(mjml, render_options=mrml.RenderOptions(fonts={}))
    return Rendered(plain(html.unescape(output.title or "")), output.content, _text(output.content))


def spoken(contact: Contact, shop: Shop) -> str:
    """Return the language to write in, `fr` or `en`: the contact's if it is one of these, else the shop's."""
    language = (contact.locale or "").replace("_", "-").split("-")[0].lower()
    return language if language in {"fr", "en"} else shop.locale


def _item(line: RelaunchLine, product: Product | None, language: str) -> Item:
    minor, currency = line.unit_price_minor, line.currency
    if product is not None and (minor is None or currency is None):
        minor, currency = product.price_minor, product.currency
    return Item(
        title=(plain(product.title) or None) if product else None,
        link=web_link(product.url) if product else None,
        picture=web_link(product.image_url) if product else None,
        quantity=line.quantity,
        price=None if minor is None or currency is None else price(minor, currency, language),
    )


def _sender(shop: Shop) -> list[str]:
    lines = shop.address.splitlines()
    return lines if lines[0].startswith(shop.name) else [shop.name, *lines]


def _filled(name: str, **values: object) -> str:
    try:
        return _engine().get_template(name).render(values)
    except TemplateNotFound as error:
        raise NeverSend(Reason.NO_TEMPLATE, name) from error


@cache
def _engine() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_finalize,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _finalize(value: object) -> object:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text(content: str) -> str:
    """The same words without the layout: one blank line between paragraphs, each link after its words as `<https://…>`."""
    # Hidden, because inscriptis unescapes again at every level of tables: `?a=1&copy=2` would become `?a=1©=2`.
    content = content.replace("&amp;", _AMPERSAND)
    lines = get_text(content, ParserConfig(custom_html_tag_handler_mapping=_LINKS)).splitlines()
    paragraphs = re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in lines))
    return paragraphs.strip().replace(_AMPERSAND, "&") + "\n"


def _link_begins(state: HtmlDocumentState, attributes: Mapping[str, str]) -> None:
    state.link_target = attributes.get("href", "")


def _link_ends(state: HtmlDocumentState) -> None:
    state.tags[-1].write(f" <{state.link_target}>")


_LINKS = CustomHtmlTagHandlerMapping({"a": _link_begins}, {"a": _link_ends})
