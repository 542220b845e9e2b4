"""What does every suppression table do, the fake and the real one?"""

import pytest
from msgspec.structs import replace

from streams.core.decisions import Reason
from streams.stores.facts import Consent, ContactErased, ContactKnown, Fact, Purchase
from streams.stores.ports import (
    MOST_ORDERS,
    AlreadyReserved,
    AlreadySettled,
    Applied,
    Refused,
    Request,
    Reserved,
    Suppressed,
    SuppressionTable,
    Verdict,
)

ANNA = b"contact:shop:anna"
BERT = b"contact:shop:bert"
PHONE_OF_ANNA = b"visitor:shop:annas-phone"
LAPTOP_OF_ANNA = b"visitor:shop:annas-laptop"
CART = b"cart:shop:17"
MAIL = b"mail:shop:0a1b"
OTHER_MAIL = b"mail:shop:2c3d"
TELEPHONE = b"phone:shop:4e5f"

#: When the cart was filled.
TRIGGER = 1_790_000_000_000
NOW = TRIGGER + 1_800_000
HOUR = 3_600_000
DAY = 24 * HOUR

REQUEST = Request(
    relaunch_id="r1",
    contact=ANNA,
    identities=(PHONE_OF_ANNA, LAPTOP_OF_ANNA, CART),
    channel="email",
    scenario="cart-reminder",
    trigger_at=TRIGGER,
    once_per_ms=DAY,
    now_ms=NOW,
)
YES = Consent(ANNA, "email", "marketing", "granted", TRIGGER - DAY, "yes")
BOUGHT = Suppressed(Reason.PURCHASED, ("bought",))


def bought(*identities: bytes, at: int = TRIGGER, status: str = "placed", order: str = "o1") -> Purchase:
    return Purchase(identities or (ANNA,), order, status, at, "bought")


def said(state: str, *, at: int, event: str = "said") -> Consent:
    return Consent(ANNA, "email", "marketing", state, at, event)


async def verdict(table: SuppressionTable, *facts: Fact, request: Request = REQUEST) -> Verdict:
    """Tell a table facts, one batch each, then ask."""
    for fact in facts:
        expected = (await table.next_offsets("orders", [0])).get(0)
        assert (
            await table.apply("orders", 0, expected=expected, next_offset=(expected or 0) + 1, facts=[fact])
            == Applied()
        )
    return await table.reserve(request)


