"""Claims about the oracle, worked out by hand, each at its boundary."""

from itertools import count
from typing import Any

import pytest

from tests.chaos.oracle import decisions_of
from tests.chaos.oracle_wire import normal_phone

Line = dict[str, Any]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: Nine o'clock: every time below counts from here.
NINE = 1_714_986_000_000
IDLE = 30 * MINUTE
HOLD = 5 * MINUTE
CART_REMINDER = {"name": "cart-reminder", "idle_for": IDLE, "expires_after": DAY}

EVENT_IDS = count()


def line(topic: str, at: int, fields: Line, occurred: int | None = None) -> Line:
    value = {
        "v": 1,
        "event_id": f"e{next(EVENT_IDS)}",
        "shop_id": "s",
        "occurred_at": NINE + (at if occurred is None else occurred),
    }
    return {"topic": topic, "at": NINE + at, "value": {**value, **fields}}


def add(at: int, visitor: str = "v", occurred: int | None = None, **fields: Any) -> Line:
    return change(at, visitor, occurred, **{"action": "add", "product_id": "p", **fields})


def change(at: int, visitor: str = "v", occurred: int | None = None, **fields: Any) -> Line:
    return line("cart-adds", at, {"visitor_id": visitor, **fields}, occurred)


def view(at: int, visitor: str = "v", occurred: int | None = None, **fields: Any) -> Line:
    return line("page-views", at, {"visitor_id": visitor, "kind": "page", **fields}, occurred)


def linked(at: int, visitor: str = "v", contact: str = "c") -> Line:
    return view(at, visitor, contact_id=contact)


def order(at: int, status: str = "placed", occurred: int | None = None, **fields: Any) -> Line:
    always = {"order_id": "o", "status": status, "lines": [], "total_minor": 990, "currency": "EUR"}
    return line("orders", at, {**always, **fields}, occurred)


def consent(at: int, state: str = "granted", occurred: int | None = None, **fields: Any) -> Line:
    always = {"contact_id": "c", "channel": "email", "purpose": "marketing", "state": state}
    return line("consent-changes", at, {**always, **fields}, occurred)


def contact(at: int, **fields: Any) -> Line:
    return line("contacts", at, {"contact_id": "c", **fields})


def decided(*lines: Line, drain: bool = True, **rules: Any) -> list[Line]:
    return decisions_of(lines, [CART_REMINDER | rules], drain)


def times(*lines: Line, drain: bool = True, **rules: Any) -> list[tuple[int, int]]:
    """(trigger, decision) of each decision, counted from nine."""
    return [(one["trigger_at"] - NINE, one["decided_at"] - NINE) for one in decided(*lines, drain=drain, **rules)]


def reasons(*lines: Line, **rules: Any) -> list[str]:
    return [one["decision"] for one in decided(*lines, **rules)]


def test_a_decision_says_who_what_when_and_for_which_scenario() -> None:
    assert decided(consent(0), add(7, contact_id="c")) == [
        {
            "shop_id": "s",
            "contact_id": "c",
            "visitor_id": "v",
            "scenario": "cart-reminder",
            "step": 1,
            "decision": "relaunch",
            "trigger_at": NINE + 7,
            "decided_at": NINE + 7 + IDLE,
        }
    ]


# Deadlines


@pytest.mark.parametrize(("at", "fired"), [(IDLE - 1, []), (IDLE, [(0, IDLE)]), (IDLE + 1, [(0, IDLE)])])
def test_a_deadline_fires_when_time_reaches_it_and_says_its_own_time(at: int, fired: list[tuple[int, int]]) -> None:
    assert times(add(0), view(at, "somebody else"), drain=False) == fired


@pytest.mark.parametrize(("at", "due"), [(IDLE - 1, 2 * IDLE - 1), (IDLE, IDLE), (IDLE + 1, IDLE)])
def test_activity_at_the_deadline_comes_too_late_to_move_it(at: int, due: int) -> None:
    assert times(add(0), view(at)) == [(0, due)]


def test_without_draining_nothing_fires_after_the_last_line() -> None:
    assert times(add(0), drain=False) == []
    assert times(add(0), drain=True) == [(0, IDLE)]


