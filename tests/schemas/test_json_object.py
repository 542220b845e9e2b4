"""Claims about reading one JSON object: an oracle that looks at every pair says the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Undecodable
from schemas.json_object import DEEPEST, json_object

SPACE = st.sampled_from(["", "", " ", "\n\t", "\r "])
NAME = st.sampled_from(["a", "b", "\\u0061", "é", '\\"', "\\\\", ":", "{", "[", "a b", "\\/"]).map('"{}"'.format)
TEXT = st.sampled_from(['":', '{"a":1}', "\\", '\\"', "a\\", '"a" :', "\n", "/", "[{", ""]).map(json.dumps)


def spaced(*parts: str) -> st.SearchStrategy[str]:
    return st.tuples(*(SPACE for _ in parts)).map(
        lambda spaces: "".join(f"{space}{part}" for space, part in zip(spaces, parts, strict=True))
    )


def written_object(value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(NAME, value).flatmap(lambda pair: spaced(pair[0], ":", pair[1]))
    return st.lists(pair, max_size=4).map(",".join).flatmap(lambda pairs: spaced("{", pairs, "}"))


def written_list(value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(value, max_size=3).map(lambda values: f"[{','.join(values)}]")


SCALAR = TEXT | st.sampled_from(["1", "-0", "2.5", "true", "null"])
VALUE = st.recursive(SCALAR, lambda inner: written_object(inner) | written_list(inner), max_leaves=8)


def has_duplicates(text: str) -> bool:
    found: list[bool] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        found.append(len({name for name, _ in pairs}) < len(pairs))

    json.loads(text, object_pairs_hook=note)
    return any(found)


@given(written_object(VALUE))
def test_an_object_is_refused_exactly_when_a_name_occurs_twice_in_one_of_its_objects(text: str) -> None:
    if has_duplicates(text):
        with pytest.raises(Undecodable) as caught:
            json_object(text.encode())
        assert caught.value.reason is Reason.DUPLICATE_KEY
    else:
        assert json_object(text.encode()) == json.loads(text)


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_nesting_is_accepted_exactly_until_the_limit(brackets: str) -> None:
    def nested(levels: int) -> bytes:
        opening = '{"x":' if brackets == "{}" else "["
        return f'{{"x":{opening * (levels - 1)}1{brackets[1] * (levels - 1)}}}'.encode()

    assert "x" in json_object(nested(DEEPEST))
    with pytest.raises(Undecodable) as caught:
        json_object(nested(DEEPEST + 1))
    assert caught.value.reason is Reason.TOO_DEEP


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b'{"a": "\xff"}', "byte 7"),
        (b'{"a": NaN}', "NaN"),
        (b"[1]", "a list was sent"),
        (b"{}" + b" " * 262_143, "262145 bytes"),
    ],
)
def test_a_refusal_says_where(text: bytes, detail: str) -> None:
    with pytest.raises(Undecodable) as caught:
        json_object(text)
    assert caught.value.detail == detail
