"""Claims about what messages mean for suppression."""

import json

import pytest

from schemas.decoding import decode
from streams.core.identity import fingerprint
from streams.stores.facts import Consent, ContactErased, ContactKnown, Fact, Purchase, facts_of

SECRET = b"a secret of thirty-two characters"
NINE = 1_790_000_000_000
MAIL = f"mail:shop:{fingerprint(SECRET, 'anna@example.com')}".encode()
PHONE = f"phone:shop:{fingerprint(SECRET, '+33612345678')}".encode()


def told(topic: str, **fields: object) -> list[Fact]:
    """Decode what a shop publishes and return its facts."""
    value = {"v": 1, "event_id": "e1", "shop_id": "shop", "occurred_at": NINE} | fields
    return facts_of(decode(topic, json.dumps(value).encode(), arrived_at=NINE), SECRET, arrived_at=NINE)


def an_order(**identities: str) -> list[Fact]:
    return told("orders", order_id="o1", status="paid", lines=[], total_minor=0, currency="EUR", **identities)


def test_an_order_is_a_purchase_of_everybody_and_everything_it_names() -> None:
    facts = an_order(contact_id="c", visitor_id="v", cart_id="k", email="Anna@Example.com", phone="06 12 34 56 78")
    identities = (b"contact:shop:c", b"visitor:shop:v", b"cart:shop:k", MAIL, PHONE)
    assert facts == [Purchase(identities, "o1", "paid", NINE, "e1")]


@pytest.mark.parametrize(
    ("named", "identity"),
    [
        ({"contact_id": "c"}, b"contact:shop:c"),
        ({"visitor_id": "v"}, b"visitor:shop:v"),
        ({"cart_id": "k"}, b"cart:shop:k"),
        ({"email": "anna@example.com"}, MAIL),
        ({"phone": "+33 6 12 34 56 78"}, PHONE),
    ],
)
def test_one_identity_is_enough(named: dict[str, str], identity: bytes) -> None:
    assert an_order(**named) == [Purchase((identity,), "o1", "paid", NINE, "e1")]


@pytest.mark.parametrize("state", ["granted", "withdrawn"])
def test_a_change_of_consent_is_about_one_contact_channel_and_purpose(state: str) -> None:
    facts = told("consent-changes", contact_id="c", channel="email", purpose="marketing", state=state)
    assert facts == [Consent(b"contact:shop:c", "email", "marketing", state, NINE, "e1")]


def test_a_contact_is_known_by_the_same_fingerprints_as_its_orders() -> None:
    facts = told("contacts", contact_id="c", email="anna@example.COM", phone="0612345678")
    assert facts == [ContactKnown(b"contact:shop:c", MAIL, PHONE)]


def test_a_contact_without_addresses_has_none() -> None:
    assert told("contacts", contact_id="c", email=" ") == [ContactKnown(b"contact:shop:c", None, None)]


def test_a_tombstone_erases_the_contact() -> None:
    erased = decode("contacts", None, arrived_at=NINE, key=b"shop:c:1")
    assert facts_of(erased, SECRET, arrived_at=NINE) == [ContactErased(b"contact:shop:c:1")]


def test_what_people_look_at_says_nothing_about_suppression() -> None:
    assert told("page-views", visitor_id="v", contact_id="c", kind="page", url="https://shop.example/") == []
    assert told("cart-adds", visitor_id="v", contact_id="c", action="empty") == []


def test_no_fact_holds_an_address() -> None:
    facts = [
        *an_order(email="anna@example.com", phone="0612345678"),
        *told("contacts", contact_id="c", email="anna@example.com"),
    ]
    assert "anna" not in repr(facts)
    assert "612345678" not in repr(facts)


def test_what_a_fast_clock_dates_tomorrow_counts_from_its_arrival() -> None:
    value = {"v": 1, "event_id": "e1", "shop_id": "shop", "occurred_at": NINE + 3_600_000}
    change = value | {"contact_id": "c", "channel": "email", "purpose": "marketing", "state": "granted"}
    message = decode("consent-changes", json.dumps(change).encode(), arrived_at=NINE)
    assert facts_of(message, SECRET, arrived_at=NINE) == [
        Consent(b"contact:shop:c", "email", "marketing", "granted", NINE, "e1")
    ]