@pytest.mark.parametrize(
    "activity",
    [
        view(MINUTE, kind="page"),
        view(MINUTE, kind="product", product_id="p"),
        view(MINUTE, kind="search", query="lamp"),
        add(MINUTE),
        change(MINUTE, action="remove", product_id="p", quantity=1),
        change(MINUTE, action="remove", product_id="absent"),
        change(MINUTE, action="set", product_id="absent", quantity=0),
        change(MINUTE, action="set", product_id="p", quantity=1),
        change(MINUTE, action="set", product_id="p", quantity=2),
        change(MINUTE, action="set", product_id="p", quantity=3),
    ],
)
def test_any_activity_moves_the_deadline_and_keeps_the_trigger(activity: Line) -> None:
    assert times(add(0, quantity=2), activity) == [(0, MINUTE + IDLE)]


def test_activity_of_another_visitor_shop_or_crawler_moves_nothing() -> None:
    crawler = view(MINUTE, user_agent="Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)")
    assert times(add(0), view(MINUTE, "w"), view(MINUTE, shop_id="t"), crawler) == [(0, IDLE)]


def test_activity_without_an_episode_opens_none() -> None:
    assert times(view(0), change(1, action="remove", product_id="p"), change(2, action="empty")) == []


def test_orders_that_failed_are_not_activity() -> None:
    failed = [order(MINUTE, status, order_id=status, visitor_id="v") for status in ("failed", "cancelled", "refunded")]
    assert times(add(0), *failed) == [(0, IDLE)]


# Late, early and backward times


@pytest.mark.parametrize(
    ("late_by", "due"),
    [
        (IDLE - HOLD - 1, HOLD + 1),
        (IDLE - HOLD, HOLD),
        (IDLE - HOLD + 1, HOLD),
        (3 * DAY, HOLD),
    ],
)
def test_an_add_that_arrives_late_waits_the_minimum_hold(late_by: int, due: int) -> None:
    assert times(add(DAY, occurred=DAY - late_by)) == [(DAY - late_by, DAY + due)]


@pytest.mark.parametrize(("late_by", "due"), [(0, MINUTE), (1, HOLD)])
def test_only_what_arrives_late_waits_the_minimum_hold(late_by: int, due: int) -> None:
    assert times(add(0, occurred=-late_by), idle_for=MINUTE) == [(-late_by, due)]


def test_the_minimum_hold_is_the_scenarios() -> None:
    assert times(add(0, occurred=-DAY), min_hold=7 * MINUTE) == [(-DAY, 7 * MINUTE)]


@pytest.mark.parametrize(
    ("at", "due"),
    [(IDLE - HOLD - 1, IDLE), (IDLE - HOLD, IDLE), (IDLE - HOLD + 1, IDLE + 1), (IDLE - 1, IDLE + HOLD - 1)],
)
def test_activity_that_arrives_late_never_moves_the_deadline_back(at: int, due: int) -> None:
    assert times(add(0), view(at, occurred=-DAY)) == [(0, due)]


def test_the_future_is_now() -> None:
    assert times(add(0, occurred=HOUR)) == [(0, IDLE)]


def test_a_line_that_lags_is_appended_at_the_time_reached_and_is_late() -> None:
    assert times(view(HOUR, "w"), add(HOUR - MINUTE)) == [(HOUR - MINUTE, HOUR - MINUTE + IDLE)]
    assert times(view(HOUR, "w"), add(HOUR - IDLE)) == [(HOUR - IDLE, HOUR + HOLD)]


def test_lines_that_change_nothing_still_move_time() -> None:
    assert times(add(0), {"topic": "page-views", "at": NINE + IDLE, "value": None}, drain=False) == [(0, IDLE)]


# How episodes open and end


@pytest.mark.parametrize(("quantity", "opened"), [(1, False), (2, False), (3, True)])
def test_after_a_candidate_the_lines_stay_and_only_more_of_them_opens_again(quantity: int, opened: bool) -> None:
    again = change(HOUR, action="set", product_id="p", quantity=quantity)
    assert times(add(0, quantity=2), again) == [(0, IDLE), *([(HOUR, HOUR + IDLE)] if opened else [])]


def test_the_next_add_opens_a_new_episode() -> None:
    assert times(add(0), add(IDLE)) == [(0, IDLE), (IDLE, 2 * IDLE)]


