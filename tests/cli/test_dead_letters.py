"""Can dead letters be looked at, and put back as they were?"""

import json
from collections.abc import Callable

import pytest

from schemas.errors import Reason
from streams import topics
from streams.dead_letters import DeadLetter
from tests.cli.kafka import publish, published
from tests.cli.terminal import Terminal

AT = 1_763_800_000_000
LETTERS = [
    DeadLetter("orders", 1, 17, AT, Reason.BAD_CURRENCY, "currency", b"s:c", b'{"currency": "EURO"}'),
    DeadLetter("orders", 0, 3, AT, Reason.NOT_UTF8, "", None, b"\xff\x00{"),
    DeadLetter("page-views", 0, 4, AT, Reason.TOMBSTONE, "", b"v", None),
    DeadLetter("page-views", 0, 5, AT, Reason.EMPTY, "", b"", b""),
]


@pytest.fixture(scope="module")
def terminal(provisioned: Callable[[str], Terminal]) -> Terminal:
    """An installation with some dead letters."""
    found = provisioned("dead-letters")
    publish(
        found,
        topics.DEAD_LETTERS.name,
        *[(each.source_topic.encode(), each.raw, [*each.headers()]) for each in LETTERS],
    )
    return found


def listed(terminal: Terminal, *words: str) -> list[dict[str, object]]:
    """Return the dead letters listed."""
    return [json.loads(line) for line in terminal.done("dead-letters", "list", "--json", *words).splitlines()]


def id_of(terminal: Terminal, letter: DeadLetter) -> str:
    """Return the id under which a dead letter is listed."""
    (found,) = [each["id"] for each in listed(terminal) if each["reason"] == letter.reason]
    return str(found)


def test_all_are_listed_with_where_they_came_from_and_why_without_contents(terminal: Terminal) -> None:
    without_ids = [{name: value for name, value in each.items() if name != "id"} for each in listed(terminal)]
    expected = [
        {
            "topic": letter.source_topic, "partition": letter.source_partition, "offset": letter.source_offset,
            "at": AT, "reason": letter.reason, "detail": letter.detail, "bytes": len(letter.raw or b""),
        }
        for letter in LETTERS
    ]  # fmt: skip
    assert sorted(without_ids, key=str) == sorted(expected, key=str)
    assert "EURO" not in terminal.done("dead-letters", "list")


def test_the_list_can_be_narrowed(terminal: Terminal) -> None:
    assert {each["offset"] for each in listed(terminal, "--topic", "orders")} == {17, 3}
    assert {each["offset"] for each in listed(terminal, "--reason", "empty")} == {5}
    assert listed(terminal, "--topic", "orders", "--reason", "empty") == []


def test_one_is_shown_with_its_content_and_a_sentence(terminal: Terminal) -> None:
    printed = terminal.done("dead-letters", "show", id_of(terminal, LETTERS[0]))
    assert "orders, partition 1, offset 17, 2025-11-22 08:26:40 UTC" in printed
    assert Reason.BAD_CURRENCY.sentence in printed
    assert 'Value: {"currency": "EURO"}' in printed


def test_bytes_that_are_no_text_are_shown_all_the_same(terminal: Terminal) -> None:
    shown = json.loads(terminal.done("dead-letters", "show", "--json", id_of(terminal, LETTERS[1])))
    assert (shown["key"], shown["value"]) == (None, "\\xff\x00{")


def test_one_is_put_back_with_its_key_and_its_bytes(terminal: Terminal) -> None:
    assert terminal.done("dead-letters", "requeue", id_of(terminal, LETTERS[1])) == "Put back: 1.\n"
    assert terminal.done("dead-letters", "requeue", id_of(terminal, LETTERS[0])) == "Put back: 1.\n"
    found = {(record.key, record.value) for record in published(terminal, "orders")}
    assert found == {(LETTERS[0].key, LETTERS[0].raw), (LETTERS[1].key, LETTERS[1].raw)}
    assert len(listed(terminal)) == len(LETTERS)


def test_all_of_one_reason_are_put_back_an_empty_one_as_empty_a_tombstone_as_a_tombstone(terminal: Terminal) -> None:
    assert terminal.done("dead-letters", "requeue", "--reason", "empty") == "Put back: 1.\n"
    assert terminal.done("dead-letters", "requeue", "--reason", "tombstone") == "Put back: 1.\n"
    assert terminal.done("dead-letters", "requeue", "--reason", "bad_phone") == "Put back: 0.\n"
    found = {(record.key, record.value) for record in published(terminal, "page-views")}
    assert found == {(LETTERS[2].key, LETTERS[2].raw), (LETTERS[3].key, LETTERS[3].raw)}


@pytest.mark.parametrize("words", [["show", "7:700"], ["requeue", "nonsense"]])
def test_one_that_is_not_there_is_said_to_be_missing(terminal: Terminal, words: list[str]) -> None:
    said = terminal.here("dead-letters", *words)
    assert said.status == 1
    assert words[1] in said.err
    assert "dead-letters list" in said.err


def test_to_put_something_back_it_must_be_named(terminal: Terminal) -> None:
    assert terminal.here("dead-letters", "requeue").status == 2
    assert terminal.here("dead-letters", "requeue", "0:0", "--reason", "empty").status == 2
