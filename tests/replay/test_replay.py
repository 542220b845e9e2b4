"""Claims about replay: time is the recording's, deadlines come before records, and the demo decides what it promises."""

import json
from itertools import count
from typing import Any

import msgspec
import pytest

from streams.recording import Line, read
from streams.replay import of_recording
from streams.scenarios import load_rules
from tests.chaos.histories import history
from tests.recordings.data_sets import ROOT
from tests.replay.recordings import HASTY, HOUR, MINUTE, REMINDER, as_lines, replayed

NINE = 1_793_692_800_000
DUE = NINE + 30 * MINUTE
DEMO = ROOT / "streams" / "demo"
EXPECTED: dict[str, Any] = json.loads((ROOT / "tests" / "recordings" / "expected_demo.json").read_text())

_numbers = count()


def line(topic: str, at: int, **fields: object) -> dict[str, Any]:
    value = {"v": 1, "event_id": f"e{next(_numbers)}", "shop_id": "s", "occurred_at": at, **fields}
    return {"topic": topic, "at": at, "value": value}


def add(at: int = NINE, **fields: object) -> dict[str, Any]:
    return line("cart-adds", at, **{"visitor_id": "laptop", "action": "add", "product_id": "lamp", **fields})


def view(at: int, visitor_id: str = "laptop", **fields: object) -> dict[str, Any]:
    return line("page-views", at, visitor_id=visitor_id, kind="page", **fields)


def consent(at: int, state: str = "granted") -> dict[str, Any]:
    return line("consent-changes", at, contact_id="anna", channel="email", purpose="marketing", state=state)


def decided(*lines: dict[str, Any], drain: bool = False) -> list[tuple[str, int]]:
    return [(decision.decision, decision.decided_at) for decision in replayed(lines, (REMINDER,), drain=drain)]


# Time


@pytest.mark.parametrize(
    ("at", "decisions"), [(DUE - 1, []), (DUE, [("no_contact", DUE)]), (DUE + HOUR, [("no_contact", DUE)])]
)
def test_a_deadline_fires_when_it_is_due_whenever_the_next_record_comes(
    at: int, decisions: list[tuple[str, int]]
) -> None:
    assert decided(add(), view(at, "somebody else")) == decisions


def test_without_another_record_nothing_fires_unless_drained() -> None:
    assert decided(add()) == []
    assert decided(add(), drain=True) == [("no_contact", DUE)]


def test_draining_goes_on_until_nothing_is_pending() -> None:
    lines = [
        add(NINE, visitor_id="laptop"),
        add(NINE + HOUR, visitor_id="phone"),
        add(NINE + HOUR, visitor_id="desktop"),
    ]
    assert len(decided(*lines, drain=True)) == 3
    assert [d.decided_at for d in replayed(lines, (REMINDER, HASTY))] == sorted(
        d.decided_at for d in replayed(lines, (REMINDER, HASTY))
    )


@pytest.mark.parametrize(
    ("at", "decision"), [pytest.param(DUE - 1, "no_consent", id="before"), pytest.param(DUE, "relaunch", id="at")]
)
def test_a_candidate_is_decided_at_its_deadline_before_the_record_of_that_moment(at: int, decision: str) -> None:
    lines = [consent(NINE), add(contact_id="anna"), consent(at, "withdrawn")]
    assert decided(*lines, drain=True) == [(decision, DUE)]


def test_what_two_devices_notice_at_once_is_decided_in_the_order_of_their_subjects() -> None:
    lines = [consent(NINE), *[add(visitor_id=id, contact_id="anna") for id in ("phone", "laptop")]]
    assert [(d.visitor_id, d.decision) for d in replayed(lines, (REMINDER,))] == [
        ("laptop", "relaunch"),
        ("phone", "pressure"),
    ]


def test_time_never_goes_back_with_a_record_that_stands_too_late() -> None:
    assert decided(add(), view(DUE - 1, "somebody else"), view(NINE), drain=True) == [
        ("no_contact", DUE + 5 * MINUTE - 1)
    ]


