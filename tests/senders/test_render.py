"""Claims about what a message says."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.product import Product
from senders.errors import NeverSend, Reason
from senders.render import MAX_ITEMS, Rendered, render
from tests.senders.made_up import UNSUBSCRIBE, a_catalog, a_contact, a_line, a_product, a_relaunch, a_shop


def rendered(*products: Product, **contact: object) -> Rendered:
    return render(a_relaunch(), a_contact(**contact), a_shop(), a_catalog(*products), UNSUBSCRIBE)


class Links(HTMLParser):
    """What a mail client would follow, fetch or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.followed: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attributes:
            if name == "href":
                self.followed.append(value or "")
            elif name in {"src", "background", "srcset"}:
                self.fetched.append(value or "")
            assert not name.startswith("on")


def test_a_french_message_reads_well() -> None:
    said = rendered(first_name="Anaïs")
    assert said.subject == "Votre panier chez La Boutique"
    assert said.text == (
        "La Boutique\n\n"
        "Bonjour Anaïs,\n\n"
        "Vous avez laissé cet article dans votre panier chez La Boutique. "
        "Votre panier vous attend, si vous souhaitez toujours commander.\n\n"
        "Théière en fonte <https://boutique.example/p/teapot>\n"
        "1 × 49,90 €\n\n"
        "Revoir mon panier <https://boutique.example/>\n\n"
        "Vous recevez ce message parce que vous avez accepté les e-mails de La Boutique et laissé un panier "
        "sans le commander. Si vous avez commandé entre-temps, n’en tenez pas compte.\n\n"
        f"Ne plus recevoir ces e-mails <{UNSUBSCRIBE}>\n\n"
        "La Boutique\n12 rue des Exemples\n75002 Paris\n"
    )


def test_an_english_message_reads_well() -> None:
    relaunch = a_relaunch(a_line(quantity=2, unit_price_minor=1999, currency="EUR"), a_line("gone"))
    said = render(relaunch, a_contact(locale="en-GB"), a_shop(), a_catalog(), UNSUBSCRIBE)
    assert said.subject == "Your cart at La Boutique"
    assert said.text == (
        "La Boutique\n\n"
        "Hello,\n\n"
        "You left these items in your cart at La Boutique. "
        "Your cart is still there, should you want to complete your order.\n\n"
        "Théière en fonte <https://boutique.example/p/teapot>\n"
        "2 × €19.99\n\n"
        "An item from your cart\n"
        "Quantity: 1\n\n"
        "See my cart <https://boutique.example/>\n\n"
        "You receive this message because you agreed to e-mails from La Boutique and left a cart without ordering it. "
        "If you have ordered in the meantime, please disregard it.\n\n"
        f"Stop receiving these e-mails <{UNSUBSCRIBE}>\n\n"
        "La Boutique\n12 rue des Exemples\n75002 Paris\n"
    )


@pytest.mark.parametrize(
    ("locale", "shop_locale", "subject"),
    [
        ("fr", "en", "Votre panier"),
        ("fr_CA", "en", "Votre panier"),
        ("FR-fr", "en", "Votre panier"),
        ("en-US", "fr", "Your cart"),
        ("de-DE", "fr", "Votre panier"),
        ("de-DE", "en", "Your cart"),
        ("fry", "en", "Your cart"),
        (None, "en", "Your cart"),
    ],
)
def test_the_language_is_the_contacts_if_we_speak_it_and_else_the_shops(
    locale: str | None, shop_locale: str, subject: str
) -> None:
    said = render(a_relaunch(), a_contact(locale=locale), a_shop(locale=shop_locale), a_catalog(), UNSUBSCRIBE)
    assert said.subject.startswith(subject)


def test_html_and_text_lead_to_the_product_the_cart_and_the_way_out_and_nowhere_else() -> None:
    said = render(
        a_relaunch(), a_contact(), a_shop(cart_url="https://boutique.example/panier"), a_catalog(), UNSUBSCRIBE
    )
    links = ["https://boutique.example/p/teapot", "https://boutique.example/panier", UNSUBSCRIBE]
    assert Links(said.html).followed == links
    assert re.findall(r"<(https?://[^>]*)>", said.text) == links


@pytest.mark.parametrize("query", ["a=1&copy=2", "a=1&lt=2&sect=3", "q=%26amp%3B&amp;b=1", "a='b'"])
def test_a_links_query_arrives_as_it_is(query: str) -> None:
    link = f"https://boutique.example/p?{query}"
    said = rendered(a_product(title="&lt; &copy", url=link))
    assert link in Links(said.html).followed
    assert f"&lt; &copy <{link}>" in said.text


def test_all_that_is_fetched_are_the_products_pictures() -> None:
    html = rendered().html
    assert Links(html).fetched == ["https://images.boutique.example/teapot.jpg"]
    assert not Links(html).tags & {"script", "link", "iframe", "object", "form", "base"}
    assert "@import" not in html
    assert "url(" not in html


def test_the_price_in_the_cart_is_shown_before_the_catalogs() -> None:
    relaunch = a_relaunch(a_line(unit_price_minor=1500, currency="JPY"))
    said = render(relaunch, a_contact(), a_shop(), a_catalog(), UNSUBSCRIBE)
    assert "1 × 1\u202f500\u00a0JPY" in said.html
    assert "1 × 1 500 JPY" in said.text


