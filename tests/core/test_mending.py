"""Claims about a changelog that somebody else wrote into, seen by the partition that knows better."""

import pytest

from streams.core.partition import JournalResized, Partition
from streams.core.state import POSITION, Position, encoded_position
from tests.core.events import DAY, MINUTE, NINE, changed, viewed
from tests.core.story import LAPTOP, PHONE, REMINDER, Story

DUE = NINE + 30 * MINUTE
Changelog = dict[bytes, bytes | None]


def told() -> tuple[Story, Changelog]:
    """Return a story, and its changelog as it was when the laptop's cart was still open."""
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"))
    before = dict(story.changes)
    story.pass_time(DUE)
    return story, before


def read(*changelog: tuple[bytes, bytes | None]) -> Partition:
    partition = Partition((REMINDER,))
    for key, stored in changelog:
        partition.restore(key, stored)
    partition.restored()
    return partition


def test_a_changelog_whose_newest_records_come_last_needs_no_mending() -> None:
    story, before = told()
    partition = read(*before.items(), *story.changes.items())
    assert not partition.is_misplaced
    assert partition.rewrites() == []


def test_what_an_older_record_covers_is_written_again_and_once() -> None:
    story, before = told()
    partition = read(*story.changes.items(), *before.items())
    assert partition.is_misplaced
    assert dict(partition.rewrites()) == {key: story.changes[key] for key in (LAPTOP, POSITION)}
    assert not partition.is_misplaced


def test_an_older_record_that_a_newer_one_covers_is_none_to_mend() -> None:
    story, before = told()
    newest = story.changes.items()
    assert not read(*newest, *before.items(), *newest).is_misplaced


def test_the_owner_overhears_an_older_record_and_a_tombstone_and_covers_them() -> None:
    story, before = told()
    for stored in (before[LAPTOP], None):
        story.partition.overhear(LAPTOP, stored)
        assert story.partition.rewrites() == [(LAPTOP, story.changes[LAPTOP])]


def test_a_tombstone_above_somebody_who_was_heard_of_since_is_a_zombies_and_is_covered() -> None:
    story, _ = told()
    partition = read(*story.changes.items(), (LAPTOP, None))
    assert len(partition) == 1
    assert partition.rewrites() == [(LAPTOP, story.changes[LAPTOP])]


def test_a_tombstone_above_an_open_episode_takes_no_deadline_away() -> None:
    _, before = told()
    partition = read(*before.items(), (LAPTOP, None))
    assert partition.pending == 1
    assert [key for key, _ in partition.rewrites()] == [LAPTOP]


def test_a_tombstone_above_somebody_silent_for_long_enough_is_believed() -> None:
    story, _ = told()
    position = encoded_position(Position(99, NINE + 400 * DAY, 1))
    partition = read(*story.changes.items(), (POSITION, position), (LAPTOP, None))
    assert len(partition) == 0
    assert not partition.is_misplaced


def test_a_tombstone_that_a_newer_state_covers_is_none_to_mend() -> None:
    story, _ = told()
    partition = read((LAPTOP, None), *story.changes.items())
    assert len(partition) == 1
    assert not partition.is_misplaced


def test_the_owner_covers_an_older_position() -> None:
    story, before = told()
    story.partition.overhear(POSITION, before[POSITION])
    assert story.partition.rewrites() == [(POSITION, story.changes[POSITION])]


def test_the_owners_own_record_and_one_of_somebody_it_does_not_know_are_left_alone() -> None:
    story, _ = told()
    story.partition.overhear(LAPTOP, story.changes[LAPTOP])
    story.partition.overhear(PHONE, None)
    assert not story.partition.is_misplaced


def test_what_changed_since_it_was_overheard_is_written_as_it_is_now() -> None:
    story, before = told()
    story.partition.overhear(LAPTOP, before[LAPTOP])
    story.tell(DUE, LAPTOP, viewed())
    assert story.partition.rewrites() == [(LAPTOP, story.changes[LAPTOP])]


@pytest.mark.parametrize("partitions", [23, 24, 25])
def test_state_of_a_journal_with_another_number_of_partitions_is_refused(partitions: int) -> None:
    written = Story(partition=Partition((REMINDER,), journal_partitions=24))
    written.tell(NINE, LAPTOP, viewed())
    partition = Partition((REMINDER,), journal_partitions=partitions)
    for key, stored in written.changes.items():
        partition.restore(key, stored)
    if partitions == 24:
        partition.restored()
    else:
        with pytest.raises(JournalResized, match=f"had 24 partitions .* now has {partitions}"):
            partition.restored()
