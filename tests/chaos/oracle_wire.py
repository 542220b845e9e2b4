"""Which recorded events does the oracle take in?

Version 1 of the wire, written a second time and on purpose without `schemas`: a mistake made there must not be made here.
Only the main rules: required fields, types, version, time, quantities, addresses. Histories stay clear of finer cases.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

YEAR_2000_MS = 946_684_800_000
DAY_MS = 86_400_000

#: Part of the user agent of every crawler that a history uses.
CRAWLERS = ("googlebot", "bingbot")

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")

Check = Callable[[Any], bool]


def normal_email(text: str) -> str:
    """Return the form in which two spellings of an e-mail address are equal."""
    return text.lower()


def normal_phone(text: str) -> str:
    """Return a phone number as E.164; a national number is French."""
    digits = re.sub(r"[\s.()-]", "", text)
    if digits.startswith("00"):
        return "+" + digits[2:]
    if digits.startswith("0"):
        return "+33" + digits[1:]
    return digits


def is_crawler(view: Mapping[str, Any]) -> bool:
    """Say whether a page was viewed by a machine."""
    user_agent = (view.get("user_agent") or "").lower()
    return any(name in user_agent for name in CRAWLERS)


def is_valid(value: object, *, topic: str, now: int) -> TypeGuard[dict[str, Any]]:
    """Say whether an event appended at `now` (ms) belongs to the wire, so that it may change anything."""
    if topic not in _FIELDS or not isinstance(value, dict):
        return False
    required, optional, make_sense = _FIELDS[topic]
    return (
        all(name in value and check(value[name]) for name, check in (_ALWAYS | required).items())
        and all(check(value[name]) for name, check in optional.items() if value.get(name) is not None)
        and YEAR_2000_MS <= value["occurred_at"] <= now + DAY_MS
        and make_sense(value)
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _natural(value: Any) -> bool:
    return _whole(value) and value >= 0


def _positive(value: Any) -> bool:
    return _whole(value) and value >= 1


def _one_of(*words: str) -> Check:
    return lambda value: value in words


def _currency(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None


def _email(value: Any) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def _phone(value: Any) -> bool:
    return isinstance(value, str) and _PHONE.fullmatch(normal_phone(value)) is not None


def _order_lines(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(line, dict)
        and _text(line.get("product_id"))
        and _positive(line.get("quantity"))
        and _natural(line.get("unit_price_minor"))
        for line in value
    )


def _makes_sense_of_a_cart(value: Mapping[str, Any]) -> bool:
    if value["action"] == "empty":
        return True
    quantity = value.get("quantity")
    if value["action"] == "set":
        return _text(value.get("product_id")) and quantity is not None
    return _text(value.get("product_id")) and quantity != 0


def _names_somebody(value: Mapping[str, Any]) -> bool:
    return any(value.get(name) is not None for name in ("visitor_id", "contact_id", "email", "phone"))


def _anything(value: Mapping[str, Any]) -> bool:
    return True


_ALWAYS: dict[str, Check] = {
    "v": lambda value: _whole(value) and value == 1,
    "event_id": _text,
    "shop_id": _text,
    "occurred_at": _whole,
}

#: Topic -> required fields, optional fields, and what the fields must be together.
_FIELDS: dict[str, tuple[dict[str, Check], dict[str, Check], Callable[[Mapping[str, Any]], bool]]] = {
    "page-views": (
        {"visitor_id": _text, "kind": _one_of("page", "product", "search")},
        {
            "contact_id": _text,
            "url": _text,
            "product_id": _text,
            "query": _text,
            "results": _natural,
            "user_agent": _text,
        },
        _anything,
    ),
    "cart-adds": (
        {"visitor_id": _text, "action": _one_of("add", "remove", "set", "empty")},
        {
            "contact_id": _text,
            "cart_id": _text,
            "product_id": _text,
            "quantity": _natural,
            "unit_price_minor": _natural,
            "currency": _currency,
        },
        _makes_sense_of_a_cart,
    ),
    "orders": (
        {
            "order_id": _text,
            "status": _one_of("placed", "paid", "pending", "failed", "cancelled", "refunded"),
            "lines": _order_lines,
            "total_minor": _natural,
            "currency": _currency,
        },
        {"visitor_id": _text, "contact_id": _text, "cart_id": _text, "email": _email, "phone": _phone},
        _names_somebody,
    ),
    "consent-changes": (
        {
            "contact_id": _text,
            "channel": _one_of("email", "sms", "ads"),
            "purpose": _one_of("marketing", "tracking"),
            "state": _one_of("granted", "withdrawn"),
        },
        {},
        _anything,
    ),
    "contacts": ({"contact_id": _text}, {"email": _email, "phone": _phone}, _anything),
    "catalog": (
        {"product_id": _text, "title": _text, "url": _text, "price_minor": _natural, "currency": _currency},
        {},
        _anything,
    ),
}
