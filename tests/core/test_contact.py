"""Claims about what a contact decides: which reason comes first, what counts as bought, allowed, or too soon."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.contact import (
    MAX_DEVICES,
    MAX_ORDERS,
    MAX_SCENARIOS,
    Contact,
    after_candidate,
    after_consent,
    after_link,
    after_order,
    relaunch_id,
)
from streams.core.decisions import Decision, LineLeft, Relaunch
from streams.core.events import Candidate
from tests.core.events import DAY, HOUR, MINUTE, NINE, consented, left, ordered, told
from tests.core.story import ANNA, BERT, Story

DUE = NINE + 30 * MINUTE
YES = after_consent(Contact(), consented(id="yes"), at=NINE - DAY)


def decide(contact: Contact, candidate: Candidate | None = None, now: int = DUE) -> tuple[Contact, Decision, Relaunch]:
    contact, decision, relaunch = after_candidate(contact, "s", "anna", candidate or left(), now=now)
    assert relaunch is not None, decision
    return contact, decision, relaunch


def refusal(contact: Contact, candidate: Candidate | None = None, now: int = DUE) -> tuple[str, tuple[str, ...]]:
    """Return the reason and the evidence that is not of the episode."""
    unchanged, decision, relaunch = after_candidate(contact, "s", "anna", candidate or left(), now=now)
    assert (unchanged, relaunch) == (contact, None), "a no changes nothing and sends nothing"
    return decision.decision, decision.evidence[1:]


def bought(contact: Contact, status: str = "placed", *, at: int = NINE, order_id: str = "o1", id: str = "o") -> Contact:
    return after_order(contact, ordered(status, id=id, order_id=order_id), at=at)


# The order of the reasons


def test_a_consenting_contact_is_written_to_with_the_consent_as_evidence() -> None:
    _, decision, relaunch = decide(YES)
    assert decision.decision == "relaunch"
    assert decision.evidence == relaunch.evidence == ("add", "yes")


def test_the_evidence_names_the_last_activity_if_it_is_another_event_than_the_first() -> None:
    assert decide(YES, left(last_id="view"))[1].evidence == ("add", "view", "yes")


@pytest.mark.parametrize("has_bought", [True, False])
@pytest.mark.parametrize("has_withdrawn", [True, False])
@pytest.mark.parametrize("was_written_to", [True, False])
def test_the_first_reason_that_holds_decides(has_bought: bool, has_withdrawn: bool, was_written_to: bool) -> None:
    contact = YES
    if was_written_to:
        contact, *_ = decide(contact, left("earlier"))
    if has_withdrawn:
        contact = after_consent(contact, consented(False), at=NINE)
    if has_bought:
        contact = bought(contact)
    reasons = {"purchased": has_bought, "no_consent": has_withdrawn, "pressure": was_written_to}
    expected = next((reason for reason, holds in reasons.items() if holds), "relaunch")
    assert after_candidate(contact, "s", "anna", left(), now=DUE)[1].decision == expected


# Purchases


@pytest.mark.parametrize(("at", "counts"), [(NINE - 1, False), (NINE, True), (NINE + 1, True)])
def test_an_order_counts_from_the_very_moment_of_the_trigger(at: int, counts: bool) -> None:
    decision = after_candidate(bought(YES, at=at), "s", "anna", left(trigger_at=NINE), now=DUE)[1]
    assert (decision.decision == "purchased") is counts


@pytest.mark.parametrize(
    ("status", "counts"),
    [("placed", 1), ("paid", 1), ("pending", 1), ("failed", 0), ("cancelled", 0), ("refunded", 0)],
)
def test_an_order_counts_unless_it_came_to_nothing(status: str, counts: int) -> None:
    decision = after_candidate(bought(YES, status), "s", "anna", left(), now=DUE)[1]
    assert (decision.decision == "purchased") == counts


def test_the_evidence_of_a_purchase_is_the_first_one_since_the_trigger() -> None:
    contact = YES
    for id, at in (("later", NINE + 2), ("first", NINE + 1), ("before", NINE - 1), ("last", NINE + 3)):
        contact = bought(contact, at=at, order_id=id, id=id)
    assert refusal(contact) == ("purchased", ("first",))


@pytest.mark.parametrize(
    ("cancelled_at", "decision"),
    [pytest.param(NINE, "purchased", id="before"), pytest.param(NINE + 2, "relaunch", id="after")],
)
def test_an_order_counts_by_its_latest_status_in_whatever_order_the_news_come(cancelled_at: int, decision: str) -> None:
    news = [(ordered("paid"), NINE + 1), (ordered("cancelled"), cancelled_at)]
    for telling in (news, news[::-1]):
        contact = YES
        for event, at in telling:
            contact = after_order(contact, event, at=at)
        assert after_candidate(contact, "s", "anna", left(), now=DUE)[1].decision == decision


@pytest.mark.parametrize("last", ["paid", "cancelled"])
def test_of_two_statuses_at_the_same_instant_the_one_heard_last_counts(last: str) -> None:
    contact = bought(bought(YES, "cancelled" if last == "paid" else "paid"), last)
    assert contact.orders["o1"].status == last


def test_a_refunded_order_leaves_another_one_standing() -> None:
    assert refusal(bought(bought(YES), "refunded", order_id="o2", at=NINE + 1)) == ("purchased", ("o",))


def test_an_order_handed_over_counts_like_one_that_names_the_contact() -> None:
    assert refusal(after_order(YES, told("pending", id="by phone"), at=NINE)) == ("purchased", ("by phone",))


@pytest.mark.parametrize(("others", "is_kept"), [(MAX_SCENARIOS - 1, True), (MAX_SCENARIOS, False)])
def test_when_it_was_written_to_is_remembered_for_so_many_scenarios(others: int, is_kept: bool) -> None:
    contact, *_ = decide(YES, left(scenario="first"))
    for number in range(others):
        contact, *_ = decide(contact, left(scenario=f"s{number}"), now=DUE + 1)
    assert len(contact.relaunched) == MAX_SCENARIOS
    assert ("first" in contact.relaunched) is is_kept


@pytest.mark.parametrize(("others", "is_kept"), [(MAX_ORDERS - 1, True), (MAX_ORDERS, False)])
def test_a_contact_forgets_its_oldest_order_when_it_has_too_many(others: int, is_kept: bool) -> None:
    contact = bought(YES, at=NINE, order_id="oldest")
    for number in range(others):
        contact = bought(contact, at=NINE + 1 + number, order_id=f"o{number}")
    assert len(contact.orders) == MAX_ORDERS
    assert ("oldest" in contact.orders) is is_kept


@pytest.mark.parametrize("status", ["failed", "cancelled", "refunded"])
def test_an_order_that_stops_nothing_is_forgotten_before_an_older_one_that_does(status: str) -> None:
    contact = bought(YES, status, at=NINE + DAY, order_id="stops nothing")
    for number in range(MAX_ORDERS):
        contact = bought(contact, at=NINE + number, order_id=f"o{number}")
    assert sorted(contact.orders) == sorted(f"o{number}" for number in range(MAX_ORDERS))


# Consent


def test_nobody_has_consented_at_first() -> None:
    assert refusal(Contact()) == ("no_consent", ())


def test_a_withdrawal_is_the_evidence_of_a_no() -> None:
    assert refusal(after_consent(YES, consented(False, id="no"), at=NINE)) == ("no_consent", ("no",))


@pytest.mark.parametrize(("channel", "purpose"), [("sms", "marketing"), ("ads", "marketing"), ("email", "tracking")])
def test_only_consent_to_marketing_by_email_allows_an_email(channel: str, purpose: str) -> None:
    yes = consented(channel=channel, purpose=purpose)
    assert refusal(after_consent(Contact(), yes, at=NINE)) == ("no_consent", ())


@pytest.mark.parametrize(("channel", "purpose"), [("sms", "marketing"), ("ads", "marketing"), ("email", "tracking")])
def test_only_a_no_to_marketing_by_email_forbids_an_email(channel: str, purpose: str) -> None:
    decide(after_consent(YES, consented(False, channel=channel, purpose=purpose), at=NINE))


@pytest.mark.parametrize(("yes_at", "is_granted"), [(NINE - 1, False), (NINE, False), (NINE + 1, True)])
def test_of_a_yes_and_a_no_the_later_counts_and_at_the_same_instant_the_no(yes_at: int, is_granted: bool) -> None:
    news = [(consented(True), yes_at), (consented(False), NINE)]
    for telling in (news, news[::-1]):
        contact = Contact()
        for event, at in telling:
            contact = after_consent(contact, event, at=at)
        assert contact.consents["email/marketing"].granted is is_granted


_news_of_consent = st.lists(st.tuples(st.booleans(), st.integers(NINE, NINE + 3)), min_size=1)


@given(_news_of_consent.flatmap(lambda news: st.tuples(st.just(news), st.permutations(news))))
def test_consent_does_not_depend_on_the_order_in_which_it_is_heard(
    tellings: tuple[list[tuple[bool, int]], list[tuple[bool, int]]],
) -> None:
    def heard(news: Iterable[tuple[bool, int]]) -> tuple[int, bool]:
        contact = Contact()
        for granted, at in news:
            contact = after_consent(contact, consented(granted), at=at)
        consent = contact.consents["email/marketing"]
        return consent.at, consent.granted

    one, other = tellings
    assert heard(one) == heard(other)


_statuses = st.sampled_from(["placed", "paid", "failed", "refunded"])
#: No more orders than are remembered; of one order, no two statuses at the same instant: that tie goes to the one heard last.
_news_of_orders = st.dictionaries(st.tuples(st.integers(1, MAX_ORDERS), st.integers(NINE, NINE + 3)), _statuses)


@given(_news_of_orders.flatmap(lambda news: st.tuples(*[st.permutations(sorted(news.items()))] * 2)))
def test_orders_do_not_depend_on_the_order_in_which_they_are_heard(
    tellings: tuple[list[tuple[tuple[int, int], str]], list[tuple[tuple[int, int], str]]],
) -> None:
    def heard(news: Iterable[tuple[tuple[int, int], str]]) -> Contact:
        contact = Contact()
        for (order, at), status in news:
            contact = bought(contact, status, at=at, order_id=f"o{order:03}", id=f"o{order} at {at}")
        return contact

    one, other = tellings
    assert heard(one).orders == heard(other).orders


# Pressure


@pytest.mark.parametrize(
    ("later_ms", "decision"), [(DAY - 1, "pressure"), (DAY, "relaunch"), (DAY + 1, "relaunch"), (0, "pressure")]
)
def test_the_next_message_is_allowed_exactly_a_day_after_the_last(later_ms: int, decision: str) -> None:
    contact, *_ = decide(YES, left("first"))
    again = after_candidate(contact, "s", "anna", left("second"), now=DUE + later_ms)[1]
    assert again.decision == decision
    assert again.evidence == ("second", "add", "first" if decision == "pressure" else "yes")


def test_what_was_suppressed_exerts_no_pressure() -> None:
    contact, *_ = decide(YES, left("first"))
    refusal(contact, left("second"), now=DUE + DAY - 1)
    decide(contact, left("third"), now=DUE + DAY)


def test_each_scenario_has_a_pressure_of_its_own() -> None:
    contact, *_ = decide(YES, left("first"))
    decide(contact, left("second", scenario="hasty"))


def test_the_window_is_that_of_the_candidate() -> None:
    contact, *_ = decide(YES, left("first"))
    decide(contact, left("second", once_per_ms=HOUR), now=DUE + HOUR)


# What is said, and to whom


def test_a_relaunch_says_what_to_write_to_whom_until_when_and_why() -> None:
    _, decision, relaunch = decide(YES, now=DUE + 7)
    assert relaunch == Relaunch(
        event_id=f"{decision.relaunch_id}/1",
        shop_id="s",
        occurred_at=DUE + 7,
        relaunch_id=decision.relaunch_id,
        contact_id="anna",
        visitor_id="laptop",
        visitor_ids=("laptop",),
        cart_id="cart-1",
        scenario="cart-reminder",
        step=1,
        channel="email",
        template="cart-reminder",
        once_per=DAY,
        trigger_at=NINE,
        due_at=DUE,
        decided_at=DUE + 7,
        expires_at=DUE + DAY,
        lines=(LineLeft("lamp", 1, 990, "EUR"),),
        evidence=("add", "yes"),
    )


def test_a_relaunch_names_every_device_of_the_contact() -> None:
    contact = after_link(after_link(YES, "phone"), "tablet")
    assert set(decide(contact)[2].visitor_ids) == {"phone", "tablet", "laptop"}


def test_a_device_linked_again_changes_nothing() -> None:
    contact = after_link(after_link(YES, "phone"), "tablet")
    assert after_link(contact, "phone") == contact


@pytest.mark.parametrize(("others", "is_known"), [(MAX_DEVICES - 1, True), (MAX_DEVICES, False)])
def test_a_contact_forgets_its_first_device_when_it_has_too_many(others: int, is_known: bool) -> None:
    contact = after_link(YES, "first")
    for number in range(others):
        contact = after_link(contact, f"v{number}")
    assert len(contact.visitor_ids) == MAX_DEVICES
    assert ("first" in contact.visitor_ids) is is_known


def test_the_id_of_a_message_is_32_hex_digits_that_outlive_releases() -> None:
    assert relaunch_id("s", "anna", "cart-reminder", "add", 1) == "ca1e4260c3d872feb4df47edde5b4081"


@given(st.lists(st.tuples(*[st.text("ab:/", max_size=3)] * 4, st.integers(1, 12)), min_size=2, max_size=2, unique=True))
def test_two_messages_never_have_the_same_id(messages: list[tuple[str, str, str, str, int]]) -> None:
    one, other = (relaunch_id(*message) for message in messages)
    assert one != other


def test_the_same_candidate_decided_twice_is_the_same_message() -> None:
    assert decide(YES, now=DUE)[1].relaunch_id == decide(YES, now=DUE + 1)[1].relaunch_id


def test_contacts_keep_apart() -> None:
    story = Story()
    story.tell(NINE, ANNA, consented())
    story.append(DUE, ANNA, left())
    story.append(DUE, BERT, left())
    assert story.decided == ["relaunch", "no_consent"]
