"""Claims about histories: they reach every decision, and turn on each rule to the millisecond."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.chaos.histories import HOUR_MS, MINUTE_MS, Habits, Line, history
from tests.chaos.oracle import decisions_of
from tests.chaos.oracle_wire import is_valid

RULES = {"idle_for": 30 * MINUTE_MS, "min_hold": 5 * MINUTE_MS, "once_per": 2 * HOUR_MS}


@pytest.fixture(scope="module")
def histories() -> list[list[Line]]:
    return [history(seed, 1_500, 8, Habits(once_per_ms=RULES["once_per"])) for seed in range(6)]


def outcomes(lines: list[Line], **rules: int) -> list[str]:
    return [one["decision"] for one in decisions_of(lines, [{"name": "cart-reminder", **RULES, **rules}], True)]


def with_fields(**fields: Callable[[Line], Any]) -> Callable[[Line], Line]:
    """Return a change of a line whose value has those fields anew."""
    return lambda line: {**line, "value": {**line["value"], **{name: tell(line) for name, tell in fields.items()}}}


def test_every_history_comes_to_every_decision(histories: list[list[Line]]) -> None:
    for lines in histories:
        assert set(outcomes(lines)) == {"relaunch", "no_contact", "purchased", "no_consent", "pressure"}


def test_a_seed_tells_the_same_history_again_and_another_seed_another() -> None:
    assert history(1, 300, 5) == history(1, 300, 5) != history(2, 300, 5)


@pytest.mark.parametrize("visitors", [1, 2, 50])
@pytest.mark.parametrize("events", [1, 10, 500])
def test_a_history_is_as_long_as_asked(events: int, visitors: int) -> None:
    assert len(history(1, events, visitors)) == events


@pytest.mark.parametrize("rule", ["once_per", "min_hold", "idle_for"])
@pytest.mark.parametrize("by", [-1, 1])
def test_histories_tell_rules_apart_that_differ_by_a_millisecond(
    histories: list[list[Line]], rule: str, by: int
) -> None:
    assert any(outcomes(lines, **{rule: RULES[rule] + by}) != outcomes(lines) for lines in histories)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_fields(event_id=lambda line: str(id(line))), id="duplicates"),
        pytest.param(with_fields(occurred_at=lambda line: line["at"]), id="late and future times"),
        pytest.param(with_fields(user_agent=lambda line: None), id="crawlers"),
        pytest.param(with_fields(shop_id=lambda line: "s1"), id="ids that shops share"),
        pytest.param(with_fields(email=lambda line: None, phone=lambda line: None), id="addresses"),
    ],
)
def test_histories_turn_on_all_that_they_are_made_of(
    histories: list[list[Line]], change: Callable[[Line], Line]
) -> None:
    for lines in histories:
        readable = [line for line in lines if isinstance(line["value"], dict)]
        assert outcomes([change(line) for line in readable]) != outcomes(lines)


def test_lines_share_milliseconds_and_go_backwards(histories: list[list[Line]]) -> None:
    for lines in histories:
        steps = [later["at"] - line["at"] for line, later in pairwise(lines)]
        assert 0 in steps
        assert min(steps) < 0


def test_the_gap_makes_a_history_longer_or_shorter() -> None:
    slow, quick = (history(1, 500, 5, Habits(mean_gap_ms=gap_ms)) for gap_ms in (MINUTE_MS, 1))
    assert slow[-1]["at"] - slow[0]["at"] > quick[-1]["at"] - quick[0]["at"]


def test_histories_keep_to_what_the_rules_decide(histories: list[list[Line]]) -> None:
    for lines in histories:
        events: dict[tuple[str, str], Line] = {}
        holders: dict[tuple[str, str], str] = {}
        names: dict[tuple[str, str, int], Line] = {}
        for value, now in taken_in(lines):
            event = (value["shop_id"], value["event_id"])
            if event in events:
                assert events[event] == value
                continue
            events[event] = value
            if "first_name" in value and "email" in value:
                address = (value["shop_id"], value["email"].lower())
                assert holders.setdefault(address, value["contact_id"]) == value["contact_id"]
            if "order_id" in value:
                who = {name: value.get(name) for name in ("visitor_id", "contact_id", "email", "phone")}
                moment = (value["shop_id"], value["order_id"], min(value["occurred_at"], now))
                assert names.setdefault(moment, who) == who


def taken_in(lines: list[Line]) -> Iterator[tuple[Line, int]]:
    """Yield each valid value with the time at which it is appended."""
    now = 0
    for line in lines:
        now = max(now, line["at"])
        if is_valid(line["value"], topic=line["topic"], now=now):
            yield line["value"], now
