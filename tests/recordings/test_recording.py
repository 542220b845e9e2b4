"""What does a recording keep, and what does it refuse?"""

import gzip
from pathlib import Path

import pytest
from msgspec import Raw

from streams.recording import TOPICS, BadRecording, Line, key_of, read, written

AT = 1_659_333_600_000


def recording(path: Path, *lines: bytes) -> Path:
    file = path / "recording.jsonl"
    file.write_bytes(b"".join(lines))
    return file


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = recording(tmp_path, written("orders", AT, {"v": 1}), written("contacts", AT + 1, None))
    assert list(read(file)) == [Line("orders", AT, b'{"v":1}'), Line("contacts", AT + 1, None)]


def test_a_line_ends_with_one_newline() -> None:
    assert written("orders", AT, Raw(b"[1 ]")) == b'{"topic":"orders","at":1659333600000,"value":[1 ]}\n'


def test_a_packed_recording_is_read(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl.gz"
    file.write_bytes(gzip.compress(written("orders", AT, 1)))
    assert list(read(file)) == [Line("orders", AT, b"1")]


def test_empty_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    file = recording(tmp_path, b"\n", written("orders", AT, 1), b" \r\n", b"wrong\n")
    lines = read(file)
    assert next(lines).at == AT
    with pytest.raises(BadRecording, match=r"recording\.jsonl:4: "):
        next(lines)


def test_fields_may_stand_in_any_order_and_others_are_ignored(tmp_path: Path) -> None:
    file = recording(tmp_path, b'{"value": {"v": 1}, "note": "x", "at": 5, "topic": "orders"}')
    assert list(read(file)) == [Line("orders", 5, b'{"v": 1}')]


@pytest.mark.parametrize(
    "value",
    [
        b'"text"',
        b"12",
        b"[]",
        b'{"v":1,"v":2}',
        b'{"total_minor":NaN}',
        b'{"total_minor":' + b"9" * 5_000 + b"}",
        b'{"total_minor":1e400}',
        b'{"url":"\xff"}',
        b'{"v":1,"event_id":"cut o',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"v":1}{"v":1}',
    ],
    ids=lambda value: value[:24].decode(errors="replace"),
)
def test_a_wrong_value_survives_as_it_is(tmp_path: Path, value: bytes) -> None:
    file = recording(tmp_path, b'{"topic":"orders","at":7,"value":' + value + b"}\n", written("orders", 8, 1))
    assert list(read(file)) == [Line("orders", 7, value), Line("orders", 8, b"1")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense\n", "malformed"),
        (b"[]\n", "Expected `object`"),
        (b'{"topic":"orders","at":7}\n', "missing required field `value`"),
        (b'{"topic":"orders","value":7}\n', "missing required field `at`"),
        (b'{"topic":"orders","at":"7","value":1}\n', "Expected `int`"),
        (b'{"topic":"orders","at":-1,"value":1}\n', ">= 0"),
        (b'{"topic":"orders","at":7,"value":{"v":1', "truncated"),
        (b'{"topic":"visits","at":7,"value":1}\n', "shops publish no topic 'visits'; use one of cart-adds, catalog"),
        (b'{"topic":"relance.journal","at":7,"value":1}\n', "shops publish no topic"),
    ],
)
def test_a_line_that_is_none_says_where_and_why(tmp_path: Path, line: bytes, said: str) -> None:
    file = recording(tmp_path, written("orders", AT, 1), line)
    with pytest.raises(BadRecording) as refused:
        list(read(file))
    assert f"{file}:2: " in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "packed", [b"plain", gzip.compress(b"x" * 100)[:-9], gzip.compress(b"x" * 100)[:12] + b"\xff" * 9]
)
def test_a_packed_file_that_is_none_is_refused_in_one_message(tmp_path: Path, packed: bytes) -> None:
    file = tmp_path / "recording.jsonl.gz"
    file.write_bytes(packed)
    with pytest.raises(BadRecording, match="cannot be read"):
        list(read(file))


def test_a_missing_file_is_refused_in_one_message(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match=r"nowhere\.jsonl cannot be read: .*No such file"):
        list(read(tmp_path / "nowhere.jsonl"))


@pytest.mark.parametrize(
    ("topic", "value", "key"),
    [
        ("contacts", b'{"shop_id":"s","contact_id":"c"}', b"s:c"),
        ("catalog", b'{"shop_id":"s","product_id":"p","contact_id":"c"}', b"s:p"),
        ("page-views", b'{"shop_id":"s","visitor_id":"v","contact_id":"c"}', b"v"),
        ("cart-adds", '{"visitor_id":"é"}'.encode(), "é".encode()),
        ("consent-changes", b'{"contact_id":"c"}', b"c"),
        ("orders", b'{"visitor_id":null,"contact_id":"c"}', b"c"),
        ("orders", b'{"email":"a@example.com"}', None),
        ("contacts", b'{"contact_id":"c"}', None),
        ("contacts", b'{"shop_id":"s","contact_id":""}', None),
        ("orders", b'{"visitor_id":""}', None),
        ("orders", b'{"visitor_id":7}', None),
    ],
)
def test_the_key_is_the_one_that_a_shop_would_use(topic: str, value: bytes, key: bytes | None) -> None:
    assert key_of(topic, value) == key


@pytest.mark.parametrize("topic", sorted(TOPICS))
@pytest.mark.parametrize(
    "value", [None, b"", b"null", b"[]", b'"x"', b"\xff", b'{"visitor_id":"\xff"}', b"[" * 100_000]
)
def test_a_value_that_names_nobody_has_no_key(topic: str, value: bytes | None) -> None:
    assert key_of(topic, value) is None
