"""Claims about one partition of the journal: its time, its deadlines, and that batches do not matter."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import Tick
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.core.state import POSITION, age_of
from streams.journal.records import TICK, TICK_KEY, encode
from tests.core.events import DAY, MINUTE, NINE, changed, consented, viewed
from tests.core.small_shop import RULES, journals, told_by
from tests.core.story import ANNA, LAPTOP, PHONE, REMINDER, Story, Written

DUE = NINE + 30 * MINUTE


def reborn(partition: Partition, *changelog: tuple[bytes, bytes | None]) -> Partition:
    for key, stored in changelog:
        partition.restore(key, stored)
    partition.restored()
    return partition


# Batches


@given(journals, st.lists(st.integers(1, 20)))
def test_a_journal_read_in_batches_leads_to_what_it_leads_to_record_by_record(
    records: Sequence[Written], sizes: list[int]
) -> None:
    one_by_one, in_batches = told_by(records), told_by(records, sizes)
    assert in_batches.decisions == one_by_one.decisions
    assert in_batches.relaunches == one_by_one.relaunches
    assert in_batches.notices == one_by_one.notices
    assert dict(in_batches.changes) == dict(one_by_one.changes)
    assert sorted(_one_each(in_batches.ended)) == sorted(_one_each(one_by_one.ended))


def _one_each(ended: list[tuple[str, int]]) -> list[str]:
    return [how for how, count in ended for _ in range(count)]


@given(journals)
def test_no_contact_is_ever_written_to_twice_within_the_window_of_a_scenario(records: Sequence[Written]) -> None:
    window = {rules.name: rules.once_per_ms for rules in RULES}
    last: dict[tuple[str, str], int] = {}
    for relaunch in told_by(records).relaunches:
        about = (relaunch.contact_id, relaunch.scenario)
        assert relaunch.decided_at - last.get(about, 0) >= window[relaunch.scenario]
        last[about] = relaunch.decided_at


@given(journals)
def test_every_candidate_is_decided_once_and_every_yes_is_a_relaunch(records: Sequence[Written]) -> None:
    told = told_by(records)
    assert len(told.decisions) == _one_each(told.ended).count("abandoned")
    assert len({decision.relaunch_id for decision in told.decisions}) == len(told.decisions)
    yes = [decision.relaunch_id for decision in told.decisions if decision.decision == "relaunch"]
    assert [relaunch.relaunch_id for relaunch in told.relaunches] == yes


@given(journals)
def test_every_decision_comes_with_the_events_behind_it(records: Sequence[Written]) -> None:
    for decision in told_by(records).decisions:
        assert decision.evidence
        assert len(set(decision.evidence)) == len(decision.evidence)


def test_a_batch_of_nothing_leads_to_nothing_but_the_position() -> None:
    effects = Partition(RULES).apply([])
    assert [key for key, _ in effects.changes] == [POSITION]
    assert (effects.decisions, effects.relaunches, effects.notices, effects.ended) == ([], [], [], {})


def test_a_batch_writes_each_subject_once_and_the_position_last() -> None:
    add, view = encode(changed("add", id="a")), encode(viewed("b"))
    records = [Written(7, NINE, LAPTOP, add), Written(8, NINE, PHONE, view), Written(9, NINE + 1, LAPTOP, view)]
    changes = Partition(RULES).apply(records).changes
    assert [key for key, _ in changes] == [LAPTOP, PHONE, POSITION]
    assert [age_of(stored or b"")[0] for _, stored in changes] == [9, 8, 9]


# Time


def test_time_is_the_highest_timestamp_read() -> None:
    story = Story()
    for at in (NINE, NINE + 2, NINE + 1):
        story.pass_time(at)
    assert story.partition.now == NINE + 2


def test_a_record_behind_stream_time_is_heard_at_stream_time() -> None:
    story = Story()
    story.tell(NINE, PHONE, viewed())
    story.tell(NINE - MINUTE, LAPTOP, changed("add"), happened_at=NINE - MINUTE)
    story.pass_time(DUE - MINUTE - 1)
    assert story.decided == []
    story.pass_time(DUE - MINUTE)
    assert story.decided == ["no_contact"]


def test_a_deadline_that_is_passed_by_is_decided_when_time_jumps_over_it() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    story.pass_time(NINE + DAY)
    assert [decision.decided_at for decision in story.decisions] == [NINE + DAY]


def test_a_tick_too_early_fires_nothing_and_the_next_one_does() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    story.pass_time(DUE - 1)
    story.pass_time(DUE - 1)
    assert story.decided == []
    story.pass_time(DUE)
    assert story.decided == ["no_contact"]


def test_a_deadline_is_heard_before_the_record_that_reaches_it_and_after_those_before() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add", contact_id="anna"))
    story.tell(DUE - 1, ANNA, consented())
    story.tell(DUE, ANNA, consented(False))
    assert story.ended == ["abandoned"]


def test_the_record_that_reaches_its_own_visitors_deadline_is_heard_after_it() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    story.tell(DUE, LAPTOP, changed("add"))
    story.pass_time(NINE + DAY)
    assert [decision.trigger_at for decision in story.decisions] == [NINE, DUE]


def test_deadlines_that_fire_together_come_by_time_and_then_by_subject() -> None:
    story = Story()
    for at, key in ((NINE + 1, LAPTOP), (NINE, PHONE), (NINE, b"visitor:s:desktop")):
        story.tell(at, key, changed("add"))
    story.pass_time(NINE + DAY)
    assert [decision.visitor_id for decision in story.decisions] == ["desktop", "phone", "laptop"]


@pytest.mark.parametrize(("until", "due"), [(DUE - 1, None), (DUE, DUE), (DUE + 1, DUE)])
def test_the_next_deadline_is_told_ahead_of_time_and_still_fires_only_in_time(until: int, due: int | None) -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    assert story.partition.next_due(until) == due
    story.pass_time(DUE - 1)
    assert story.decided == []
    story.pass_time(DUE)
    assert story.decided == ["no_contact"]
    assert story.partition.next_due(DUE + DAY) is None


def test_subjects_with_a_deadline_are_counted() -> None:
    story = Story()
    counts = []
    for at, key, event in (
        (NINE, LAPTOP, changed("add")),
        (NINE, PHONE, changed("add")),
        (NINE, LAPTOP, viewed()),
        (NINE, PHONE, changed("remove")),
        (NINE, ANNA, consented()),
        (DUE, ANNA, consented()),
    ):
        story.tell(at, key, event)
        counts.append(story.partition.pending)
    assert counts == [1, 2, 2, 1, 1, 0]
    assert len(story.partition) == 3


# Stamps


@pytest.mark.parametrize("offset", [6, 7])
def test_a_record_at_or_below_a_subjects_stamp_changes_nothing(offset: int) -> None:
    partition = Partition((REMINDER,))
    before = partition.apply([Written(7, NINE, LAPTOP, encode(changed("add", id="a", offset=1)))])
    after = partition.apply([Written(offset, NINE, LAPTOP, encode(changed("empty", None, id="b", offset=2)))])
    assert (after.changes, after.ended) == ([before.changes[-1]], {})
    assert partition.pending == 1


def test_a_record_right_above_a_subjects_stamp_is_heard() -> None:
    partition = Partition((REMINDER,))
    partition.apply([Written(7, NINE, LAPTOP, encode(changed("add", id="a", offset=1)))])
    after = partition.apply([Written(8, NINE, LAPTOP, encode(changed("empty", None, id="b", offset=2)))])
    assert after.ended == {"emptied": 1}


def test_a_tick_is_for_nobody() -> None:
    partition = Partition(RULES)
    effects = partition.apply([Written(0, NINE, TICK_KEY, TICK)])
    assert [key for key, _ in effects.changes] == [POSITION]
    assert (len(partition), partition.now, partition.offset) == (0, NINE, 0)
    assert encode(Tick()) == TICK


# Restoring


def test_a_restored_partition_knows_its_time_and_place_and_fires_what_is_pending() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    partition = reborn(Partition((REMINDER,)), *story.changes.items())
    assert (partition.now, partition.offset, partition.pending, len(partition)) == (NINE, 0, 1, 1)
    later = Story(partition=partition)
    later.pass_time(DUE)
    assert [(d.trigger_at, d.decided_at) for d in later.decisions] == [(NINE, DUE)]


def test_a_partition_without_a_changelog_is_new() -> None:
    partition = reborn(Partition(RULES))
    assert (partition.now, partition.offset, partition.pending, len(partition)) == (0, -1, 0, 0)


def test_a_late_write_of_an_older_state_is_harmless() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    older = (LAPTOP, story.changes[LAPTOP])
    story.tell(NINE + 1, LAPTOP, changed("empty", None))
    assert reborn(Partition((REMINDER,)), *story.changes.items(), older).pending == 0


def test_a_late_write_from_right_before_a_deadline_fired_is_harmless_too() -> None:
    """Firing is no record of the subject's: its stamp may be the same before and after."""
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    older = (LAPTOP, story.changes[LAPTOP])
    story.pass_time(DUE)
    later = Story(partition=reborn(Partition((REMINDER,)), *story.changes.items(), older))
    later.pass_time(DUE + MINUTE)
    assert later.decisions == []


def test_a_scenario_that_is_new_since_the_restart_waits_for_the_next_add() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    hasty = CartRules(name="hasty", idle_for_ms=MINUTE)
    later = Story(partition=reborn(Partition((REMINDER, hasty)), *story.changes.items()))
    later.pass_time(NINE + MINUTE)
    assert later.decisions == []
    later.append(NINE + MINUTE, LAPTOP, changed("add", id="again", at=NINE + MINUTE, offset=9))
    later.pass_time(NINE + 2 * MINUTE)
    assert [decision.scenario for decision in later.decisions] == ["hasty"]
