"""Does the demo's recording hold what it promises?"""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from schemas.decoding import decode
from schemas.errors import Reason, Undecodable
from streams.recording import Line, read
from tests.chaos.oracle import decisions_of
from tests.recordings.data_sets import ROOT, SESSIONS, needs_data_sets
from tests.recordings.make_demo import CRAWLER, lines

DEMO = ROOT / "streams" / "demo" / "recording.jsonl"
EXPECTED: dict[str, Any] = json.loads(Path(__file__).with_name("expected_demo.json").read_text())
HOUR_MS = 3_600_000
SCENARIO = {"name": "cart-reminder", "idle_for": HOUR_MS // 2}


@pytest.fixture(scope="module")
def demo() -> list[Line]:
    return list(read(DEMO))


@pytest.fixture(scope="module")
def decisions() -> list[dict[str, Any]]:
    return decisions_of(map(json.loads, DEMO.read_bytes().splitlines()), [SCENARIO], drain=True)


@needs_data_sets
def test_it_is_what_the_script_makes_of_the_sessions() -> None:
    assert b"".join(lines(SESSIONS)) == DEMO.read_bytes()


def test_time_never_goes_back(demo: list[Line]) -> None:
    assert all(before.at <= line.at for before, line in pairwise(demo))


def test_it_lasts_less_than_a_day_so_that_nobody_is_due_a_second_mail(demo: list[Line]) -> None:
    assert demo[-1].at - demo[0].at < 24 * HOUR_MS


def test_all_but_the_broken_records_belong_to_the_wire(demo: list[Line]) -> None:
    reasons = Counter[Reason]()
    for line in demo:
        try:
            decode(line.topic, line.value, arrived_at=line.at)
        except Undecodable as refused:
            reasons[refused.reason] += 1
    assert reasons == {
        Reason.UNKNOWN_VERSION: 1,
        Reason.NEGATIVE_NUMBER: 1,
        Reason.EMAIL_NOT_ONE_ADDRESS: 1,
        Reason.NOT_AN_OBJECT: 1,
    }
    assert reasons.total() == EXPECTED["dead_letters"]


def test_no_broken_record_is_an_order_or_a_consent(demo: list[Line]) -> None:
    """Those would rightly hold back mails, and the demo is to show them sent."""
    for line in demo:
        if line.topic in ("orders", "consent-changes"):
            decode(line.topic, line.value, arrived_at=line.at)


def test_a_crawler_looks_in(demo: list[Line]) -> None:
    assert sum(CRAWLER.encode() in (line.value or b"") for line in demo) == EXPECTED["crawler_page_views"]


def test_one_event_comes_twice(demo: list[Line]) -> None:
    values = (json.loads(line.value or b"") for line in demo)
    ids = [value["event_id"] for value in values if isinstance(value, dict)]
    assert len(ids) - len(set(ids)) == EXPECTED["duplicates"]


def test_the_first_mail_is_due_within_two_hours(demo: list[Line], decisions: list[dict[str, Any]]) -> None:
    first = next(each for each in decisions if each["decision"] == "relaunch")
    assert first["decided_at"] - demo[0].at < 2 * HOUR_MS


def test_everybody_has_a_place_in_what_is_expected(demo: list[Line]) -> None:
    contacts = {json.loads(line.value or b"")["contact_id"] for line in demo if line.topic == "contacts"}
    assert contacts - {"contact-of-two"} == set(EXPECTED["written_to_once"]) | set(EXPECTED["not_written_to"])


def test_by_the_plainest_reading_of_the_rules_the_right_people_are_written_to(decisions: list[dict[str, Any]]) -> None:
    written_to = [each["contact_id"] for each in decisions if each["decision"] == "relaunch"]
    assert sorted(written_to) == EXPECTED["written_to_once"]


def test_by_the_plainest_reading_of_the_rules_the_others_are_not_for_the_reason_expected(
    decisions: list[dict[str, Any]],
) -> None:
    besides = dict.fromkeys(EXPECTED["suppressed_by_pressure_besides"], "pressure")
    without = [each["visitor_id"] for each in decisions if each["decision"] == "no_contact"]
    reasons = {
        each["contact_id"]: each["decision"]
        for each in decisions
        if each["contact_id"] and each["decision"] != "relaunch"
    }
    expected = {who: why for who, why in EXPECTED["not_written_to"].items() if not why.startswith("no candidate")}
    assert reasons == expected | besides
    assert without == EXPECTED["visitors_without_contact"]
