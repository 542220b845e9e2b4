"""What exactly is wrong with a message's fields?

Turns pydantic's findings into one reason and a detail: names of fields, expectations, kinds of values, never contents.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.errors import Reason, Undecodable
from schemas.fields import YEAR_2000_MS
from schemas.json_object import kind_of

DAY_MS = 86_400_000
#: How many findings a detail lists.
MOST_LISTED = 3

_EXPECTED = {
    "int_type": "a whole number",
    "string_type": "text",
    "tuple_type": "a list",
    "model_type": "an object",
}
_REASONS = {
    "missing": Reason.MISSING_FIELD,
    "literal_error": Reason.UNKNOWN_WORD,
    "greater_than_equal": Reason.NEGATIVE_NUMBER,
    "less_than_equal": Reason.NUMBER_TOO_LARGE,
    "too_long": Reason.TOO_MANY,
} | dict.fromkeys(_EXPECTED, Reason.WRONG_TYPE)
#: Which reason a text of the wrong length or form has, by field; ids are told by their ending.
_BAD_TEXTS = {
    "shop_id": Reason.BAD_SHOP_ID,
    "currency": Reason.BAD_CURRENCY,
    "url": Reason.BAD_LINK,
    "image_url": Reason.BAD_LINK,
    "related": Reason.BAD_ID,
}
_UNITS = ((1_000, 1, "seconds"), (1, 1_000, "microseconds"), (1, 1_000_000, "nanoseconds"))


def complaint(error: ValidationError, arrived_at: int) -> Undecodable:
    """Return the first finding's reason, with the first few findings as detail."""
    findings = [_finding(details, arrived_at) for details in error.errors(include_url=False)]
    listed = "; ".join(finding.detail for finding in findings[:MOST_LISTED])
    return Undecodable(findings[0].reason, listed)


def too_far_ahead(occurred_at: int, arrived_at: int) -> Undecodable:
    """Return the refusal of a time more than a day after the record's arrival."""
    return Undecodable(Reason.TIME_IN_FUTURE, f"occurred_at{_looks_like(occurred_at, arrived_at)}")


def _looks_like(occurred_at: int, arrived_at: int) -> str:
    for times, per, unit in _UNITS:
        if YEAR_2000_MS <= occurred_at * times // per <= arrived_at + DAY_MS:
            return f" looks like {unit}: send milliseconds"
    return ""


def _finding(details: ErrorDetails, arrived_at: int) -> Undecodable:
    path, kind = ".".join(map(str, details["loc"])), details["type"]
    context = details.get("ctx", {})
    if isinstance(cause := context.get("error"), Undecodable):
        return _located(cause, path)
    if path == "occurred_at" and kind != "missing":
        return _untimely(details, arrived_at)
    return Undecodable(_reason(kind, details["loc"]), f"{path} {_trouble(kind, context, details['input'])}")


def _located(cause: Undecodable, path: str) -> Undecodable:
    return Undecodable(cause.reason, ": ".join(part for part in (path, cause.detail) if part))


def _untimely(details: ErrorDetails, arrived_at: int) -> Undecodable:
    value = details["input"]
    if details["type"] == "int_type":
        return Undecodable(Reason.TIME_NOT_MILLISECONDS, f"occurred_at is {kind_of(value)}")
    return Undecodable(Reason.TIME_TOO_EARLY, f"occurred_at{_looks_like(value, arrived_at)}")


def _reason(kind: str, path: Sequence[int | str]) -> Reason:
    if kind in {"string_too_short", "string_too_long", "string_pattern_mismatch"}:
        field = next(part for part in reversed(path) if isinstance(part, str))
        return _BAD_TEXTS.get(field, Reason.BAD_ID if field.endswith("_id") else Reason.BAD_TEXT)
    return _REASONS.get(kind, Reason.WRONG_TYPE)


def _trouble(kind: str, context: Mapping[str, Any], value: object) -> str:
    """Say what was expected and what kind of value was sent."""
    match kind:
        case "missing":
            return "is missing"
        case "literal_error":
            return f"must be {context['expected']}"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "too_long" | "string_too_long":
            return f"is longer than {context['max_length']}"
        case "string_too_short":
            return "is empty"
        case "string_pattern_mismatch":
            return "has characters or a form that it must not have"
        case _:
            return f"must be {_EXPECTED.get(kind, 'as the schema says')}; {kind_of(value)} was sent"
