"""Claims about replay and an oracle that shares no code with it: on whatever happens, they decide the same."""

from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from streams.converters import convert
from streams.core.visitor import Rules
from streams.recording import read
from streams.replay import of_recording
from tests.chaos.histories import Habits, history
from tests.recordings.data_sets import CLICKSTREAM, needs_data_sets
from tests.replay.recordings import HASTY, HOUR, REMINDER, replayed, said, said_by_the_oracle

EVENTS, VISITORS, SEEDS = 1_500, 8, range(25)
#: About half of the real records, so that it stays quick.
REAL = 70_000
ONE: Rules = (REMINDER,)
TWO: Rules = (REMINDER, HASTY)


@pytest.fixture(scope="module")
def histories() -> list[list[dict[str, Any]]]:
    return [history(seed, EVENTS, VISITORS) for seed in SEEDS]


@pytest.mark.parametrize(
    ("rules", "drain"),
    [
        pytest.param(ONE, True, id="one scenario"),
        pytest.param(TWO, True, id="two scenarios"),
        pytest.param(TWO, False, id="stopped at the last record"),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_replay_and_oracle_agree(histories: list[list[dict[str, Any]]], seed: int, rules: Rules, drain: bool) -> None:
    expected = said_by_the_oracle(histories[seed], rules, drain=drain)
    assert said(replayed(histories[seed], rules, drain=drain)) == expected
    assert expected


@pytest.mark.parametrize(("visitors", "events"), [(1, 400), (3, 1_000), (60, 1_500)])
def test_replay_and_oracle_agree_however_many_visitors_there_are(visitors: int, events: int) -> None:
    """Few visitors do not live so long that they forget an event before it is repeated."""
    told = history(visitors, events, visitors, Habits(shops=1, with_contact=0.7, late=0.3, at_a_boundary=0.3))
    assert said(replayed(told, TWO)) == said_by_the_oracle(told, TWO)


_SHORT = replace(REMINDER, once_per_ms=2 * HOUR)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(replace(_SHORT, **{field: getattr(_SHORT, field) + by_ms}), id=f"{field} {by_ms:+} ms")
        for field in ("idle_for_ms", "min_hold_ms", "once_per_ms")
        for by_ms in (-1, 1)
    ]
    + [pytest.param(replace(_SHORT, once_per_ms=0), id="no pressure at all")],
)
def test_a_replay_by_a_rule_that_is_a_millisecond_off_would_be_caught(wrong: Any) -> None:
    told = (history(seed, EVENTS, VISITORS, Habits(once_per_ms=_SHORT.once_per_ms)) for seed in SEEDS)
    assert any(said(replayed(lines, (wrong,))) != said_by_the_oracle(lines, (_SHORT,)) for lines in told)


@needs_data_sets
def test_replay_and_oracle_agree_on_what_real_visitors_did(tmp_path: Path) -> None:
    recording = tmp_path / "taobao.jsonl"
    with recording.open("wb") as file:
        file.writelines(islice(convert("taobao", CLICKSTREAM, contacts="half"), REAL))
    lines = list(read(recording))
    told = ({"topic": line.topic, "at": line.at, "value": msgspec.json.decode(line.value or b"null")} for line in lines)
    decided = said(of_recording(lines, ONE, b"secret", drain=True))
    assert decided == said_by_the_oracle(told, ONE)
    assert {decision for *_, decision in decided} >= {"relaunch", "no_contact", "pressure"}