def test_whether_an_event_is_too_far_ahead_goes_by_the_time_reached_not_by_its_own_line() -> None:
    assert decided(view(NINE, "somebody else"), add() | {"at": NINE - 48 * HOUR}, drain=True) == [("no_contact", DUE)]


@pytest.mark.parametrize(
    "nothing",
    [
        pytest.param({"topic": "page-views", "at": DUE, "value": None}, id="a tombstone"),
        pytest.param(view(DUE, v=2), id="an unknown version"),
        pytest.param(view(DUE, user_agent="Googlebot/2.1 (+http://www.google.com/bot.html)"), id="a crawler"),
        pytest.param(line("catalog", DUE, product_id="p", title="P", url="https://s.example/p", price_minor=1, currency="EUR"), id="a product"),
    ],
)  # fmt: skip
def test_a_record_that_says_nothing_still_moves_time(nothing: dict[str, Any]) -> None:
    assert decided(add(), nothing) == [("no_contact", DUE)]


def test_bytes_that_are_no_json_still_move_time() -> None:
    lines = [*as_lines([add()]), Line("orders", DUE, b"\xff{")]
    assert len(list(of_recording(lines, (REMINDER,), b"secret", drain=False))) == 1


def test_an_event_that_was_told_wrongly_first_is_taken_in_when_told_well() -> None:
    good = add()
    wrong = {**good, "value": {**good["value"], "quantity": -1}}
    assert decided(wrong, good, good, drain=True) == [("no_contact", DUE)]


# The same again


def test_a_recording_replayed_again_decides_the_same_byte_for_byte() -> None:
    told = history(1, 800, 6)
    one, other = (msgspec.json.encode(replayed(told, (REMINDER, HASTY))) for _ in range(2))
    assert one == other


def test_a_recording_that_holds_itself_twice_decides_nothing_more() -> None:
    told = history(2, 400, 6)
    last = max(line["at"] for line in told)
    once = replayed([*told, view(last, "somebody else")], (REMINDER,))
    assert replayed([*told, view(last, "somebody else"), *told], (REMINDER,)) == once


def test_decisions_do_not_depend_on_the_secret() -> None:
    lines = as_lines(history(3, 400, 6))
    one, other = (list(of_recording(lines, (REMINDER,), secret, drain=True)) for secret in (b"one", b"other"))
    assert one == other


def test_every_decision_is_a_message_of_its_own_and_names_events_of_the_recording() -> None:
    told = history(4, 1_500, 8)
    ids = {
        line["value"]["event_id"] for line in told if isinstance(line["value"], dict) and "event_id" in line["value"]
    }
    decisions = replayed(told, (REMINDER, HASTY))
    assert len({decision.relaunch_id for decision in decisions}) == len(decisions)
    assert all(decision.evidence and ids.issuperset(decision.evidence) for decision in decisions)


# The demo


@pytest.fixture(scope="module")
def demo() -> dict[str | None, list[str]]:
    """The demo's decisions, by contact."""
    found: dict[str | None, list[str]] = {}
    for decision in of_recording(
        read(DEMO / "recording.jsonl"), load_rules(DEMO / "scenarios.yaml"), b"secret", drain=True
    ):
        found.setdefault(decision.contact_id, []).append(decision.decision)
    return found


def test_the_demo_writes_to_those_it_promises_once(demo: dict[str | None, list[str]]) -> None:
    written_to = [who for who, decisions in demo.items() for decision in decisions if decision == "relaunch"]
    assert sorted(map(str, written_to)) == EXPECTED["written_to_once"]


def test_the_demo_does_not_write_to_the_others_for_the_reason_it_promises(demo: dict[str | None, list[str]]) -> None:
    promised = {
        who: set() if why.startswith("no candidate") else {why} for who, why in EXPECTED["not_written_to"].items()
    }
    assert {who: set(demo.get(who, ())) for who in promised} == promised
    assert demo[None] == ["no_contact"] * len(EXPECTED["visitors_without_contact"])


def test_the_demo_shows_pressure(demo: dict[str | None, list[str]]) -> None:
    pressed = sorted(str(who) for who, decisions in demo.items() if "pressure" in decisions)
    assert pressed == EXPECTED["suppressed_by_pressure_besides"]