def test_an_add_without_a_quantity_adds_one() -> None:
    assert times(add(0), change(1, action="remove", product_id="p", quantity=1)) == []


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        (change(1, action="empty"), True),
        (change(1, action="remove", product_id="p"), True),
        (change(1, action="remove", product_id="p", quantity=1), False),
        (change(1, action="remove", product_id="p", quantity=2), True),
        (change(1, action="remove", product_id="p", quantity=3), True),
        (change(1, action="remove", product_id="q"), False),
        (change(1, action="set", product_id="p", quantity=1), False),
        (change(1, action="set", product_id="p", quantity=0), True),
        (order(1, "placed", visitor_id="v"), True),
        (order(1, "paid", visitor_id="v"), True),
        (order(1, "pending", visitor_id="v"), True),
        (order(1, "failed", visitor_id="v"), False),
        (order(1, "cancelled", visitor_id="v"), False),
        (order(1, "refunded", visitor_id="v"), False),
        (order(1, "placed", visitor_id="w"), False),
        (order(1, "placed", visitor_id="v", shop_id="t"), False),
        (order(1, "placed", visitor_id="v", occurred=-DAY), True),
    ],
)
def test_an_episode_ends_with_the_last_line_or_an_order(end: Line, ended: bool) -> None:
    assert (times(add(0, quantity=2), end) == []) is ended


def test_removing_one_of_two_lines_ends_nothing() -> None:
    assert times(add(0), add(0, product_id="q"), change(1, action="remove", product_id="p")) == [(0, 1 + IDLE)]


@pytest.mark.parametrize(("at", "fired"), [(IDLE - 1, []), (IDLE, [(0, IDLE)]), (IDLE + 1, [(0, IDLE)])])
def test_an_order_at_the_deadline_comes_too_late(at: int, fired: list[tuple[int, int]]) -> None:
    assert times(add(0), order(at, visitor_id="v")) == fired


def test_an_order_empties_the_cart_so_that_any_quantity_is_more() -> None:
    again = change(2, action="set", product_id="p", quantity=1)
    assert times(add(0, quantity=5), order(1, visitor_id="v"), again) == [(2, 2 + IDLE)]


def test_an_order_that_failed_leaves_the_cart() -> None:
    again = change(HOUR, action="set", product_id="p", quantity=5)
    assert times(add(0, quantity=5), order(1, "failed", visitor_id="v"), again) == [(0, IDLE)]


# Links


def test_a_visitor_whom_nobody_knows_is_not_written_to() -> None:
    [one] = decided(consent(0), add(0))
    assert (one["decision"], one["contact_id"]) == ("no_contact", None)


@pytest.mark.parametrize(
    "first", [linked(1), add(1, contact_id="c"), order(1, "failed", visitor_id="v", contact_id="c")]
)
def test_any_event_that_names_both_links_them(first: Line) -> None:
    assert reasons(consent(0), add(0), first) == ["relaunch"]


def test_the_latest_link_holds() -> None:
    lines = (add(0), linked(1, contact="c"), linked(2, contact="d"), view(3))
    assert [one["contact_id"] for one in decided(*lines)] == ["d"]


@pytest.mark.parametrize(("at", "reason"), [(IDLE - 1, "relaunch"), (IDLE, "no_contact")])
def test_a_link_counts_from_when_it_arrives(at: int, reason: str) -> None:
    identified = order(at, "failed", visitor_id="v", contact_id="c")
    assert reasons(consent(0), add(0), identified) == [reason]


# Purchases


@pytest.mark.parametrize(("at", "reason"), [(-1, "relaunch"), (0, "purchased"), (1, "purchased")])
def test_an_order_stops_from_the_trigger_on(at: int, reason: str) -> None:
    assert reasons(consent(-1), add(0, contact_id="c"), order(1, occurred=at, contact_id="c")) == [reason]


@pytest.mark.parametrize(("at", "reason"), [(IDLE - 1, "purchased"), (IDLE, "relaunch")])
def test_an_order_that_arrives_at_the_deadline_is_not_known_yet(at: int, reason: str) -> None:
    assert reasons(consent(-1), add(0, contact_id="c"), order(at, contact_id="c")) == [reason]


