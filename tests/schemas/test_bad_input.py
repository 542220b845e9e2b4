"""What a shop may send by mistake, and the reason that it is told."""

from typing import Any

import pytest

from schemas.decoding import decode
from schemas.errors import Reason, Undecodable
from tests.schemas.messages import ARRIVED_AT, COMPLETE, record

DAY_MS = 86_400_000
YEAR_2000_MS = 946_684_800_000
NOW = ARRIVED_AT


def with_text(text: str) -> bytes:
    """Return a page view with a piece of JSON text after its first brace."""
    return record("page-views").replace(b"{", b"{" + text.encode(), 1)


def answer(topic: str, raw: bytes) -> object:
    try:
        return decode(topic, raw, arrived_at=ARRIVED_AT)
    except Undecodable as refused:
        return refused


def refusal(topic: str, raw: bytes | None, key: bytes | None = None) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        decode(topic, raw, arrived_at=ARRIVED_AT, key=key)
    return caught.value


VIEW = record("page-views")

NOT_AN_OBJECT_OF_JSON = {
    "empty value": (b"", Reason.EMPTY),
    "white space only": (b" \n\t ", Reason.EMPTY),
    "nothing but a byte order mark": (b"\xef\xbb\xbf", Reason.EMPTY),
    "one byte over 256 KiB": (b" " * (256 * 1024 + 1), Reason.TOO_LARGE),
    "1 MB record": (record("page-views", url="x" * 1_000_000), Reason.TOO_LARGE),
    "Latin-1": (record("page-views").replace(b"teapot", b"th\xe9i\xe8re"), Reason.NOT_UTF8),
    "an encoded surrogate": (VIEW.replace(b"teapot", b"\xed\xa0\x80"), Reason.NOT_UTF8),
    "UTF-16 with its mark": (VIEW.decode().encode("utf-16"), Reason.NOT_UTF8),
    "UTF-16 without a mark": (VIEW.decode().encode("utf-16-le"), Reason.NOT_JSON),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", Reason.NOT_UTF8),
    "cut in the middle of a text": (VIEW[:25], Reason.TRUNCATED),
    "cut before the last brace": (VIEW[:-1], Reason.TRUNCATED),
    "two objects": (VIEW + VIEW, Reason.TWO_DOCUMENTS),
    "two objects on two lines": (VIEW + b"\n" + VIEW, Reason.TWO_DOCUMENTS),
    "a stray brace at the end": (VIEW + b"}", Reason.TWO_DOCUMENTS),
    "single quotes": (b"{'v': 1}", Reason.NOT_JSON),
    "a trailing comma": (b'{"v": 1,}', Reason.NOT_JSON),
    "a raw line break in a text": (with_text('"x": "a\nb",'), Reason.NOT_JSON),
    "a raw NUL in a text": (with_text('"x": "a\0b",'), Reason.NOT_JSON),
    "a list": (b"[" + VIEW + b"]", Reason.NOT_AN_OBJECT),
    "a text": (b'"page view"', Reason.NOT_AN_OBJECT),
    "a number": (b"1", Reason.NOT_AN_OBJECT),
    "null as text": (b"null", Reason.NOT_AN_OBJECT),
    "an object inside a text": (b'"{\\"v\\": 1}"', Reason.NOT_AN_OBJECT),
    "a name twice": (with_text('"shop_id": "other",'), Reason.DUPLICATE_KEY),
    "a name twice, spaced": (with_text('"shop_id" : "other",'), Reason.DUPLICATE_KEY),
    "a name twice with one value": (with_text('"v": 1,'), Reason.DUPLICATE_KEY),
    "a name twice, once escaped": (with_text('"\\u0076": 2,'), Reason.DUPLICATE_KEY),
    "a name twice beside an escaped quote": (with_text('"v": 1, "x": "\\"\\\\",'), Reason.DUPLICATE_KEY),
    "an unknown name twice": (with_text('"x": 1, "x": 2,'), Reason.DUPLICATE_KEY),
    "a name twice in an inner object": (with_text('"x": {"y": 1, "y": 2},'), Reason.DUPLICATE_KEY),
    "a name twice in an object in a list": (with_text('"x": [0, {"y": 1, "y": 2}],'), Reason.DUPLICATE_KEY),
    "a name twice, one of them a deep list": (with_text(f'"v": {"[" * 100}{"]" * 100},'), Reason.DUPLICATE_KEY),
    "lists 10,000 deep": (with_text(f'"x": {"[" * 10_000}{"]" * 10_000},'), Reason.TOO_DEEP),
    "objects 10,000 deep": (b'{"x":' * 10_000 + b"1" + b"}" * 10_000, Reason.TOO_DEEP),
    "200,000 opening brackets": (b"[" * 200_000, Reason.TOO_DEEP),
    "33 levels": (with_text(f'"x": {"[" * 32}{"]" * 32},'), Reason.TOO_DEEP),
    "NaN": (record("orders", total_minor=float("nan")), Reason.NOT_A_NUMBER),
    "Infinity": (record("orders", total_minor=float("inf")), Reason.NOT_A_NUMBER),
    "-Infinity in an unknown field": (with_text('"x": -Infinity,'), Reason.NOT_A_NUMBER),
    "1e400": (with_text('"results": 1e400,'), Reason.NUMBER_OUT_OF_RANGE),
    "a whole number of 5,000 digits": (with_text(f'"results": {"9" * 5_000},'), Reason.NUMBER_OUT_OF_RANGE),
    "the first half of a surrogate pair": (with_text('"x": "\\ud800",'), Reason.LONE_SURROGATE),
    "the second half of a surrogate pair": (with_text('"x": "\\udc00",'), Reason.LONE_SURROGATE),
    "NUL in a text": (with_text('"x": "a\\u0000b",'), Reason.NUL_CHARACTER),
    "NUL after an escaped backslash": (with_text('"x": "\\\\\\u0000",'), Reason.NUL_CHARACTER),
}


