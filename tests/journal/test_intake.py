"""Claims about what a public record becomes in the journal: whose it is, and what of it stays behind."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decoding import FAMILY_OF
from schemas.errors import Undecodable
from schemas.publish import EXAMPLES, FAMILIES
from streams import topics
from streams.core.events import AddressKnown, CartChanged, ConsentChanged, OrderChanged, PageViewed
from streams.core.identity import fingerprint
from streams.journal.intake import SOURCES, Crawler, Entry, digest_of, entries_of, source_of
from streams.journal.records import encode
from tests.schemas.messages import ARRIVED_AT, record

SECRET = b"secret"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
MAIL = b"mail:boutique:" + fingerprint(SECRET, "anna@example.org").encode()
PHONE = b"phone:boutique:" + fingerprint(SECRET, "+33612345678").encode()


def entries(topic: str, raw: bytes | None, key: bytes | None = None, *, offset: int = 7) -> list[Entry]:
    return list(
        entries_of(topic, raw, key, arrived_at=ARRIVED_AT, source=source_of(topic, 3), offset=offset, secret=SECRET)
    )


def keys(topic: str, **changes: Any) -> list[bytes]:
    return [key for key, _ in entries(topic, record(topic, shop_id="boutique", **changes))]


# Whose it is


@pytest.mark.parametrize("topic", ["page-views", "cart-adds"])
@pytest.mark.parametrize("contact_id", ["anna", ...])
def test_what_a_visitor_does_goes_to_the_visitor_alone(topic: str, contact_id: Any) -> None:
    assert keys(topic, visitor_id="laptop", contact_id=contact_id) == [b"visitor:boutique:laptop"]


@pytest.mark.parametrize(
    ("named", "subjects"),
    [
        ({"visitor_id": "laptop"}, [b"visitor:boutique:laptop"]),
        ({"contact_id": "anna"}, [b"contact:boutique:anna"]),
        ({"email": "Anna@Example.org"}, [MAIL]),
        ({"phone": "06 12 34 56 78"}, [PHONE]),
        (
            {"visitor_id": "laptop", "contact_id": "anna", "email": "anna@example.org", "phone": "+33612345678"},
            [b"visitor:boutique:laptop", b"contact:boutique:anna", MAIL, PHONE],
        ),
        ({"cart_id": "cart-1"}, []),
    ],
)
def test_an_order_goes_to_everybody_it_names(named: dict[str, str], subjects: list[bytes]) -> None:
    nobody: dict[str, Any] = dict.fromkeys(("visitor_id", "contact_id", "cart_id", "email", "phone"), ...)
    assert keys("orders", **nobody | named) == subjects


def test_consent_goes_to_its_contact() -> None:
    assert keys("consent-changes", contact_id="anna") == [b"contact:boutique:anna"]


@pytest.mark.parametrize(
    ("addresses", "subjects"),
    [
        ({"email": ..., "phone": ...}, []),
        ({"email": "anna@example.org", "phone": ...}, [MAIL]),
        ({"email": ..., "phone": "0612345678"}, [PHONE]),
        ({"email": "anna@example.org", "phone": "0612345678"}, [MAIL, PHONE]),
    ],
)
def test_a_contact_record_tells_its_addresses_whose_they_are(addresses: dict[str, Any], subjects: list[bytes]) -> None:
    told = entries("contacts", record("contacts", shop_id="boutique", contact_id="anna", **addresses))
    assert [key for key, _ in told] == subjects
    assert all(isinstance(event, AddressKnown) and event.contact_id == "anna" for _, event in told)


def test_products_and_what_is_erased_or_removed_are_nobodys() -> None:
    assert entries("catalog", record("catalog")) == []
    assert entries("catalog", None, b"boutique:teapot") == []
    assert entries("contacts", None, b"boutique:anna") == []


def test_the_same_id_in_two_shops_is_two_subjects() -> None:
    one, other = (entries("page-views", record("page-views", shop_id=shop))[0][0] for shop in ("a", "b"))
    assert one != other


def test_one_address_in_two_shops_is_two_subjects() -> None:
    one, other = (entries("contacts", record("contacts", shop_id=shop))[0][0] for shop in ("a", "b"))
    assert one != other


# What is said of it


def test_a_page_view_says_what_was_looked_at_and_from_where_it_was_read() -> None:
    view = {"event_id": "e1", "visitor_id": "v", "contact_id": "anna", "kind": "product", "product_id": "lamp"}
    ((_, event),) = entries("page-views", record("page-views", **view, occurred_at=ARRIVED_AT - 5))
    assert event == PageViewed(
        id="e1",
        digest=digest_of("e1"),
        at=ARRIVED_AT - 5,
        source=source_of("page-views", 3),
        offset=7,
        contact_id="anna",
        kind="product",
        product_id="lamp",
    )


def test_a_cart_change_says_all_of_the_change() -> None:
    change = {"action": "set", "product_id": "lamp", "quantity": 2, "unit_price_minor": 990, "currency": "EUR"}
    ((_, event),) = entries("cart-adds", record("cart-adds", **change, cart_id="cart-1", contact_id="anna"))
    assert isinstance(event, CartChanged)
    assert (event.action, event.product_id, event.quantity) == ("set", "lamp", 2)
    assert (event.unit_price_minor, event.currency) == (990, "EUR")
    assert (event.cart_id, event.contact_id) == ("cart-1", "anna")


def test_an_order_says_the_same_to_everybody() -> None:
    told = entries(
        "orders", record("orders", order_id="o1", status="refunded", contact_id="anna", email="a@example.org")
    )
    assert len(told) > 1
    for _, event in told:
        assert isinstance(event, OrderChanged)
        assert (event.order_id, event.status, event.contact_id) == ("o1", "refunded", "anna")


@pytest.mark.parametrize(("state", "granted"), [("granted", True), ("withdrawn", False)])
def test_consent_says_for_what_and_whether(state: str, granted: bool) -> None:
    change = {"channel": "sms", "purpose": "tracking", "state": state}
    ((_, event),) = entries("consent-changes", record("consent-changes", **change))
    assert isinstance(event, ConsentChanged)
    assert (event.channel, event.purpose, event.granted) == ("sms", "tracking", granted)


# Where it came from


def test_every_partition_of_every_topic_is_a_source_of_its_own() -> None:
    sources = [source_of(topic, partition) for topic in SOURCES for partition in range(1000)]
    assert len(set(sources)) == len(sources)


def test_a_source_keeps_its_number_since_states_outlive_releases() -> None:
    assert [source_of(topic, 5) >> 16 for topic in SOURCES] == [0, 1, 2, 3, 4, 5]
    assert SOURCES == ("page-views", "cart-adds", "orders", "consent-changes", "contacts", "catalog")


def test_every_topic_that_shops_publish_to_is_read() -> None:
    assert set(SOURCES) == set(FAMILY_OF) == {topic.name for topic in topics.ALL if topic.public} - {"relaunch"}


def test_a_digest_is_eight_bytes_that_outlive_releases() -> None:
    assert digest_of("e1").hex() == "1b5d5e51f54f0f04"


# Who is not let in


@pytest.mark.parametrize(("agent", "is_let_in"), [(GOOGLEBOT, False), (FIREFOX, True), (..., True), ("", True)])
def test_a_crawlers_page_view_is_dropped_and_anybody_elses_is_not(agent: Any, is_let_in: bool) -> None:
    raw = record("page-views", user_agent=agent)
    if is_let_in:
        assert len(entries("page-views", raw)) == 1
    else:
        with pytest.raises(Crawler):
            entries("page-views", raw)


def test_what_cannot_be_taken_in_is_said_to_be_so() -> None:
    with pytest.raises(Undecodable):
        entries("orders", record("orders", status="maybe"))


# What stays behind


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_no_example_leaves_a_name_or_an_address_in_the_journal(name: str) -> None:
    for path in sorted((EXAMPLES / name).glob("*.json")):
        value = json.loads(path.read_text(encoding="utf-8"))
        topic = next((topic for topic, family in FAMILY_OF.items() if family is FAMILIES[name]), None)
        if topic is not None:
            assert_left_behind(entries(topic, path.read_bytes()), _personal(value))


_letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=6, max_size=12).map(lambda text: f"x{text}")
_emails = _letters.map(lambda name: f"{name}@example.org")
_phones = st.integers(10_000_000, 99_999_999).map(lambda number: f"+336{number}")
_person = st.fixed_dictionaries({"email": _emails, "phone": _phones})
_contacts = st.builds(lambda person, name: {**person, "first_name": name}, _person, _letters)
_views = st.fixed_dictionaries(
    {
        "query": _letters,
        "url": _emails.map(lambda email: f"https://shop.example/?mail={email}"),
        "referrer": _emails.map(lambda email: f"https://post.example/{email}"),
        "user_agent": _letters,
    }
)


@given(st.tuples(st.just("orders"), _person) | st.tuples(st.just("contacts"), _contacts))
def test_of_a_person_only_fingerprints_go_in(told: tuple[str, dict[str, str]]) -> None:
    topic, personal = told
    entered = entries(topic, record(topic, **personal))
    assert len(entered) >= 2
    assert_left_behind(entered, personal)


@given(_views)
def test_of_a_view_what_people_type_stays_behind(typed: dict[str, str]) -> None:
    view = {"kind": "search", "product_id": ..., "results": 3}
    assert_left_behind(entries("page-views", record("page-views", **view, **typed)), typed)


def _personal(value: dict[str, Any]) -> dict[str, str]:
    private = ("email", "phone", "first_name", "query", "url", "referrer", "user_agent", "ip_hash")
    return {name: str(value[name]) for name in private if value.get(name)}


def assert_left_behind(entered: list[Entry], personal: dict[str, str]) -> None:
    """No private value is in the journal's bytes, nor the part of an address before the @ or the number without its country."""
    journal = b"\n".join(part for key, event in entered for part in (key.lower(), encode(event).lower()))
    for name, value in personal.items():
        whole = value.lower()
        pieces = {whole, whole.split("@")[0] if name == "email" else whole, whole[3:] if name == "phone" else whole}
        assert not [piece for piece in pieces if piece.encode() in journal], name