def test_a_late_add_is_compared_by_when_it_happened() -> None:
    assert reasons(consent(-DAY), order(-HOUR, contact_id="c"), add(0, occurred=-HOUR, contact_id="c")) == ["purchased"]
    assert reasons(consent(-DAY), order(-HOUR, contact_id="c"), add(0, occurred=1 - HOUR, contact_id="c")) == [
        "relaunch"
    ]


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        ([order(2, "cancelled", contact_id="c")], "relaunch"),
        ([order(2, "cancelled", occurred=0, contact_id="c")], "purchased"),
        ([order(2, "cancelled", occurred=1, contact_id="c")], "relaunch"),
        ([order(2, "cancelled", contact_id="c"), order(3, "paid", contact_id="c")], "purchased"),
        ([order(2, "cancelled", contact_id="c"), order(3, "paid", occurred=1, contact_id="c")], "relaunch"),
        ([order(2, "cancelled", contact_id="c"), order(3, "paid", occurred=2, contact_id="c")], "purchased"),
        ([order(2, "cancelled", contact_id="c", order_id="another")], "purchased"),
        ([order(2, "refunded", contact_id="d")], "purchased"),
    ],
)
def test_the_latest_status_of_an_order_counts_and_the_later_arrival_on_ties(later: list[Line], reason: str) -> None:
    assert reasons(consent(0), add(0, contact_id="c"), order(1, "placed", contact_id="c"), *later) == [reason]


def test_the_time_of_an_order_is_that_of_its_latest_status() -> None:
    paid_since = [order(-HOUR, "placed", contact_id="c"), add(0, contact_id="c"), order(1, "paid", contact_id="c")]
    assert reasons(consent(-DAY), *paid_since) == ["purchased"]


@pytest.mark.parametrize("status", ["placed", "paid", "pending"])
def test_an_order_on_any_device_of_the_contact_stops(status: str) -> None:
    assert reasons(consent(0), add(0, contact_id="c"), linked(0, "w"), order(1, status, visitor_id="w")) == [
        "purchased"
    ]


def test_an_order_by_an_unlinked_visitor_goes_to_the_first_contact_it_is_linked_to() -> None:
    both_left = [consent(0), consent(0, contact_id="d"), add(0, "v", contact_id="c"), add(0, "w", contact_id="d")]
    ordered = order(1, visitor_id="x")
    assert reasons(*both_left, ordered) == ["relaunch", "relaunch"]
    assert reasons(*both_left, ordered, linked(2, "x", "c")) == ["purchased", "relaunch"]
    assert reasons(*both_left, ordered, linked(2, "x", "c"), linked(3, "x", "d")) == ["purchased", "relaunch"]


def test_an_order_that_names_a_contact_counts_for_whoever_has_its_address_too() -> None:
    both_left = [consent(0), consent(0, contact_id="d"), add(0, "v", contact_id="c"), add(0, "w", contact_id="d")]
    described = contact(0, email="ada@example.com")
    elsewhere = order(1, visitor_id="x", contact_id="d", email="ada@example.com")
    assert reasons(*both_left, described, linked(0, "x", "c"), elsewhere) == ["purchased", "purchased"]


@pytest.mark.parametrize(
    ("ordered_with", "known_by"),
    [
        ({"email": "ADA@Example.com"}, {"email": "ada@example.com"}),
        ({"phone": "06 12 34 56 78"}, {"phone": "+33612345678"}),
        (
            {"email": "x@example.com", "phone": "0033612345678"},
            {"email": "ada@example.com", "phone": "+33 6 12 34 56 78"},
        ),
        ({"visitor_id": "unlinked", "email": "ada@example.com"}, {"email": "ada@example.com"}),
    ],
)
def test_an_order_by_address_counts_for_the_contact_that_has_it_or_comes_to_have_it(
    ordered_with: Line, known_by: Line
) -> None:
    left = [consent(0), add(0, contact_id="c")]
    assert reasons(*left, order(1, **ordered_with)) == ["relaunch"]
    assert reasons(*left, contact(1, **known_by), order(2, **ordered_with)) == ["purchased"]
    assert reasons(*left, order(1, **ordered_with), contact(2, **known_by)) == ["purchased"]
    assert reasons(*left, order(1, **ordered_with), contact(2, **known_by, shop_id="t")) == ["relaunch"]


def test_an_order_by_a_linked_visitor_counts_for_whoever_has_its_address_too() -> None:
    left = [consent(0), add(0, contact_id="c"), contact(0, email="ada@example.com")]
    assert reasons(*left, linked(0, "w", "d"), order(1, visitor_id="w", email="ada@example.com")) == ["purchased"]


