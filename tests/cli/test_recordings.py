"""Do recordings come in, go out and lead to decisions as the commands say?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.recording import key_of, read, written
from tests.chaos.oracle import decisions_of
from tests.cli.kafka import published
from tests.cli.terminal import DEMO, Terminal

RECORDING = Path(DEMO, "recording.jsonl")
START = 1_763_800_000_000
MINUTE = 60_000


def line(topic: str, minute: int, **fields: object) -> bytes:
    """Return one line of a recording in which things happen when they arrive."""
    at = START + minute * MINUTE
    envelope = {"v": 1, "event_id": f"e-{minute}", "shop_id": "s", "occurred_at": at}
    return written(topic, at, envelope | fields)


LEFT = [
    line("consent-changes", 0, contact_id="c", channel="email", purpose="marketing", state="granted"),
    line("cart-adds", 1, visitor_id="v", contact_id="c", action="add", product_id="p", quantity=1),
    line("page-views", 2, visitor_id="v", kind="page"),
    line("page-views", 9, visitor_id="w", kind="page"),
]


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A recording in which a cart is left."""
    file = tmp_path / "left.jsonl"
    file.write_bytes(b"".join(LEFT))
    return file


def test_a_recording_is_played_record_by_record_with_the_keys_that_shops_give(
    provisioned: Callable[[str], Terminal], left: Path
) -> None:
    terminal = provisioned("play")
    tombstone = written("contacts", START + 10 * MINUTE, None)
    left.write_bytes(left.read_bytes() + tombstone)
    assert terminal.done("play", str(left), "--speed", "1000000") == "Played 5 records.\n"
    lines = list(read(left))
    for topic in ("consent-changes", "cart-adds", "page-views", "contacts"):
        found = [(record.key, timeless(record.value)) for record in published(terminal, topic)]
        told = [(key_of(topic, each.value) or b"", timeless(each.value)) for each in lines if each.topic == topic]
        assert sorted(found, key=str) == sorted(told, key=str)


def timeless(value: bytes | None) -> dict[str, Any] | None:
    """Return a value without its time, which moves to when it is played."""
    if value is None:
        return None
    said: dict[str, Any] = json.loads(value)
    assert said.pop("occurred_at") > 0
    return said


def test_a_played_record_happens_now(provisioned: Callable[[str], Terminal], left: Path) -> None:
    terminal = provisioned("now")
    terminal.done("play", str(left), "--speed", "1000000")
    for record in published(terminal, "cart-adds"):
        assert abs(json.loads(record.value)["occurred_at"] - record.timestamp) < 5 * MINUTE


def test_a_replay_decides_what_is_due_by_the_recordings_end(bare: Terminal, left: Path, tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    assert "Wrote 0 decisions" in bare.done("replay", "--events", str(left), "--out", str(out))
    assert out.read_bytes() == b""


def test_a_drained_replay_decides_what_is_pending_too(bare: Terminal, left: Path, tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    said = bare.process("replay", "--events", str(left), "--out", str(out), "--drain")
    assert (said.status, said.err) == (0, "")
    assert said.out == f"Wrote 1 decisions to {out}.\n"
    (decision,) = map(json.loads, out.read_text().splitlines())
    assert len(decision.pop("relaunch_id")) == 32
    assert decision == {
        "shop_id": "s",
        "contact_id": "c",
        "visitor_id": "v",
        "scenario": "cart-reminder",
        "step": 1,
        "decision": "relaunch",
        "trigger_at": START + MINUTE,
        "decided_at": START + 32 * MINUTE,
        "evidence": ["e-1", "e-2", "e-0"],
    }


def test_the_scenarios_are_those_of_the_option_or_of_the_setting(bare: Terminal, left: Path, tmp_path: Path) -> None:
    hasty, out = tmp_path / "hasty.yaml", tmp_path / "decisions.jsonl"
    hasty.write_text(Path(DEMO, "scenarios.yaml").read_text().replace("30m", "2m"))
    words = ["replay", "--events", str(left), "--out", str(out)]
    assert "Wrote 1 decisions" in bare.done(*words, "--scenarios", str(hasty))
    assert "Wrote 1 decisions" in bare.done(*words, scenarios=str(hasty))


def test_the_demos_recording_is_decided_as_the_oracle_says_and_the_same_each_time(
    bare: Terminal, tmp_path: Path
) -> None:
    once, again = tmp_path / "once.jsonl", tmp_path / "again.jsonl"
    for out in (once, again):
        bare.done("replay", "--events", str(RECORDING), "--out", str(out), "--drain")
    assert once.read_bytes() == again.read_bytes()
    scenario = {"name": "cart-reminder", "idle_for": 30 * MINUTE}
    expected = decisions_of(map(json.loads, RECORDING.read_bytes().splitlines()), [scenario], drain=True)
    told = [told_of(json.loads(decision)) for decision in once.read_text().splitlines()]
    assert sorted(told, key=str) == sorted(map(told_of, expected), key=str)


def told_of(decision: dict[str, Any]) -> dict[str, Any]:
    """Return what the oracle has to say about a decision: not its id, nor all of its evidence."""
    return {name: decision[name] for name in ("contact_id", "visitor_id", "decision", "trigger_at", "decided_at")}


def test_a_journal_that_is_empty_leads_to_nothing(provisioned: Callable[[str], Terminal], tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    assert "Wrote 0 decisions" in provisioned("empty-journal").done("replay", "--journal", "--out", str(out))
    assert out.read_bytes() == b""


def test_a_data_set_becomes_a_recording_that_can_be_replayed(bare: Terminal, tmp_path: Path) -> None:
    sessions, out = tmp_path / "sessions.jsonl", tmp_path / "recording.jsonl"
    happened = [{"ts": START, "aid": 1, "type": "clicks"}, {"ts": START + 1, "aid": 1, "type": "carts"}]
    sessions.write_text(json.dumps({"session": 7, "events": happened}) + "\n")
    printed = bare.done("record", str(sessions), "--from", "otto", "--to", str(out), "--contacts", "all")
    lines = list(read(out))
    assert f"Wrote {len(lines)} records to {out}" in printed
    assert {"contacts", "consent-changes", "page-views", "cart-adds"} <= {each.topic for each in lines}
    decisions = tmp_path / "decisions.jsonl"
    bare.done("replay", "--events", str(out), "--out", str(decisions), "--drain")
    assert json.loads(decisions.read_text())["decision"] == "relaunch"