class SuppressionTableContract:
    """Claims about a fresh `table`, a fixture of whoever inherits them."""

    async def test_a_partition_that_was_never_applied_has_no_watermark(self, table: SuppressionTable) -> None:
        assert await table.next_offsets("orders", [0, 1]) == {}
        await table.apply("orders", 1, expected=None, next_offset=0, facts=[])
        assert await table.next_offsets("orders", [0, 1]) == {1: 0}
        assert await table.next_offsets("contacts", [1]) == {}
        assert await table.next_offsets("orders", []) == {}

    async def test_the_watermark_moves_over_gaps_in_the_offsets(self, table: SuppressionTable) -> None:
        assert await table.apply("orders", 0, expected=None, next_offset=17, facts=[]) == Applied()
        assert await table.apply("orders", 0, expected=17, next_offset=40, facts=[]) == Applied()
        assert await table.next_offsets("orders", [0]) == {0: 40}

    @pytest.mark.parametrize("expected", [None, 16, 18, 0])
    async def test_a_write_from_elsewhere_than_the_watermark_is_refused_whole(
        self, table: SuppressionTable, expected: int | None
    ) -> None:
        await table.apply("orders", 0, expected=None, next_offset=17, facts=[YES])
        assert await table.apply("orders", 0, expected=expected, next_offset=30, facts=[bought()]) == Refused(17)
        assert await table.next_offsets("orders", [0]) == {0: 17}
        assert await table.reserve(REQUEST) == Reserved()

    async def test_a_reader_that_believes_in_a_lost_watermark_is_sent_to_the_beginning(
        self, table: SuppressionTable
    ) -> None:
        assert await table.apply("orders", 0, expected=500, next_offset=501, facts=[]) == Refused(None)
        assert await table.next_offsets("orders", [0]) == {}

    async def test_a_consenting_contact_who_did_not_buy_is_written_to(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()

    @pytest.mark.parametrize("identity", [ANNA, PHONE_OF_ANNA, LAPTOP_OF_ANNA, CART])
    async def test_a_purchase_under_any_identity_of_the_relaunch_stops_it(
        self, table: SuppressionTable, identity: bytes
    ) -> None:
        assert await verdict(table, YES, bought(identity)) == BOUGHT

    @pytest.mark.parametrize("identity", [MAIL, TELEPHONE])
    async def test_a_purchase_under_an_address_of_the_contact_stops_it(
        self, table: SuppressionTable, identity: bytes
    ) -> None:
        assert await verdict(table, YES, bought(identity), ContactKnown(ANNA, MAIL, TELEPHONE)) == BOUGHT

    async def test_an_address_counts_for_whoever_has_it_now(self, table: SuppressionTable) -> None:
        moved = [ContactKnown(ANNA, MAIL, TELEPHONE), ContactKnown(ANNA, OTHER_MAIL, None)]
        assert await verdict(table, YES, *moved, bought(MAIL, TELEPHONE)) == Reserved()
        second = replace(REQUEST, relaunch_id="r2", scenario="other")
        assert await verdict(table, bought(OTHER_MAIL), request=second) == BOUGHT

    async def test_an_erased_contact_has_no_address_any_more(self, table: SuppressionTable) -> None:
        assert (
            await verdict(table, YES, ContactKnown(ANNA, MAIL, None), ContactErased(ANNA), bought(MAIL)) == Reserved()
        )

    async def test_a_withdrawal_outlives_the_erasure_of_the_contact(self, table: SuppressionTable) -> None:
        no = said("withdrawn", at=TRIGGER)
        assert await verdict(table, YES, no, ContactErased(ANNA)) == Suppressed(Reason.NO_CONSENT, ("said",))

    async def test_somebody_elses_purchase_stops_nothing(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES, bought(BERT, b"visitor:shop:berts-phone", b"cart:shop:18", MAIL)) == Reserved()

    @pytest.mark.parametrize(("at", "expected"), [(TRIGGER - 1, Reserved()), (TRIGGER, BOUGHT), (TRIGGER + 1, BOUGHT)])
    async def test_a_purchase_counts_from_the_very_moment_of_the_trigger(
        self, table: SuppressionTable, at: int, expected: Verdict
    ) -> None:
        assert await verdict(table, YES, bought(at=at)) == expected

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("placed", BOUGHT), ("paid", BOUGHT), ("pending", BOUGHT),
            ("failed", Reserved()), ("cancelled", Reserved()), ("refunded", Reserved()),
        ],
    )  # fmt: skip
    async def test_an_order_counts_by_its_status(self, table: SuppressionTable, status: str, expected: Verdict) -> None:
        assert await verdict(table, YES, bought(status=status)) == expected

    async def test_a_cancellation_frees_its_order_and_no_other(self, table: SuppressionTable) -> None:
        cancelled = bought(at=TRIGGER + 5, status="cancelled")
        assert await verdict(table, YES, bought(), cancelled) == Reserved()
        second = replace(REQUEST, relaunch_id="r2", scenario="other")
        assert await verdict(table, bought(order="o2"), cancelled, request=second) == BOUGHT

    async def test_news_older_than_what_is_known_of_an_order_changes_nothing(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES, bought(at=TRIGGER + 5, status="failed"), bought(at=TRIGGER + 4)) == Reserved()

    async def test_of_two_statuses_at_one_instant_the_one_heard_last_counts(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES, bought(status="pending"), bought(status="failed")) == Reserved()
        second = replace(REQUEST, relaunch_id="r2", scenario="other")
        assert await verdict(table, bought(status="paid"), request=second) == BOUGHT

    async def test_the_first_purchase_after_the_trigger_is_the_evidence(self, table: SuppressionTable) -> None:
        later = Purchase((PHONE_OF_ANNA,), "o2", "paid", TRIGGER + 9, "later")
        first = Purchase((CART,), "o3", "paid", TRIGGER + 8, "first")
        assert await verdict(table, YES, later, first) == Suppressed(Reason.PURCHASED, ("first",))

    async def test_a_flood_of_failed_payments_does_not_hide_a_purchase(self, table: SuppressionTable) -> None:
        failures = [bought(at=TRIGGER + i, status="failed", order=f"f{i}") for i in range(2 * MOST_ORDERS)]
        assert await verdict(table, YES, bought(), *failures) == BOUGHT

    async def test_of_too_many_purchases_the_oldest_are_forgotten(self, table: SuppressionTable) -> None:
        orders = [bought(at=TRIGGER - i, order=f"o{i}") for i in range(MOST_ORDERS + 1)]
        refunds = [bought(at=TRIGGER - i, order=f"o{i}", status="refunded") for i in range(MOST_ORDERS)]
        since_the_oldest = replace(REQUEST, trigger_at=TRIGGER - MOST_ORDERS)
        assert await verdict(table, YES, *orders, *refunds, request=since_the_oldest) == Reserved()

    async def test_of_just_enough_purchases_none_is_forgotten(self, table: SuppressionTable) -> None:
        orders = [bought(at=TRIGGER - i, order=f"o{i}") for i in range(MOST_ORDERS)]
        refunds = [bought(at=TRIGGER - i, order=f"o{i}", status="refunded") for i in range(MOST_ORDERS - 1)]
        since_the_oldest = replace(REQUEST, trigger_at=TRIGGER - MOST_ORDERS + 1)
        assert await verdict(table, YES, *orders, *refunds, request=since_the_oldest) == BOUGHT

    async def test_without_consent_nobody_is_written_to(self, table: SuppressionTable) -> None:
        assert await verdict(table) == Suppressed(Reason.NO_CONSENT, ())

    @pytest.mark.parametrize(
        "fact",
        [
            Consent(BERT, "email", "marketing", "granted", TRIGGER, "x"),
            Consent(ANNA, "sms", "marketing", "granted", TRIGGER, "x"),
            Consent(ANNA, "email", "tracking", "granted", TRIGGER, "x"),
        ],
    )
    async def test_consent_is_for_one_contact_channel_and_purpose(self, table: SuppressionTable, fact: Consent) -> None:
        assert await verdict(table, fact) == Suppressed(Reason.NO_CONSENT, ())

    @pytest.mark.parametrize(
        ("withdrawn_at", "expected"),
        [
            (NOW - 1, Reserved()),
            (NOW, Suppressed(Reason.NO_CONSENT, ("no",))),
            (NOW + 1, Suppressed(Reason.NO_CONSENT, ("no",))),
        ],
    )
    @pytest.mark.parametrize("grant_first", [True, False])
    async def test_the_latest_word_counts_and_a_withdrawal_wins_a_tie(
        self, table: SuppressionTable, withdrawn_at: int, expected: Verdict, grant_first: bool
    ) -> None:
        facts = [said("granted", at=NOW, event="yes"), said("withdrawn", at=withdrawn_at, event="no")]
        assert await verdict(table, *facts[:: 1 if grant_first else -1]) == expected

    @pytest.mark.parametrize(
        ("later_ms", "expected"),
        [(DAY - 1, Suppressed(Reason.PRESSURE, ("r1",))), (DAY, Reserved()), (DAY + 1, Reserved())],
    )
    async def test_a_second_relaunch_waits_until_exactly_a_window_has_passed(
        self, table: SuppressionTable, later_ms: int, expected: Verdict
    ) -> None:
        assert await verdict(table, YES) == Reserved()
        assert await table.reserve(replace(REQUEST, relaunch_id="r2", now_ms=NOW + later_ms)) == expected

    async def test_a_sender_whose_clock_is_behind_sees_the_window_all_the_same(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        behind = replace(REQUEST, relaunch_id="r2", now_ms=NOW - HOUR)
        assert await table.reserve(behind) == Suppressed(Reason.PRESSURE, ("r1",))

    async def test_a_window_is_one_contacts_and_one_scenarios(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES, Consent(BERT, "email", "marketing", "granted", TRIGGER, "x")) == Reserved()
        assert await table.reserve(replace(REQUEST, relaunch_id="r2", contact=BERT)) == Reserved()
        assert await table.reserve(replace(REQUEST, relaunch_id="r3", scenario="other")) == Reserved()

    async def test_what_was_suppressed_takes_no_place_in_the_window(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES, bought()) == BOUGHT
        cancelled = bought(at=TRIGGER + 1, status="cancelled")
        assert await verdict(table, cancelled, request=replace(REQUEST, relaunch_id="r2")) == Reserved()

    async def test_the_reasons_are_checked_in_their_order(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        second = replace(REQUEST, relaunch_id="r2")
        assert await table.reserve(second) == Suppressed(Reason.PRESSURE, ("r1",))
        no = said("withdrawn", at=TRIGGER)
        assert await verdict(table, no, request=second) == Suppressed(Reason.NO_CONSENT, ("said",))
        assert await verdict(table, bought(), request=second) == BOUGHT

    async def test_a_relaunch_is_reserved_once(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        assert await table.reserve(REQUEST) == AlreadyReserved()
        assert await table.reserve(replace(REQUEST, now_ms=NOW + 2 * DAY)) == AlreadyReserved()

    async def test_a_settled_relaunch_keeps_its_first_result(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        await table.settle("r1", '{"outcome":"sent"}')
        await table.settle("r1", '{"outcome":"unknown"}')
        assert await table.reserve(REQUEST) == AlreadySettled('{"outcome":"sent"}')

    async def test_what_is_taken_stays_so_whatever_happens_since(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        assert await verdict(table, bought()) == AlreadyReserved()
        await table.settle("r1", "sent")
        assert await table.reserve(REQUEST) == AlreadySettled("sent")

    async def test_asking_what_was_taken_takes_nothing(self, table: SuppressionTable) -> None:
        assert await table.taken("r1") is None
        assert await verdict(table, YES) == Reserved()
        assert await table.taken("r1") == AlreadyReserved()
        await table.release("r1")
        assert await table.taken("r1") is None
        assert await table.reserve(REQUEST) == Reserved()
        await table.settle("r1", "sent")
        assert await table.taken("r1") == AlreadySettled("sent")

    async def test_a_released_relaunch_can_be_reserved_again(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        await table.release("r1")
        assert await table.reserve(REQUEST) == Reserved()

    async def test_a_released_relaunch_leaves_its_place_in_the_window(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        await table.release("r1")
        assert await table.reserve(replace(REQUEST, relaunch_id="r2")) == Reserved()

    async def test_a_released_relaunch_is_checked_again(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        await table.release("r1")
        assert await verdict(table, bought()) == BOUGHT

    async def test_a_settled_relaunch_cannot_be_released(self, table: SuppressionTable) -> None:
        assert await verdict(table, YES) == Reserved()
        await table.settle("r1", "sent")
        await table.release("r1")
        assert await table.reserve(REQUEST) == AlreadySettled("sent")
        assert await table.reserve(replace(REQUEST, relaunch_id="r2")) == Suppressed(Reason.PRESSURE, ("r1",))

    async def test_releasing_what_nobody_reserved_changes_nothing(self, table: SuppressionTable) -> None:
        await table.release("r1")
        assert await verdict(table, YES) == Reserved()