def test_an_address_that_the_latest_record_lacks_is_not_the_contacts_any_more() -> None:
    moved = [contact(0, email="ada@example.com"), contact(1, email="ada@example.org")]
    assert reasons(consent(0), add(0, contact_id="c"), *moved, order(2, email="ada@example.com")) == ["relaunch"]


# Consent


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([], "no_consent"),
        ([consent(0)], "relaunch"),
        ([consent(0, channel="sms"), consent(0, channel="ads"), consent(0, purpose="tracking")], "no_consent"),
        ([consent(0, contact_id="d")], "no_consent"),
        ([consent(0, shop_id="t")], "no_consent"),
        ([consent(0), consent(1, "withdrawn")], "no_consent"),
        ([consent(0), consent(1, "withdrawn", channel="sms"), consent(1, "withdrawn", purpose="tracking")], "relaunch"),
        ([consent(0), consent(1, "withdrawn", occurred=-1)], "relaunch"),
        ([consent(0), consent(1, "withdrawn", occurred=0)], "no_consent"),
        ([consent(0, "withdrawn"), consent(1, occurred=-1)], "no_consent"),
        ([consent(0, "withdrawn"), consent(1, occurred=0)], "no_consent"),
        ([consent(0, "withdrawn"), consent(1)], "relaunch"),
        ([consent(0, "withdrawn", occurred=HOUR), consent(1)], "relaunch"),
        ([consent(IDLE - 1)], "relaunch"),
        ([consent(IDLE)], "no_consent"),
        ([consent(0), consent(IDLE - 1, "withdrawn")], "no_consent"),
        ([consent(0), consent(IDLE, "withdrawn")], "relaunch"),
    ],
)
def test_the_latest_consent_counts_and_a_withdrawal_wins_ties(changes: list[Line], reason: str) -> None:
    assert reasons(add(0, contact_id="c"), *changes) == [reason]


# Pressure


@pytest.mark.parametrize(("after", "reason"), [(DAY - 1, "pressure"), (DAY, "relaunch"), (DAY + 1, "relaunch")])
@pytest.mark.parametrize("device", ["v", "w"])
def test_one_relaunch_a_day_per_contact_on_whatever_device(after: int, reason: str, device: str) -> None:
    assert reasons(consent(0), add(0, contact_id="c"), add(after, device, contact_id="c")) == ["relaunch", reason]


@pytest.mark.parametrize(("after", "reason"), [(HOUR - 1, "pressure"), (HOUR, "relaunch")])
def test_the_cap_is_the_scenarios(after: int, reason: str) -> None:
    assert reasons(consent(0), add(0, contact_id="c"), add(after, contact_id="c"), once_per=HOUR) == [
        "relaunch",
        reason,
    ]


def test_what_was_suppressed_does_not_count_against_the_cap() -> None:
    lines = [consent(0), add(0, contact_id="c"), add(DAY - 1, contact_id="c"), add(DAY + HOUR, contact_id="c")]
    assert reasons(*lines) == ["relaunch", "pressure", "relaunch"]


def test_other_contacts_shops_and_scenarios_have_caps_of_their_own() -> None:
    consents = [consent(0), consent(0, contact_id="d"), consent(0, shop_id="t")]
    adds = [add(0, contact_id="c"), add(1, "w", contact_id="d"), add(2, contact_id="c", shop_id="t")]
    both = [CART_REMINDER, {"name": "sooner", "idle_for": HOLD}]
    all_told = decisions_of([*consents, *adds], both, True)
    assert [(one["scenario"], one["decision"]) for one in all_told] == [("sooner", "relaunch")] * 3 + [
        ("cart-reminder", "relaunch")
    ] * 3


def test_deadlines_at_one_time_fire_in_the_order_of_the_visitors_subjects() -> None:
    lines = [consent(0), *(add(0, visitor, contact_id="c") for visitor in ("v2", "v10", "v1"))]
    assert [(one["visitor_id"], one["decision"]) for one in decided(*lines)] == [
        ("v1", "relaunch"),
        ("v10", "pressure"),
        ("v2", "pressure"),
    ]


def test_a_deadline_that_was_moved_fires_once_at_its_new_place_in_line() -> None:
    lines = [add(0, "v"), add(1, "w"), view(2, "v")]
    assert [(one["visitor_id"], one["decided_at"] - NINE) for one in decided(*lines)] == [
        ("w", 1 + IDLE),
        ("v", 2 + IDLE),
    ]


