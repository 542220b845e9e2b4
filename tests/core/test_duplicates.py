"""Claims about what comes twice: from a shop that retries, an ingest that restarts, a topic that is replayed."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.core.events import Event, FromShop
from streams.core.state import POSITION, decoded
from streams.journal.records import TICK, TICK_KEY, decode, encode
from tests.core.events import HOUR, MINUTE, NINE, changed, consented, known, ordered, viewed
from tests.core.small_shop import Happening, Told, happenings, journal, journals, told_by
from tests.core.story import ANNA, ANNAS_MAIL, LAPTOP, Story, Written


def remembered(told: Told) -> dict[bytes, object]:
    """Return what each subject remembers in the end, besides from which record and when."""
    kept = {key: decoded(key, stored or b"") for key, stored in dict(told.changes).items() if key != POSITION}
    return {key: (each.body, each.wake, each.recent) for key, each in kept.items()}


@given(journals, st.data())
def test_the_beginning_of_a_journal_appended_to_it_again_changes_nothing(
    records: list[Written], data: st.DataObject
) -> None:
    """Time passes in both, the same."""
    gaps_ms = data.draw(st.lists(st.just(0) | st.integers(0, 40), max_size=len(records)))
    behind, ticks, now = list(records), list(records), max(record.timestamp for record in records)
    for record, gap_ms in zip(records, gaps_ms, strict=False):
        now += gap_ms
        behind.append(Written(len(behind), now, record.key, record.value))
        ticks.append(Written(len(ticks), now, TICK_KEY, TICK))
    once, twice = told_by(ticks), told_by(behind)
    assert twice.decisions == once.decisions
    assert twice.relaunches == once.relaunches
    assert twice.notices == once.notices
    assert remembered(twice) == remembered(once)


_repeats = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39), st.booleans()), min_size=1, max_size=5)


@given(happenings, _repeats)
def test_an_event_told_again_changes_nothing_but_the_time(
    happened: Sequence[Happening], repeats: list[tuple[int, int, bool]]
) -> None:
    """A shop's retry has a new offset, what ingest sends twice has the old one; either may come in another batch or hours later."""
    records = journal(happened)
    repeated, ticks = list(records), list(records)
    for behind, of, is_retry in sorted(((at % len(records), of, retry) for at, of, retry in repeats), reverse=True):
        original = records[of % (behind + 1)]
        copy = replace(original, value=_retried(original, behind) if is_retry else original.value)
        repeated.insert(behind + 1, replace(copy, timestamp=records[behind].timestamp))
        ticks.insert(behind + 1, Written(0, records[behind].timestamp, TICK_KEY, TICK))
    once, twice = (told_by(_numbered(each)) for each in (ticks, repeated))
    assert twice.decisions == once.decisions
    assert twice.notices == once.notices
    assert remembered(twice) == remembered(once)


def _retried(record: Written, offset: int) -> bytes:
    event = decode(record.value)
    return encode(replace(event, offset=1_000 + offset, source=99)) if isinstance(event, Event) else record.value


def _numbered(records: list[Written]) -> list[Written]:
    return [replace(record, offset=offset) for offset, record in enumerate(records)]


@pytest.mark.parametrize(
    ("key", "event"),
    [
        (LAPTOP, viewed()),
        (LAPTOP, changed("add")),
        (LAPTOP, ordered("failed")),
        (ANNA, consented()),
        (ANNA, ordered("paid", contact_id="anna")),
        (ANNAS_MAIL, known("anna")),
        (ANNAS_MAIL, ordered("paid")),
    ],
)
def test_a_shops_retry_minutes_later_is_recognised_by_its_id(key: bytes, event: FromShop) -> None:
    story = Story()
    story.tell(NINE, key, event, id="same")
    before = decoded(key, story.changes[key] or b"")
    story.tell(NINE + 10 * MINUTE, key, event, id="same", happened_at=NINE)
    after = decoded(key, story.changes[key] or b"")
    assert (after.body, after.recent) == (before.body, before.recent)


def test_an_id_may_be_another_shops_or_another_subjects() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"), id="same")
    story.tell(NINE, b"visitor:other:laptop", changed("add"), id="same")
    story.pass_time(NINE + HOUR)
    assert story.decided == ["no_contact", "no_contact"]


def test_a_repeated_view_does_not_count_as_activity() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"), id="add")
    story.tell(NINE + 1, LAPTOP, viewed(), id="view")
    story.tell(NINE + 20 * MINUTE, LAPTOP, viewed(), id="view")
    story.pass_time(NINE + 30 * MINUTE + 1)
    assert story.decided == ["no_contact"]


def test_a_source_record_at_or_below_the_source_stamp_is_not_new_and_one_of_another_source_is() -> None:
    story = Story()
    for offset, source, new in ((5, 1, True), (5, 1, False), (4, 1, False), (4, 2, True), (6, 1, True)):
        seen = heard_by_the_laptop(story)
        id = f"{len(story.changes)} {source} {offset} {seen}"
        event = replace(viewed(), id=id, digest=id.encode().rjust(8)[-8:], source=source, offset=offset)
        story.append(NINE, LAPTOP, event)
        assert (heard_by_the_laptop(story) > seen) is new


def heard_by_the_laptop(story: Story) -> int:
    stored = story.changes.get(LAPTOP)
    return len(decoded(LAPTOP, stored).recent) if stored else 0
