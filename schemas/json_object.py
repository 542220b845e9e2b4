"""Which JSON object do these bytes hold, and if none, why?

Law 1  What any two readers could understand differently is refused: duplicate names, NaN, halves of characters.
Law 2  Whatever the bytes, the answer is an object or `Undecodable`.

A duplicate is found by counting: every string has two quotes, and a duplicate leaves more of them in the text than its
object accounts for. That costs a fraction of a hook on each pair. A byte order mark is ignored (RFC 8259, section 8.1).
"""

import json
import re
from collections import Counter
from collections.abc import Collection
from typing import Any

import msgspec

from schemas.errors import Reason, Undecodable

LARGEST_RECORD = 256 * 1024
DEEPEST = 32
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DECODE = msgspec.json.Decoder().decode
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def json_object(raw: bytes, *, names: Collection[str] = ()) -> dict[str, Any]:
    """Return the object that UTF-8 JSON text holds; raise `Undecodable`, which quotes no name outside `names`."""
    if len(raw) > LARGEST_RECORD:
        raise Undecodable(Reason.TOO_LARGE, f"{len(raw)} bytes")
    text = raw.removeprefix(_BYTE_ORDER_MARK)
    try:
        value = _DECODE(text)
    except RecursionError:
        raise Undecodable(Reason.TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # The cause would carry the record's bytes into logs.
        raise _refusal(text, error) from None
    if type(value) is not dict:
        raise Undecodable(Reason.NOT_AN_OBJECT, f"{kind_of(value)} was sent")
    _refuse_ambiguity(text, value, names)
    return value


def kind_of(value: object) -> str:
    """Say in words what kind of JSON value something is."""
    kinds = {
        type(None): "null", bool: "true or false", int: "a whole number", float: "a decimal number",
        str: "text", list: "a list", dict: "an object",
    }  # fmt: skip
    return kinds.get(type(value), "something else")


def _refuse_ambiguity(text: bytes, value: dict[str, Any], names: Collection[str]) -> None:
    nested = text.find(b"{", 1) > 0 or b"[" in text
    strings = _strings(value, DEEPEST) if nested else len(value) + [*map(type, value.values())].count(str)
    plain = _without_escapes(text) if b"\\" in text else text
    if plain.count(b'"') != 2 * strings:
        raise Undecodable(Reason.DUPLICATE_KEY, _first_duplicate(text, names))


def _without_escapes(text: bytes) -> bytes:
    """Return JSON text in which every quote begins or ends a string; refuse the character NUL."""
    if b"\\u0000" in text and _NUL.search(text):
        raise Undecodable(Reason.NUL_CHARACTER)
    return text.replace(b"\\\\", b"").replace(b'\\"', b"")


def _strings(value: dict[str, Any] | list[Any], levels: int) -> int:
    """Count the strings in an object or a list, names included."""
    if levels == 0:
        raise Undecodable(Reason.TOO_DEEP, f"more than {DEEPEST} levels")
    names, members = (len(value), [*value.values()]) if isinstance(value, dict) else (0, value)
    inner = [member for member in members if type(member) is dict or type(member) is list]
    return names + [*map(type, members)].count(str) + sum(_strings(member, levels - 1) for member in inner)


def _first_duplicate(text: bytes, names: Collection[str]) -> str:
    """Name the first duplicate if it is one of `names`; any other could be somebody's."""
    found: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        found.extend(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)

    try:
        json.loads(text, object_pairs_hook=note)
    except RecursionError:
        raise Undecodable(Reason.TOO_DEEP) from None
    return next((name for name in found if name in names), "a name that is no field")


def _refusal(text: bytes, error: Exception) -> Undecodable:
    """Say why the fast parser refused: Python's own is laxer where the reason is not the grammar's."""
    if not text.strip():
        return Undecodable(Reason.EMPTY)
    try:
        json.loads(text.decode(), parse_constant=_refuse_constant)
    except Undecodable as refusal:
        return refusal
    except UnicodeDecodeError as cause:
        return Undecodable(Reason.NOT_UTF8, f"byte {cause.start}")
    except RecursionError:
        return Undecodable(Reason.TOO_DEEP)
    except json.JSONDecodeError as cause:
        return Undecodable(_grammar(error), f"line {cause.lineno}, column {cause.colno}")
    except ValueError:
        return Undecodable(Reason.NUMBER_OUT_OF_RANGE)
    number = isinstance(error, msgspec.ValidationError)
    return Undecodable(Reason.NUMBER_OUT_OF_RANGE if number else Reason.LONE_SURROGATE)


def _refuse_constant(name: str) -> None:
    raise Undecodable(Reason.NOT_A_NUMBER, name)


def _grammar(error: Exception) -> Reason:
    message = str(error)
    if "truncated" in message:
        return Reason.TRUNCATED
    return Reason.TWO_DOCUMENTS if "trailing characters" in message else Reason.NOT_JSON