# Reasons in their order


def test_reasons_are_checked_in_their_order() -> None:
    relaunched = [consent(0), add(0, contact_id="c")]
    again = add(HOUR, contact_id="c")
    withdrawn, bought = consent(HOUR, "withdrawn"), order(HOUR, contact_id="c")
    assert reasons(*relaunched, again)[1] == "pressure"
    assert reasons(*relaunched, again, withdrawn)[1] == "no_consent"
    assert reasons(*relaunched, again, withdrawn, bought)[1] == "purchased"
    assert reasons(*relaunched, add(HOUR, "unknown"), withdrawn, bought)[1] == "no_contact"


# Duplicates and bad events


def test_a_duplicate_changes_nothing_at_once_or_much_later() -> None:
    granted, bought = consent(0), order(1, visitor_id="v", contact_id="c")
    lines = [granted, bought, consent(2, "withdrawn"), add(3, contact_id="c")]
    again = [{**one, "at": NINE + 4} for one in (bought, granted)]
    assert decided(*lines, *again) == decided(*lines)
    assert times(add(0), {**(first := add(DAY)), "at": NINE + DAY}, {**first, "at": NINE + 9 * DAY}) == [
        (0, IDLE),
        (DAY, DAY + IDLE),
    ]


def test_an_event_id_is_known_on_every_topic_of_its_shop_and_in_no_other() -> None:
    assert times(view(0, event_id="same"), add(1, event_id="same")) == []
    assert times(view(0, event_id="same", shop_id="t"), add(1, event_id="same")) == [(1, 1 + IDLE)]


def test_the_id_of_an_event_not_taken_in_is_free() -> None:
    crawler = view(0, event_id="same", user_agent="Googlebot/2.1")
    assert times(add(0, event_id="same", quantity=-1), crawler, add(1, event_id="same")) == [(1, 1 + IDLE)]


@pytest.mark.parametrize(
    "broken",
    [
        add(0, v=2),
        add(0, v=True),
        add(0, event_id=None),
        add(0, shop_id=""),
        add(0, visitor_id=7),
        add(0, action="steal"),
        add(0, product_id=None),
        add(0, quantity=-1),
        add(0, quantity=0),
        add(0, quantity="2"),
        add(0, quantity=1.5),
        add(0, currency="euro"),
        add(0, occurred=-NINE),
        add(0, occurred=DAY + 1),
        add(0, occurred_at="2024-05-06"),
        add(0, occurred_at=946_684_799_999),
        change(0, action="set", product_id="p"),
        {"topic": "cart-adds", "at": NINE, "value": None},
        {"topic": "cart-adds", "at": NINE, "value": [add(0)]},
        {"topic": "nowhere", "at": NINE, "value": add(0)["value"]},
    ],
)
def test_an_invalid_cart_change_changes_nothing(broken: Line) -> None:
    assert times(broken) == []


@pytest.mark.parametrize("edge", [add(0, occurred=DAY), add(0, occurred_at=946_684_800_000), add(0, weather="fine")])
def test_the_last_valid_ones_are_taken_in(edge: Line) -> None:
    assert len(times(edge)) == 1


@pytest.mark.parametrize(
    "broken",
    [
        order(1, visitor_id=None),
        order(1, "maybe", visitor_id="v"),
        order(1, visitor_id="v", lines=None),
        order(1, visitor_id="v", lines=[{"product_id": "p", "quantity": -1, "unit_price_minor": 1}]),
        order(1, visitor_id="v", total_minor="9.90"),
        order(1, visitor_id="v", currency="EURO"),
        order(1, visitor_id="v", email="a@example.com\r\nBcc: b@example.com"),
        order(1, visitor_id="v", email="a@example.com,b@example.com"),
        order(1, visitor_id="v", phone="call me"),
    ],
)
def test_an_invalid_order_changes_nothing(broken: Line) -> None:
    assert times(add(0), broken) == [(0, IDLE)]


@pytest.mark.parametrize("text", ["06 12 34 56 78", "06.12.34.56.78", "0033 6 12 34 56 78", "+33 6 12-34-56-78"])
def test_a_phone_number_has_one_normal_form(text: str) -> None:
    assert normal_phone(text) == "+33612345678"