def test_an_unknown_product_keeps_its_place_and_its_price() -> None:
    relaunch = a_relaunch(a_line("gone", quantity=3, unit_price_minor=990, currency="EUR"))
    said = render(relaunch, a_contact(), a_shop(), {}, UNSUBSCRIBE)
    assert "Un article de votre panier\n3 × 9,90 €\n" in said.text
    assert "ces articles" in said.text


@pytest.mark.parametrize(
    ("count", "more"),
    [(MAX_ITEMS, None), (MAX_ITEMS + 1, "et 1 autre article"), (MAX_ITEMS + 2, "et 2 autres articles")],
)
def test_lines_beyond_the_limit_are_summed_up(count: int, more: str | None) -> None:
    relaunch = a_relaunch(*(a_line(f"p-{number}") for number in range(count)))
    said = render(relaunch, a_contact(), a_shop(), {}, UNSUBSCRIBE)
    assert said.text.count("Un article de votre panier") == MAX_ITEMS
    assert (more or "autre article") in said.text if more else "autre" not in said.text


def test_the_longest_message_is_not_clipped_by_gmail() -> None:
    products = [
        a_product(f"p-{number}", title="é" * 1024, url="https://boutique.example/" + "x" * 2000)
        for number in range(100)
    ]
    relaunch = a_relaunch(*(a_line(product.product_id) for product in products))
    said = render(relaunch, a_contact(), a_shop(), a_catalog(*products), UNSUBSCRIBE)
    assert len(said.html.encode()) < 100_000


@pytest.mark.parametrize("lines", [[], [a_line(quantity=0)]])
def test_an_empty_cart_is_nothing_to_write_about(lines: list[dict[str, object]]) -> None:
    with pytest.raises(NeverSend) as refusal:
        render(a_relaunch(lines=lines), a_contact(), a_shop(), a_catalog(), UNSUBSCRIBE)
    assert refusal.value.reason is Reason.NOTHING_TO_SAY


@pytest.mark.parametrize("template", ["no-such", "../shops", "layout", "/etc/passwd", "cart-reminder.fr.mjml"])
def test_a_template_that_is_not_there_is_a_reason_not_to_write(template: str) -> None:
    with pytest.raises(NeverSend) as refusal:
        render(a_relaunch(template=template), a_contact(), a_shop(), a_catalog(), UNSUBSCRIBE)
    assert refusal.value.reason is Reason.NO_TEMPLATE


def test_a_name_that_looks_like_an_advertisement_is_not_repeated() -> None:
    said = rendered(first_name="Win 1000 € at evil.example")
    assert said == rendered()


HOSTILE_TITLES = [
    "{{7*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}",
    "{{''.__class__}}",
    "<script>alert(1)</script>",
    "</mj-text><mj-raw><script>alert(1)</script></mj-raw><mj-text>",
    "<mj-include path='/etc/passwd' />",
    '"><img src=x onerror=alert(1)>',
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;",
    "<a href='https://evil.example'>free</a>",
]


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_a_title_is_shown_as_it_is_written_and_never_run(title: str) -> None:
    said = rendered(a_product(title=title), first_name=title[:30])
    assert title in said.text
    assert "evil.example" not in "".join(Links(said.html).followed)
    assert Links(said.html).tags == Links(rendered().html).tags


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_a_shops_name_is_shown_as_it_is_written_in_the_subject_too(title: str) -> None:
    name = title[:60]
    said = render(a_relaunch(), a_contact(), a_shop(name=name), a_catalog(), UNSUBSCRIBE)
    assert said.subject == f"Votre panier chez {name}"
    assert Links(said.html).tags == Links(rendered().html).tags


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\r\n", "\x00", "\x1c", "\u2028", "\ud800"])
def test_marks_that_outlive_a_title_are_left_out(mark: str) -> None:
    product = a_product().model_copy(update={"title": f"Thé{mark}ière"})
    said = rendered(product)
    assert mark not in said.html
    assert re.search("Thé ?ière <https", said.text)


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://shop@evil.example", "\\\\evil.example", "ftp://a.example"],
)  # fmt: skip
def test_only_web_links_are_rendered(link: str) -> None:
    product = a_product().model_copy(update={"url": link, "image_url": link})
    said = rendered(product)
    assert Links(said.html).fetched == []
    assert Links(said.html).followed == ["https://boutique.example/", UNSUBSCRIBE]
    assert "Théière en fonte\n1 × 49,90" in said.text


@given(title=st.text(max_size=200), name=st.text(max_size=40))
def test_no_words_change_the_structure_of_a_message(title: str, name: str) -> None:
    product = a_product().model_copy(update={"title": title})
    contact = a_contact().model_copy(update={"first_name": name})
    said = render(a_relaunch(), contact, a_shop(), a_catalog(product), UNSUBSCRIBE)
    plain = rendered()
    assert Links(said.html).followed == Links(plain.html).followed
    assert Links(said.html).tags == Links(plain.html).tags
    assert "\r" not in said.text
    assert said.subject == plain.subject
