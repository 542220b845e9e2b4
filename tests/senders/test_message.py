"""Claims about the e-mail that leaves."""

import email
import email.policy
import email.utils
import re
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senders.errors import NeverSend, Reason
from senders.message import ascii_address, compose
from senders.render import Rendered, render
from senders.untrusted import plain
from tests.senders.made_up import NINE, RELAUNCH_ID, UNSUBSCRIBE, a_catalog, a_contact, a_product, a_relaunch, a_shop

WORDS = Rendered("Votre panier chez La Boutique", "<p>Ça&nbsp;va</p>\n", "Ça va\n.\nFrom here\n")
HEADERS = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID",
    "MIME-Version", "Content-Type",
]  # fmt: skip


def composed(rendered: Rendered = WORDS, *, unsubscribe: str = UNSUBSCRIBE, **contact: object) -> EmailMessage:
    return compose(rendered, a_contact(**contact), a_shop(), a_relaunch(), unsubscribe, at=NINE)


def received(message: EmailMessage) -> EmailMessage:
    """As a reader's program would see it, with its own line ends."""
    return email.message_from_bytes(bytes(message).replace(b"\r\n", b"\n"), policy=email.policy.default)


def test_the_headers_say_who_writes_to_whom_and_how_to_say_no() -> None:
    mail = received(composed())
    assert mail.keys() == [*HEADERS[:-2], "MIME-Version", "Content-Type"]
    assert mail["From"] == "La Boutique <bonjour@boutique.example>"
    assert mail["To"] == "anna@mail.example"
    assert mail["Reply-To"] == "clients@boutique.example"
    assert mail["Subject"] == "Votre panier chez La Boutique"
    assert email.utils.parsedate_to_datetime(mail["Date"]).timestamp() * 1000 == NINE
    assert mail["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Feedback-ID"] == "cart-reminder:boutique:email:relance"


def test_text_comes_before_html_and_both_arrive_as_they_were_written() -> None:
    mail = received(composed())
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content() == WORDS.text
    assert html.get_content() == WORDS.html


def test_the_message_id_is_that_of_the_relaunch_whatever_the_attempt_the_words_and_the_hour() -> None:
    again = compose(
        WORDS._replace(subject="Autre"), a_contact(), a_shop(), a_relaunch(attempt=2), UNSUBSCRIBE, at=NINE + 1
    )
    assert composed()["Message-ID"] == again["Message-ID"] == f"<{RELAUNCH_ID}@boutique.example>"


def test_the_sender_may_have_a_name_of_its_own_in_any_script() -> None:
    shop = a_shop(**{"from": "Élise & Cie, “Thés” <bonjour@thé.example>"})
    mail = received(compose(WORDS, a_contact(), shop, a_relaunch(), UNSUBSCRIBE, at=NINE))
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Élise & Cie, “Thés”", "bonjour@xn--th-cja.example")
    assert mail["Message-ID"] == f"<{RELAUNCH_ID}@xn--th-cja.example>"


def test_a_long_link_to_unsubscribe_stays_on_one_line_as_it_is() -> None:
    link = UNSUBSCRIBE + "x" * (900 - len(UNSUBSCRIBE))
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in bytes(composed(unsubscribe=link))


def test_a_long_address_stays_on_one_line_as_it_is() -> None:
    address = "a" * 64 + "@" + ("b" * 59 + ".") * 3 + "example"
    assert f"\r\nTo: {address}\r\n".encode() in bytes(composed(email=address))


@pytest.mark.parametrize(
    "link",
    ["http://relance.example/u/1", "https://relance.example/é", "https://a.example/>,<mailto:x@y.example", "https://a.example/\r\nBcc: x", "", UNSUBSCRIBE + "x" * 900],
)  # fmt: skip
def test_no_message_leaves_without_a_way_out(link: str) -> None:
    with pytest.raises(NeverSend) as refusal:
        composed(unsubscribe=link)
    assert refusal.value.reason is Reason.NO_WAY_OUT


def test_a_contact_without_an_address_is_not_written_to() -> None:
    with pytest.raises(NeverSend) as refusal:
        composed(email=None)
    assert refusal.value.reason is Reason.NO_ADDRESS


def test_an_address_that_needs_smtputf8_is_not_written_to() -> None:
    with pytest.raises(NeverSend) as refusal:
        composed(email="élise@mail.example")
    assert refusal.value.reason is Reason.UNFIT_ADDRESS
    assert "lise" not in str(refusal.value)


def test_a_domain_in_any_script_is_written_in_ascii() -> None:
    assert received(composed(email="anna@é.example"))["To"] == "anna@xn--9ca.example"


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nRCPT TO:<v@y.example>", "a@x.example,b@y.example", "a@b@c.example", '"a b"@x.example', "Anna <a@x.example>", "", "a@x.example>"],
)  # fmt: skip
def test_no_address_holds_another_command_or_another_address(address: str) -> None:
    with pytest.raises(NeverSend):
        ascii_address(address)


def assert_is_sound(raw: bytes) -> None:
    assert raw.isascii()
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.partition(b"\r\n\r\n")[0]
    assert re.findall(rb"^([^\s:]+):", head, re.MULTILINE) == [name.encode() for name in HEADERS]


def test_a_message_is_ascii_in_crlf_lines() -> None:
    assert_is_sound(bytes(composed(WORDS._replace(html="é" * 5000 + "x" * 5000))))


@given(
    name=st.text(max_size=60),
    title=st.text(max_size=300),
    first_name=st.text(max_size=60),
    scenario=st.text(min_size=1, max_size=256),
    relaunch_id=st.text(min_size=1, max_size=256),
)
def test_nothing_that_others_wrote_adds_a_header_or_breaks_a_line(
    name: str, title: str, first_name: str, scenario: str, relaunch_id: str
) -> None:
    """Also what a schema would have refused: nothing here counts on it."""
    shop = a_shop().model_copy(update={"name": name})
    contact = a_contact().model_copy(update={"first_name": first_name})
    relaunch = a_relaunch().model_copy(update={"scenario": scenario, "relaunch_id": relaunch_id})
    product = a_product().model_copy(update={"title": title})
    rendered = render(relaunch, contact, shop, a_catalog(product), UNSUBSCRIBE)
    message = compose(rendered, contact, shop, relaunch, UNSUBSCRIBE, at=NINE)
    assert_is_sound(bytes(message))
    mail = received(message)
    assert mail["Subject"] == rendered.subject
    assert [sender.addr_spec for sender in mail["From"].addresses] == [shop.from_address]
    assert [part.get_content() for part in mail.iter_parts()] == [rendered.text, rendered.html + "\n"]


@given(st.text(max_size=300))
def test_no_subject_adds_a_header(subject: str) -> None:
    message = composed(WORDS._replace(subject=subject))
    assert_is_sound(bytes(message))
    assert received(message)["Subject"] == plain(subject)
