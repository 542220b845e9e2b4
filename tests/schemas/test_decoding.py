"""Claims about what is accepted, and how it is normalised."""

import json
from typing import Any

import pytest
from hypothesis import example as also
from hypothesis import given
from hypothesis import strategies as st

from schemas.cart_change import CartChange
from schemas.contact import Contact, ContactErased
from schemas.decoding import FAMILY_OF, decode
from schemas.errors import Undecodable
from schemas.order import Order
from schemas.product import ProductRemoved
from streams import topics
from tests.schemas.messages import ARRIVED_AT, COMPLETE, fields, record

DAY_MS = 86_400_000
YEAR_2000_MS = 946_684_800_000

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def decoded(topic: str, **changes: object) -> Any:
    return decode(topic, record(topic, **changes), arrived_at=ARRIVED_AT)


def decodes_or_is_refused(topic: str, raw: bytes | None, key: bytes | None) -> bool:
    try:
        decode(topic, raw, arrived_at=ARRIVED_AT, key=key)
    except Undecodable as refused:
        return bool(refused.reason.sentence)
    return True


def test_every_topic_that_shops_publish_to_has_a_family() -> None:
    published = {topic.name for topic in topics.ALL if topic.public} - {topics.RELAUNCH.name}
    assert set(FAMILY_OF) == published


@pytest.mark.parametrize("topic", COMPLETE)
def test_a_complete_message_decodes_to_its_family_with_every_field(topic: str) -> None:
    message = decoded(topic)
    assert type(message) is FAMILY_OF[topic]
    assert set(fields(topic)) <= message.model_fields_set


@pytest.mark.parametrize("topic", COMPLETE)
def test_unknown_fields_are_ignored_at_any_depth(topic: str) -> None:
    assert decoded(topic, sent_by="a later version", nested={"v": 2, "list": [{"email": None}]}) == decoded(topic)


def test_unknown_fields_of_a_line_are_ignored() -> None:
    line = {"product_id": "cup", "quantity": 1, "unit_price_minor": 850}
    assert decoded("orders", lines=[line | {"gift": True}]) == decoded("orders", lines=[line])


@pytest.mark.parametrize("topic", COMPLETE)
def test_null_means_absent_for_every_optional_field(topic: str) -> None:
    for name, field in FAMILY_OF[topic].model_fields.items():
        if field.default is None and not (name in {"product_id", "quantity"} and topic == "cart-adds"):
            assert getattr(decoded(topic, **{name: None}), name) is None


def test_a_byte_order_mark_white_space_and_escaped_slashes_are_accepted() -> None:
    plain = record("page-views")
    marked = b"\xef\xbb\xbf\r\n" + plain.replace(b"/", b"\\/") + b"\n"
    assert decode("page-views", marked, arrived_at=ARRIVED_AT) == decode("page-views", plain, arrived_at=ARRIVED_AT)


def test_exactly_256_kib_is_accepted() -> None:
    raw = record("page-views")
    padded = raw + b" " * (256 * 1024 - len(raw))
    assert decode("page-views", padded, arrived_at=ARRIVED_AT) == decoded("page-views")


def test_names_are_told_apart_by_their_object_and_never_found_in_texts() -> None:
    tricky = 'a "v": 1, {"v" : 2} [\\" \\\\'
    assert decoded("page-views", query=tricky, extra=[{"v": 2}, {"v": 3}]).query == tricky


def test_a_nul_spelled_out_behind_an_escaped_backslash_is_only_text() -> None:
    assert decoded("page-views", query="\\u0000").query == "\\u0000"


@pytest.mark.parametrize("at", [YEAR_2000_MS, ARRIVED_AT - 1, ARRIVED_AT, ARRIVED_AT + 1, ARRIVED_AT + DAY_MS])
def test_a_time_from_2000_until_a_day_after_arrival_is_taken_as_it_is(at: int) -> None:
    assert decoded("page-views", occurred_at=at).occurred_at == at


@pytest.mark.parametrize("id", ["x", "é" * 256, "a b", "#@:/", "𝒳"])
def test_an_id_may_hold_anything_printable(id: str) -> None:
    assert decoded("page-views", visitor_id=id).visitor_id == id


def test_product_and_query_are_optional_even_for_product_and_search() -> None:
    assert decoded("page-views", kind="product", product_id=...).product_id is None
    assert decoded("page-views", kind="search", product_id=...).query is None


def test_minus_zero_is_zero() -> None:
    raw = record("page-views").replace(b"{", b'{"results": -0,', 1)
    assert decode("page-views", raw, arrived_at=ARRIVED_AT) == decoded("page-views", results=0)


@pytest.mark.parametrize(
    ("action", "quantity"), [("add", None), ("add", 1), ("remove", None), ("remove", 1), ("set", 0), ("set", 1_000_000)]
)
def test_a_cart_change_keeps_the_quantity_that_it_says(action: str, quantity: int | None) -> None:
    change = decoded("cart-adds", action=action, quantity=quantity)
    assert isinstance(change, CartChange)
    assert change.quantity == quantity


def test_a_cart_is_emptied_without_product() -> None:
    assert decoded("cart-adds", action="empty", product_id=..., quantity=...).product_id is None


