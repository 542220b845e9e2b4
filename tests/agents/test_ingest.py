"""Claims about what ingest makes of the records of one fetch."""

import pytest
from aiokafka import ConsumerRecord

from schemas.errors import Reason
from streams.agents.ingest import MAX_REFUSED_IN_A_ROW, Refusals, Sorted, TooManyDeadLetters, sort
from streams.core.events import CartChanged
from streams.core.identity import CONTACT, VISITOR, subject
from streams.dead_letters import DeadLetter
from streams.journal.intake import source_of
from streams.journal.records import decode
from streams.stores.fences import HEADER, KEY
from tests.agents.records import read
from tests.schemas.messages import ARRIVED_AT, fields, record

SECRET = b"a secret of thirty-two characters"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def sorted_(topic: str, *values: bytes | None, **options: object) -> Sorted:
    return sort(topic, 3, read(topic, *values, partition=3, **options), SECRET)  # type: ignore[arg-type]


def test_a_refused_record_keeps_its_reason_its_place_and_its_bytes_and_its_neighbours_go_on() -> None:
    bad = record("cart-adds", quantity=-2)
    result = sorted_(
        "cart-adds", record("cart-adds", event_id="before"), bad, record("cart-adds", event_id="after"),
        key=b"any", first_offset=70,
    )  # fmt: skip
    (letter,) = result.dead
    assert letter == DeadLetter("cart-adds", 3, 71, ARRIVED_AT, Reason.NEGATIVE_NUMBER, letter.detail, b"any", bad)
    assert "quantity" in letter.detail
    events = [decode(value) for _, value in result.entries]
    assert [(event.id, event.offset) for event in events if isinstance(event, CartChanged)] == [
        ("before", 70),
        ("after", 72),
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", Reason.EMPTY),
        (None, Reason.TOMBSTONE),
        (b"\xff\xfe", Reason.NOT_UTF8),
        (b'{"v": 1, "event_id"', Reason.TRUNCATED),
        (b"[1, 2]", Reason.NOT_AN_OBJECT),
        (b'{"v": 1, "v": 1}', Reason.DUPLICATE_KEY),
        (b'{"v": NaN}', Reason.NOT_A_NUMBER),
        (b'{"v": 1e999}', Reason.NUMBER_OUT_OF_RANGE),
        (b"[" * 10_000, Reason.TOO_DEEP),
        (b'{"v": 1, "x": "' + b"x" * (1 << 20) + b'"}', Reason.TOO_LARGE),
        (record("page-views", v=2), Reason.UNKNOWN_VERSION),
        (record("page-views", occurred_at="2026-01-01T00:00:00"), Reason.TIME_NOT_MILLISECONDS),
        (record("page-views", occurred_at=0), Reason.TIME_TOO_EARLY),
        (record("page-views", occurred_at=ARRIVED_AT + 86_400_001), Reason.TIME_IN_FUTURE),
    ],
    ids=lambda value: str(value) if isinstance(value, Reason) else "",
)
def test_each_kind_of_bad_record_is_a_dead_letter_and_harms_no_other(value: bytes | None, reason: Reason) -> None:
    good = record("page-views")
    result = sorted_("page-views", good, value, good)
    assert [(letter.source_offset, letter.reason, letter.raw) for letter in result.dead] == [(1, reason, value)]
    assert len(result.entries) == 2


def test_a_dead_letter_is_read_back_from_kafka_as_it_was_written() -> None:
    (letter,) = sorted_("contacts", record("contacts"), key="boutique:é".encode()).dead
    (written,) = read("dead-letters", letter.raw, headers=letter.headers())
    assert letter.reason == Reason.KEY_CONTRADICTS
    assert DeadLetter.read(written) == letter


def test_a_dead_letter_without_a_key_is_read_back_without_one() -> None:
    (letter,) = sorted_("orders", b"").dead
    (written,) = read("dead-letters", letter.raw, headers=letter.headers())
    assert DeadLetter.read(written) == letter
    assert DeadLetter.read(written).key is None


def test_a_fence_is_stepped_over_and_counted() -> None:
    fence: list[ConsumerRecord] = read("orders", None, key=KEY, headers=[(HEADER, b"fence 1")])
    order = read("orders", record("orders"), first_offset=1)
    result = sort("orders", 0, fence + order, SECRET)
    assert (result.fences, len(result.dead)) == (1, 0)
    assert result.entries


def test_a_tombstone_of_a_contact_is_no_fence_and_no_dead_letter() -> None:
    result = sorted_("contacts", None, key=b"boutique:anna")
    assert (result.fences, result.dead, result.understood) == (0, [], 1)


def test_a_crawlers_view_is_counted_and_dropped() -> None:
    result = sorted_("page-views", record("page-views", user_agent=GOOGLE), record("page-views"))
    assert (result.crawlers, len(result.entries), len(result.dead)) == (1, 1, 0)


def test_every_entry_carries_its_source_and_is_keyed_by_its_subject() -> None:
    order = record("orders", shop_id="s", visitor_id="laptop", contact_id="anna", email=..., phone=...)
    result = sorted_("orders", order, first_offset=9)
    assert [key for key, _ in result.entries] == [subject(VISITOR, "s", "laptop"), subject(CONTACT, "s", "anna")]
    for _, value in result.entries:
        event = decode(value)
        assert (event.source, event.offset) == (source_of("orders", 3), 9)  # type: ignore[union-attr]


# The ceiling


def refused(count: int) -> Sorted:
    return Sorted(dead=[sorted_("page-views", b"").dead[0]] * count)


def test_as_many_refusals_in_a_row_as_the_ceiling_allows_are_taken() -> None:
    refusals = Refusals()
    refusals.count(refused(MAX_REFUSED_IN_A_ROW))


def test_one_more_refusal_than_the_ceiling_stops_with_what_to_look_at() -> None:
    refusals = Refusals()
    refusals.count(refused(MAX_REFUSED_IN_A_ROW))
    with pytest.raises(TooManyDeadLetters, match=Reason.EMPTY):
        refusals.count(refused(1))


def test_fences_do_not_break_a_row_of_refusals() -> None:
    refusals = Refusals()
    refusals.count(refused(MAX_REFUSED_IN_A_ROW))
    refusals.count(Sorted(fences=5))
    with pytest.raises(TooManyDeadLetters):
        refusals.count(refused(1))


@pytest.mark.parametrize("topic", ["page-views", "cart-adds", "orders", "consent-changes", "contacts", "catalog"])
def test_a_good_record_breaks_a_row_of_refusals_even_if_nothing_follows_from_it(topic: str) -> None:
    refusals = Refusals()
    refusals.count(refused(MAX_REFUSED_IN_A_ROW))
    refusals.count(sorted_(topic, record(topic), key=key_of(topic)))
    refusals.count(refused(MAX_REFUSED_IN_A_ROW))


def key_of(topic: str) -> bytes:
    message = fields(topic)
    id = message.get("product_id") if topic == "catalog" else message.get("contact_id")
    return f"{message['shop_id']}:{id}".encode()


def test_a_crawler_breaks_a_row_of_refusals() -> None:
    refusals = Refusals()
    refusals.count(refused(MAX_REFUSED_IN_A_ROW))
    refusals.count(sorted_("page-views", record("page-views", user_agent=GOOGLE)))
    refusals.count(refused(MAX_REFUSED_IN_A_ROW))
