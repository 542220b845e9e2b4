"""Claims about what a run says of itself: whatever is not as promised shows, and so does a run that shows nothing."""

from dataclasses import dataclass, field, replace

import msgspec
import pytest

from tests.chaos.journal_layout import partition_of
from tests.chaos.report import Report
from tests.chaos.verdict import astray

PARTITIONS = 6
RELAUNCH = {"shop_id": "s", "contact_id": "c", "channel": "email"}
ANNA = b"contact:s:c"

RIGHT = Report(
    seed=1, events=100, decisions=10, missing=0, spurious=0, duplicates=3, kills=1, freezes=1, terminations=1, joins=1, exits=1,
    broker_kills=1, broker_freezes=1, grows=1, on_new_partitions=1, stalled_partitions=0, recovery_seconds=1.0, unread=0,
    journal_missing=0, journal_unexpected=0, journal_out_of_order=0, states_differing=0, replay_equal=True, by_decision={},
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    key: bytes = ANNA
    value: bytes = msgspec.json.encode(RELAUNCH)
    headers: list[tuple[str, bytes]] = field(default_factory=lambda: [("channel", b"email")])
    partition: int = partition_of(ANNA, PARTITIONS)


def is_astray(found: Found) -> bool:
    return list(astray([found], PARTITIONS)) == [found.value]


def test_a_run_with_duplicates_and_faults_is_right() -> None:
    assert RIGHT.is_right


@pytest.mark.parametrize(
    "name",
    [
        "missing",
        "spurious",
        "stalled_partitions",
        "unread",
        "journal_missing",
        "journal_unexpected",
        "journal_out_of_order",
        "states_differing",
    ],
)
def test_a_run_with_one_thing_wrong_is_not_right(name: str) -> None:
    assert not replace(RIGHT, **{name: 1}).is_right  # type: ignore[arg-type]


def test_a_run_unlike_its_replay_is_not_right() -> None:
    assert not replace(RIGHT, replay_equal=False).is_right


def test_a_run_without_decisions_shows_nothing() -> None:
    assert not replace(RIGHT, decisions=0).is_right


def test_a_relaunch_stands_under_its_contact_and_says_its_channel() -> None:
    assert not is_astray(Found())


def test_a_decision_about_nobody_known_stands_under_its_shop() -> None:
    nobody = msgspec.json.encode({"shop_id": "s", "contact_id": None})
    place = partition_of(b"contact:s:", PARTITIONS)
    assert not is_astray(Found(key=b"contact:s:", value=nobody, headers=[], partition=place))


@pytest.mark.parametrize(
    "found",
    [
        Found(key=b"contact:s:d"),
        Found(headers=[]),
        Found(headers=[("channel", b"sms")]),
        Found(partition=(Found().partition + 1) % PARTITIONS),
    ],
)
def test_a_relaunch_that_no_reader_would_find_is_noticed(found: Found) -> None:
    assert is_astray(found)