@pytest.mark.parametrize("identity", ["visitor_id", "contact_id", "cart_id", "email", "phone"])
def test_one_identity_is_enough_for_an_order(identity: str) -> None:
    others: dict[str, Any] = dict.fromkeys({"visitor_id", "contact_id", "cart_id", "email", "phone"} - {identity}, ...)
    assert getattr(decoded("orders", **others), identity)


def test_an_order_may_have_a_thousand_lines_or_none() -> None:
    line = {"product_id": "cup", "quantity": 1, "unit_price_minor": 850}
    assert [len(decoded("orders", lines=[line] * times).lines) for times in (0, 1000)] == [0, 1000]


def test_currencies_are_made_upper_case() -> None:
    assert [decoded(topic, currency="eUr").currency for topic in ("cart-adds", "orders", "catalog")] == ["EUR"] * 3


@pytest.mark.parametrize("topic", ["orders", "contacts"])
def test_addresses_are_normalised_and_blank_ones_are_absent(topic: str) -> None:
    message = decoded(topic, email=" Lea.MARTIN@Mail.Example ", phone="06 39 98 00 01")
    assert isinstance(message, Order | Contact)
    assert (message.email, message.phone) == ("lea.martin@mail.example", "+33639980001")
    assert decoded(topic, email="", phone="  ").model_dump(include={"email", "phone"}) == {"email": None, "phone": None}


def test_names_and_titles_become_one_line() -> None:
    assert decoded("contacts", first_name=" Léa\r\nBcc:  x\u2028y ").first_name == "Léa Bcc: x y"
    assert decoded("catalog", title="{{7*7}}\t<b>Tea</b>").title == "{{7*7}} <b>Tea</b>"


def test_stock_may_be_oversold() -> None:
    assert decoded("catalog", stock=-3).stock == -3


@pytest.mark.parametrize("key", [None, b"chez-lea:c-1042", b"c-1042"])
def test_a_key_that_agrees_or_is_missing_is_accepted(key: bytes | None) -> None:
    assert decode("contacts", record("contacts"), arrived_at=ARRIVED_AT, key=key) == decoded("contacts")


@pytest.mark.parametrize("topic", ["page-views", "cart-adds", "orders", "consent-changes"])
def test_keys_of_other_topics_are_not_trusted_and_not_read(topic: str) -> None:
    assert decode(topic, record(topic), arrived_at=ARRIVED_AT, key=b"\xffsomebody:else") == decoded(topic)


def test_a_tombstone_erases_a_contact_and_removes_a_product() -> None:
    erased = decode("contacts", None, arrived_at=ARRIVED_AT, key=b"chez-lea:c:with:colons")
    assert erased == ContactErased(shop_id="chez-lea", contact_id="c:with:colons")
    removed = decode("catalog", None, arrived_at=ARRIVED_AT, key=b"chez-lea:teapot")
    assert removed == ProductRemoved(shop_id="chez-lea", product_id="teapot")


@given(
    topic=st.sampled_from(sorted(FAMILY_OF)),
    raw=st.none() | st.binary(),
    key=st.none() | st.binary() | st.text().map(str.encode),
)
@also(topic="contacts", raw=None, key=b"chez-lea:\xed\xa0\x80")
@also(topic="orders", raw=b'{"v":1' + b" " * 1000, key=None)
def test_whatever_the_bytes_the_answer_is_a_message_or_a_reason(
    topic: str, raw: bytes | None, key: bytes | None
) -> None:
    assert decodes_or_is_refused(topic, raw, key)


@given(topic=st.sampled_from(sorted(FAMILY_OF)), value=JSON, ascii=st.booleans())
def test_whatever_the_json_the_answer_is_a_message_or_a_reason(topic: str, value: object, ascii: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii).encode(errors="surrogatepass")
    assert decodes_or_is_refused(topic, raw, None)


@given(data=st.data(), topic=st.sampled_from(sorted(FAMILY_OF)))
def test_whatever_a_field_is_replaced_with_the_answer_is_a_message_or_a_reason(data: st.DataObject, topic: str) -> None:
    spoilt = data.draw(st.dictionaries(st.sampled_from(sorted(fields(topic))), JSON, max_size=3))
    assert decodes_or_is_refused(topic, record(topic, **spoilt), None)


@given(data=st.data(), topic=st.sampled_from(sorted(FAMILY_OF)))
def test_whatever_bytes_are_replaced_the_answer_is_a_message_or_a_reason(data: st.DataObject, topic: str) -> None:
    raw = record(topic)
    at = data.draw(st.integers(0, len(raw)))
    spoilt = raw[:at] + data.draw(st.binary(max_size=8)) + raw[at + data.draw(st.integers(0, 8)) :]
    assert decodes_or_is_refused(topic, spoilt, None)


@pytest.mark.parametrize("topic", COMPLETE)
def test_messages_are_frozen_and_hashable(topic: str) -> None:
    message = decoded(topic)
    assert hash(message) == hash(decoded(topic))
    with pytest.raises(ValueError, match="frozen"):
        message.shop_id = "another"