@pytest.mark.parametrize(("raw", "reason"), NOT_AN_OBJECT_OF_JSON.values(), ids=NOT_AN_OBJECT_OF_JSON)
def test_bytes_that_are_not_one_clear_object_are_refused_with_their_reason(raw: bytes, reason: Reason) -> None:
    assert refusal("page-views", raw).reason is reason


WRONG_FIELDS: dict[str, tuple[str, dict[str, Any], Reason, str]] = {
    "no version": ("page-views", {"v": ...}, Reason.UNKNOWN_VERSION, "v"),
    "version null": ("page-views", {"v": None}, Reason.UNKNOWN_VERSION, "v"),
    "version 2": ("page-views", {"v": 2}, Reason.UNKNOWN_VERSION, ""),
    "version 0": ("page-views", {"v": 0}, Reason.UNKNOWN_VERSION, ""),
    "version as text": ("page-views", {"v": "1"}, Reason.UNKNOWN_VERSION, ""),
    "version 1.0": ("page-views", {"v": 1.0}, Reason.UNKNOWN_VERSION, ""),
    "version true": ("page-views", {"v": True}, Reason.UNKNOWN_VERSION, ""),
    "version 2 with other fields": ("orders", {"v": 2, "email": ["a"], "lines": ...}, Reason.UNKNOWN_VERSION, ""),
    "no event id": ("page-views", {"event_id": ...}, Reason.MISSING_FIELD, "event_id is missing"),
    "no shop": ("page-views", {"shop_id": ...}, Reason.MISSING_FIELD, "shop_id is missing"),
    "no visitor": ("cart-adds", {"visitor_id": ...}, Reason.MISSING_FIELD, "visitor_id is missing"),
    "no lines": ("orders", {"lines": ...}, Reason.MISSING_FIELD, "lines is missing"),
    "a line without quantity": (
        "orders",
        {"lines": [{"product_id": "a", "unit_price_minor": 1}]},
        Reason.MISSING_FIELD,
        "lines.0.quantity is missing",
    ),
    "evidence without source": (
        "consent-changes",
        {"evidence": {"text_version": "1"}},
        Reason.MISSING_FIELD,
        "evidence.source is missing",
    ),
    "a number for an id": (
        "page-views",
        {"visitor_id": 17},
        Reason.WRONG_TYPE,
        "visitor_id must be text; a whole number was sent",
    ),
    "null for an id": ("page-views", {"visitor_id": None}, Reason.WRONG_TYPE, "visitor_id must be text; null was sent"),
    "text for an amount": (
        "orders",
        {"total_minor": "66.90"},
        Reason.WRONG_TYPE,
        "total_minor must be a whole number; text was sent",
    ),
    "a decimal amount": (
        "orders",
        {"total_minor": 66.9},
        Reason.WRONG_TYPE,
        "total_minor must be a whole number; a decimal number was sent",
    ),
    "true for a quantity": (
        "cart-adds",
        {"quantity": True},
        Reason.WRONG_TYPE,
        "quantity must be a whole number; true or false was sent",
    ),
    "a list for an object": (
        "consent-changes",
        {"evidence": []},
        Reason.WRONG_TYPE,
        "evidence must be an object; a list was sent",
    ),
    "an object for a list": ("orders", {"lines": {}}, Reason.WRONG_TYPE, "lines must be a list; an object was sent"),
    "numbers for lines, of which one is reported": (
        "orders",
        {"lines": [1] * 2000},
        Reason.WRONG_TYPE,
        "lines.0 must be an object; a whole number was sent",
    ),
    "a text for a list": ("catalog", {"related": "cup"}, Reason.WRONG_TYPE, "related must be a list; text was sent"),
    "a number for an e-mail": ("contacts", {"email": 7}, Reason.WRONG_TYPE, "email must be text; a whole number"),
    "unknown kind": ("page-views", {"kind": "Product"}, Reason.UNKNOWN_WORD, "kind must be 'page', 'product'"),
    "unknown action": ("cart-adds", {"action": "increment"}, Reason.UNKNOWN_WORD, "action must be"),
    "unknown status": ("orders", {"status": "shipped"}, Reason.UNKNOWN_WORD, "status must be"),
    "false for a consent": ("consent-changes", {"state": "false"}, Reason.UNKNOWN_WORD, "state must be"),
    "unknown channel": ("consent-changes", {"channel": "fax"}, Reason.UNKNOWN_WORD, "channel must be"),
    "an empty id": ("page-views", {"visitor_id": ""}, Reason.BAD_ID, "visitor_id is empty"),
    "an id of 257 characters": ("page-views", {"event_id": "e" * 257}, Reason.BAD_ID, "event_id is longer than 256"),
    "a tab in an id": ("page-views", {"event_id": "a\tb"}, Reason.BAD_ID, "event_id"),
    "a line break at the end of an id": ("page-views", {"event_id": "a\n"}, Reason.BAD_ID, "event_id"),
    "an empty id in a list": ("catalog", {"related": ["cup", ""]}, Reason.BAD_ID, "related.1 is empty"),
    "a colon in the shop's id": ("page-views", {"shop_id": "a:b"}, Reason.BAD_SHOP_ID, "shop_id"),
    "an empty shop id": ("page-views", {"shop_id": ""}, Reason.BAD_SHOP_ID, "shop_id"),
    "a shop id of 65 characters": ("page-views", {"shop_id": "s" * 65}, Reason.BAD_SHOP_ID, "shop_id"),
    "no time": ("page-views", {"occurred_at": ...}, Reason.MISSING_FIELD, "occurred_at is missing"),
    "a naive time": ("page-views", {"occurred_at": "2025-11-22T09:00:00"}, Reason.TIME_NOT_MILLISECONDS, "text"),
    "a time as text": ("page-views", {"occurred_at": "2025-11-22T09:00:00Z"}, Reason.TIME_NOT_MILLISECONDS, "text"),
    "milliseconds as text": ("page-views", {"occurred_at": str(NOW)}, Reason.TIME_NOT_MILLISECONDS, "text"),
    "milliseconds with decimals": ("page-views", {"occurred_at": NOW + 0.5}, Reason.TIME_NOT_MILLISECONDS, "decimal"),
    "time null": ("page-views", {"occurred_at": None}, Reason.TIME_NOT_MILLISECONDS, "null"),
    "1970": ("page-views", {"occurred_at": 0}, Reason.TIME_TOO_EARLY, "occurred_at"),
    "before 1970": ("page-views", {"occurred_at": -1}, Reason.TIME_TOO_EARLY, "occurred_at"),
    "a millisecond before 2000": ("page-views", {"occurred_at": YEAR_2000_MS - 1}, Reason.TIME_TOO_EARLY, ""),
    "seconds": ("page-views", {"occurred_at": NOW // 1000}, Reason.TIME_TOO_EARLY, "looks like seconds"),
    "microseconds": ("page-views", {"occurred_at": NOW * 1000}, Reason.TIME_IN_FUTURE, "looks like microseconds"),
    "nanoseconds": ("page-views", {"occurred_at": NOW * 10**6}, Reason.TIME_IN_FUTURE, "looks like nanoseconds"),
    "a day and a millisecond ahead": ("page-views", {"occurred_at": NOW + DAY_MS + 1}, Reason.TIME_IN_FUTURE, ""),
    "a hundred years ahead": ("page-views", {"occurred_at": NOW + 36_525 * DAY_MS}, Reason.TIME_IN_FUTURE, ""),
    "year 10000": ("page-views", {"occurred_at": 253_402_300_800_000}, Reason.TIME_IN_FUTURE, ""),
    "a time of 400 digits": ("page-views", {"occurred_at": 10**399}, Reason.TIME_IN_FUTURE, ""),
    "negative quantity in a cart": (
        "cart-adds",
        {"quantity": -1},
        Reason.NEGATIVE_NUMBER,
        "quantity must be at least 0",
    ),
    "negative quantity in an order": (
        "orders",
        {"lines": [{"product_id": "a", "quantity": -2, "unit_price_minor": 1}]},
        Reason.NEGATIVE_NUMBER,
        "lines.0.quantity must be at least 0",
    ),
    "negative price": ("cart-adds", {"unit_price_minor": -1}, Reason.NEGATIVE_NUMBER, "unit_price_minor"),
    "negative total": ("orders", {"total_minor": -1}, Reason.NEGATIVE_NUMBER, "total_minor"),
    "negative results": ("page-views", {"results": -1}, Reason.NEGATIVE_NUMBER, "results"),
    "a million and one pieces": ("cart-adds", {"quantity": 1_000_001}, Reason.NUMBER_TOO_LARGE, "quantity"),
    "a price over the ceiling": ("catalog", {"price_minor": 10**12 + 1}, Reason.NUMBER_TOO_LARGE, "price_minor"),
    "a total of 400 digits": ("orders", {"total_minor": 10**399}, Reason.NUMBER_TOO_LARGE, "total_minor"),
    "1001 lines": (
        "orders",
        {"lines": [{"product_id": "a", "quantity": 1, "unit_price_minor": 1}] * 1001},
        Reason.TOO_MANY,
        "lines is longer than 1000",
    ),
    "add without product": ("cart-adds", {"product_id": ...}, Reason.MISSING_FIELD, "product_id is missing; add"),
    "remove without product": (
        "cart-adds",
        {"action": "remove", "product_id": None},
        Reason.MISSING_FIELD,
        "product_id is missing; remove",
    ),
    "set without quantity": (
        "cart-adds",
        {"action": "set", "quantity": ...},
        Reason.MISSING_FIELD,
        "quantity is missing; set",
    ),
    "zero added": ("cart-adds", {"quantity": 0}, Reason.ZERO_QUANTITY, "add"),
    "zero removed": ("cart-adds", {"action": "remove", "quantity": 0}, Reason.ZERO_QUANTITY, "remove"),
    "a currency of the wrong length": ("orders", {"currency": "EURO"}, Reason.BAD_CURRENCY, "currency"),
    "an empty currency": ("orders", {"currency": ""}, Reason.BAD_CURRENCY, "currency"),
    "a currency sign": ("orders", {"currency": "€"}, Reason.BAD_CURRENCY, "currency"),
    "a currency that never was": ("cart-adds", {"currency": "ABC"}, Reason.BAD_CURRENCY, "currency"),
    "a currency that is no more": ("orders", {"currency": "FRF"}, Reason.BAD_CURRENCY, "currency"),
    "an order without identity": (
        "orders",
        dict.fromkeys(("visitor_id", "contact_id", "cart_id", "email", "phone"), ...),
        Reason.NO_IDENTITY,
        "",
    ),
    "an order with blank addresses only": (
        "orders",
        {"visitor_id": None, "contact_id": None, "cart_id": None, "email": "", "phone": " "},
        Reason.NO_IDENTITY,
        "",
    ),
    "an order with a bad e-mail": ("orders", {"email": "lea.martin"}, Reason.BAD_EMAIL, "email"),
    "a contact with a placeholder": ("contacts", {"email": "undefined"}, Reason.BAD_EMAIL, "email: a placeholder"),
    "a contact with two addresses": ("contacts", {"email": "a@x.fr,b@y.fr"}, Reason.EMAIL_NOT_ONE_ADDRESS, "email"),
    "a contact with an injected command": (
        "contacts",
        {"email": "a@x.fr>\r\nRCPT TO:<v@y.fr>"},
        Reason.EMAIL_CONTROL_CHARACTER,
        "email",
    ),
    "a contact with a bad phone": ("contacts", {"phone": "call me"}, Reason.BAD_PHONE, "phone"),
    "a name with a direction override": ("contacts", {"first_name": "L\u202ea"}, Reason.BAD_TEXT, "first_name"),
    "a locale that is a sentence": ("contacts", {"locale": "in French"}, Reason.BAD_TEXT, "locale"),
    "a time zone with a line break": ("contacts", {"time_zone": "Europe/Paris\n"}, Reason.BAD_TEXT, "time_zone"),
    "a title of spaces": ("catalog", {"title": "  "}, Reason.BAD_TEXT, "title"),
    "a title of 1025 characters": ("catalog", {"title": "t" * 1025}, Reason.BAD_TEXT, "title is longer than 1024"),
    "a script for a link": ("catalog", {"url": "javascript:alert(1)"}, Reason.BAD_LINK, "url"),
    "data for a picture": ("catalog", {"image_url": "data:image/png;base64,AA"}, Reason.BAD_LINK, "image_url"),
    "a link without scheme": ("catalog", {"url": "//evil.example"}, Reason.BAD_LINK, "url"),
    "a link with a user name": ("catalog", {"url": "https://shop@evil.example/"}, Reason.BAD_LINK, "url"),
    "a link with backslashes": ("catalog", {"url": "https:\\\\evil.example"}, Reason.BAD_LINK, "url"),
    "a link with a line break": ("catalog", {"url": "https://shop.example/\r\nX: y"}, Reason.BAD_LINK, "url"),
    "a link with a quote": ("catalog", {"url": 'https://shop.example/" onload="x'}, Reason.BAD_LINK, "url"),
}


@pytest.mark.parametrize(("topic", "changes", "reason", "detail"), WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_fields_that_cannot_be_are_refused_with_their_reason_and_name(
    topic: str, changes: dict[str, Any], reason: Reason, detail: str
) -> None:
    refused = refusal(topic, record(topic, **changes))
    assert refused.reason is reason
    assert detail in refused.detail


KEYS = {
    "contact: another contact": ("contacts", b"chez-lea:c-1", Reason.KEY_CONTRADICTS),
    "contact: another shop": ("contacts", b"chez-paul:c-1042", Reason.KEY_CONTRADICTS),
    "contact: empty": ("contacts", b"", Reason.KEY_CONTRADICTS),
    "contact: not UTF-8": ("contacts", b"\xff", Reason.KEY_CONTRADICTS),
    "product: another product": ("catalog", b"chez-lea:cup", Reason.KEY_CONTRADICTS),
}


@pytest.mark.parametrize(("topic", "key", "reason"), KEYS.values(), ids=KEYS)
def test_a_key_that_contradicts_the_value_is_refused(topic: str, key: bytes, reason: Reason) -> None:
    assert refusal(topic, record(topic), key).reason is reason


TOMBSTONES = {
    "page view": ("page-views", b"chez-lea:v-1", Reason.TOMBSTONE),
    "cart change": ("cart-adds", b"chez-lea:v-1", Reason.TOMBSTONE),
    "order": ("orders", b"chez-lea:o-501", Reason.TOMBSTONE),
    "consent change": ("consent-changes", b"chez-lea:c-1042", Reason.TOMBSTONE),
    "contact without key": ("contacts", None, Reason.BAD_KEY),
    "contact with empty key": ("contacts", b"", Reason.BAD_KEY),
    "contact with a key without shop": ("contacts", b"c-1042", Reason.BAD_KEY),
    "contact with an empty shop": ("contacts", b":c-1042", Reason.BAD_KEY),
    "contact with an empty id": ("contacts", b"chez-lea:", Reason.BAD_KEY),
    "contact with a key that is not UTF-8": ("contacts", b"chez-lea:\xff", Reason.BAD_KEY),
    "product with a key without shop": ("catalog", b"teapot", Reason.BAD_KEY),
}


@pytest.mark.parametrize(("topic", "key", "reason"), TOMBSTONES.values(), ids=TOMBSTONES)
def test_a_tombstone_that_names_nobody_is_refused(topic: str, key: bytes | None, reason: Reason) -> None:
    assert refusal(topic, None, key).reason is reason


def test_a_refusal_lists_several_findings_at_once() -> None:
    detail = refusal("cart-adds", record("cart-adds", visitor_id=..., action="buy", quantity=-1)).detail
    assert detail == (
        "visitor_id is missing; action must be 'add', 'remove', 'set' or 'empty'; quantity must be at least 0"
    )


@pytest.mark.parametrize("topic", COMPLETE)
@pytest.mark.parametrize("spoilt", ["Secret-Léa\n@", ["Secret-Léa"], {"Secret-Léa": 1}])
def test_a_refusal_never_quotes_what_was_sent(topic: str, spoilt: object) -> None:
    names = decode(topic, record(topic), arrived_at=ARRIVED_AT).model_dump()
    refused = [answer(topic, record(topic, **{name: spoilt})) for name in names]
    assert sum(isinstance(one, Undecodable) for one in refused) > 3
    assert not [one for one in refused if isinstance(one, Undecodable) and "Secret" in f"{one} {one.detail} {one!r}"]


@pytest.mark.parametrize("text", ['"lea@mail.example": 1, "lea@mail.example": 2,', '"v": 1,'])
def test_a_duplicate_name_is_quoted_only_if_it_is_a_field(text: str) -> None:
    assert refusal("page-views", with_text(text)).detail == ("v" if '"v"' in text else "a name that is no field")


def test_every_reason_for_refusal_is_tested_here() -> None:
    tested = {case[-1] for case in (*NOT_AN_OBJECT_OF_JSON.values(), *KEYS.values(), *TOMBSTONES.values())}
    assert tested | {case[2] for case in WRONG_FIELDS.values()} == set(Reason)
