"""Claims about what a visitor notices: when an episode opens and ends, and who hears of it."""

import pytest

from streams.core.events import Candidate, DeviceLinked, FromShop, Line, OrderHandedOver
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.core.visitor import MAX_ORDERS
from tests.core.events import DAY, HOUR, MINUTE, NINE, changed, consented, ordered, viewed
from tests.core.story import ANNA, BERT, LAPTOP, PHONE, REMINDER, Story

DUE = NINE + 30 * MINUTE
STOPPING, OTHERS = ["placed", "paid", "pending"], ["failed", "cancelled", "refunded"]


def a_cart(*rules: CartRules, contact_id: str | None = None) -> Story:
    """A cart that is filled at nine."""
    story = Story(*rules)
    story.tell(NINE, LAPTOP, changed("add", contact_id=contact_id))
    return story


def candidates(story: Story, key: bytes = ANNA) -> list[Candidate]:
    return [notice for told, notice in story.notices if told == key and isinstance(notice, Candidate)]


# When an episode opens


@pytest.mark.parametrize(("at", "decided"), [(DUE - 1, []), (DUE, ["no_contact"]), (DUE + 1, ["no_contact"])])
def test_an_add_opens_an_episode_that_ends_when_silence_has_lasted(at: int, decided: list[str]) -> None:
    story = a_cart()
    story.pass_time(at)
    assert story.decided == decided


@pytest.mark.parametrize(
    ("quantity", "opens"), [pytest.param(1, False, id="the same"), pytest.param(2, True, id="more")]
)
def test_a_set_opens_an_episode_only_if_it_raises_a_quantity(quantity: int, opens: bool) -> None:
    story = a_cart()
    story.pass_time(DUE)
    story.tell(DUE + 1, LAPTOP, changed("set", "lamp", quantity))
    story.pass_time(DUE + DAY)
    assert len(story.decisions) == 1 + opens


@pytest.mark.parametrize(
    "event", [viewed(), changed("remove"), changed("set", "lamp", 0), changed("empty", None), ordered()]
)
def test_nothing_else_opens_an_episode(event: FromShop) -> None:
    story = Story()
    story.tell(NINE, LAPTOP, event)
    story.pass_time(NINE + DAY)
    assert story.decisions == []
    assert story.partition.pending == 0


def test_an_add_while_an_episode_is_open_opens_no_second_one() -> None:
    story = a_cart()
    story.tell(NINE + MINUTE, LAPTOP, changed("add", "sofa"))
    story.pass_time(NINE + DAY)
    assert [(d.trigger_at, d.evidence) for d in story.decisions] == [(NINE, ("e1", "e2"))]


# What moves its deadline


@pytest.mark.parametrize(
    "event", [viewed(), changed("add"), changed("add", "sofa"), changed("remove", "sofa"), changed("set", "lamp", 1)]
)
def test_any_activity_moves_the_deadline(event: FromShop) -> None:
    story = a_cart()
    story.tell(NINE + MINUTE, LAPTOP, event)
    story.pass_time(DUE + MINUTE - 1)
    assert story.decided == []
    story.pass_time(DUE + MINUTE)
    assert story.decided == ["no_contact"]


@pytest.mark.parametrize("status", OTHERS)
def test_an_order_that_came_to_nothing_is_no_activity_and_ends_nothing(status: str) -> None:
    story = a_cart()
    story.tell(NINE + MINUTE, LAPTOP, ordered(status))
    story.pass_time(DUE)
    assert story.decided == ["no_contact"]


def test_another_visitors_activity_moves_nothing() -> None:
    story = a_cart()
    story.tell(NINE + MINUTE, PHONE, viewed())
    story.pass_time(DUE)
    assert story.decided == ["no_contact"]


def test_a_clock_that_is_ahead_moves_the_deadline_no_further_than_its_arrival() -> None:
    story = a_cart()
    story.tell(NINE + MINUTE, LAPTOP, viewed(), happened_at=NINE + 20 * HOUR)
    story.pass_time(DUE + MINUTE)
    assert story.decided == ["no_contact"]


def test_an_add_from_the_future_is_said_to_have_happened_when_it_arrived() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"), happened_at=NINE + HOUR)
    story.pass_time(DUE)
    assert [decision.trigger_at for decision in story.decisions] == [NINE]


@pytest.mark.parametrize(("at", "decided"), [(NINE + 5 * MINUTE - 1, []), (NINE + 5 * MINUTE, ["no_contact"])])
def test_an_add_that_arrives_a_day_late_waits_the_minimum_hold(at: int, decided: list[str]) -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add"), happened_at=NINE - DAY)
    story.pass_time(at)
    assert story.decided == decided
    assert all(decision.trigger_at == NINE - DAY for decision in story.decisions)


# What ends it


@pytest.mark.parametrize(("at", "decided"), [(DUE - 1, []), (DUE, ["no_contact"])])
def test_activity_exactly_at_the_deadline_comes_too_late(at: int, decided: list[str]) -> None:
    story = a_cart()
    story.tell(at, LAPTOP, viewed())
    assert story.decided == decided


@pytest.mark.parametrize("status", STOPPING)
@pytest.mark.parametrize(("at", "ended"), [(DUE - 1, "ordered"), (DUE, "abandoned")])
def test_an_order_before_the_deadline_ends_the_episode_and_one_at_it_does_not(status: str, at: int, ended: str) -> None:
    story = a_cart()
    story.tell(at, LAPTOP, ordered(status))
    story.pass_time(NINE + DAY)
    assert story.ended == [ended]


def test_an_order_made_long_before_the_cart_but_told_now_still_ends_the_episode() -> None:
    story = a_cart()
    story.tell(NINE + MINUTE, LAPTOP, ordered(), happened_at=NINE - DAY)
    story.pass_time(NINE + DAY)
    assert story.ended == ["ordered"]


def test_an_order_empties_the_cart() -> None:
    story = a_cart(contact_id="anna")
    story.tell(NINE + 1, LAPTOP, ordered("placed"))
    story.tell(NINE + 2, LAPTOP, changed("add", "sofa"))
    story.pass_time(NINE + DAY)
    assert [line.product_id for line in candidates(story)[0].lines] == ["sofa"]


@pytest.mark.parametrize("action", ["empty", "remove", "set"])
def test_a_cart_without_a_line_ends_the_episode_silently(action: str) -> None:
    story = a_cart()
    story.tell(NINE + 1, LAPTOP, changed(action, None if action == "empty" else "lamp", 0 if action == "set" else None))
    story.pass_time(NINE + DAY)
    assert (story.ended, story.decisions) == (["emptied"], [])
    assert story.partition.pending == 0


def test_removing_one_product_of_two_ends_nothing() -> None:
    story = a_cart()
    story.tell(NINE, LAPTOP, changed("add", "sofa"))
    story.tell(NINE, LAPTOP, changed("remove", "lamp"))
    story.pass_time(DUE)
    assert story.ended == ["abandoned"]


def test_after_a_candidate_the_lines_stay_and_the_next_add_opens_a_new_episode() -> None:
    story = a_cart(contact_id="anna")
    story.pass_time(DUE)
    story.tell(DUE + MINUTE, LAPTOP, viewed())
    story.tell(DUE + HOUR, LAPTOP, changed("add", "sofa"))
    story.pass_time(NINE + DAY)
    first, second = candidates(story)
    assert [line.product_id for line in first.lines] == ["lamp"]
    assert [line.product_id for line in second.lines] == ["lamp", "sofa"]
    assert (second.trigger_at, second.trigger_id) == (DUE + HOUR, "e3")


# What is told


def test_a_candidate_carries_the_episode_the_cart_and_the_terms_of_its_scenario() -> None:
    story = Story(CartRules(name="hasty", idle_for_ms=MINUTE, once_per_ms=HOUR, expires_after_ms=2 * HOUR))
    story.tell(NINE, LAPTOP, changed("add", contact_id="anna", cart_id="cart-1"))
    story.tell(NINE + 1, LAPTOP, changed("add", "sofa", 2))
    story.pass_time(NINE + HOUR)
    (told,) = candidates(story)
    assert (told.visitor_id, told.cart_id, told.lines) == (
        "laptop",
        "cart-1",
        (Line("lamp", 1, 990, "EUR"), Line("sofa", 2, 990, "EUR")),
    )
    assert (told.trigger_id, told.trigger_at, told.last_id, told.due_at) == ("e1", NINE, "e2", NINE + 1 + MINUTE)
    assert (told.scenario, told.step, told.channel, told.template) == ("hasty", 1, "email", "cart-reminder")
    assert (told.once_per_ms, told.expires_after_ms) == (HOUR, 2 * HOUR)


def test_a_cart_keeps_the_id_it_was_last_given_until_it_is_ordered() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, changed("add", contact_id="anna", cart_id="cart-1"))
    story.tell(NINE, LAPTOP, changed("add", cart_id="cart-2"))
    story.tell(NINE, LAPTOP, changed("add"))
    story.pass_time(DUE)
    story.tell(DUE, LAPTOP, ordered("paid"))
    story.tell(DUE, LAPTOP, changed("add"))
    story.pass_time(NINE + DAY)
    assert [told.cart_id for told in candidates(story)] == ["cart-2", None]


def test_each_scenario_has_an_episode_of_its_own_and_the_earlier_deadline_is_told_first() -> None:
    hasty = CartRules(name="hasty", idle_for_ms=MINUTE)
    story = a_cart(REMINDER, hasty)
    story.pass_time(NINE + MINUTE)
    story.tell(NINE + MINUTE, LAPTOP, changed("add"))
    story.pass_time(NINE + DAY)
    told = [(decision.scenario, decision.trigger_at) for decision in story.decisions]
    assert told == [("hasty", NINE), ("hasty", NINE + MINUTE), ("cart-reminder", NINE)]
    assert len({decision.relaunch_id for decision in story.decisions}) == 3


def test_the_episode_of_a_scenario_that_is_no_longer_there_ends_in_silence() -> None:
    story = a_cart(REMINDER)
    other = Partition((CartRules(name="other"),))
    for key, stored in story.changes.items():
        other.restore(key, stored)
    other.restored()
    later = Story(partition=other)
    later.pass_time(NINE + DAY)
    assert (later.decisions, later.ended, later.partition.pending) == ([], [], 0)


# Who is told


def test_a_visitor_is_linked_by_the_first_event_that_names_a_contact() -> None:
    story = a_cart()
    story.tell(NINE + MINUTE, LAPTOP, viewed(contact_id="anna"))
    story.tell(NINE + MINUTE, LAPTOP, viewed(contact_id="anna"))
    assert story.notices == [(ANNA, DeviceLinked(visitor_id="laptop"))]


@pytest.mark.parametrize(
    "event",
    [viewed(contact_id="anna"), changed("add", contact_id="anna"), ordered("refunded", contact_id="anna")],
)
def test_any_event_that_names_a_contact_links(event: FromShop) -> None:
    story = Story()
    story.tell(NINE, LAPTOP, event)
    assert story.notices == [(ANNA, DeviceLinked(visitor_id="laptop"))]


@pytest.mark.parametrize(("linked_at", "told"), [(DUE - 1, BERT), (DUE, ANNA)])
def test_a_candidate_goes_to_the_contact_that_the_visitor_is_linked_to_when_the_deadline_fires(
    linked_at: int, told: bytes
) -> None:
    story = a_cart(contact_id="anna")
    story.tell(linked_at, LAPTOP, ordered("failed", contact_id="bert"))
    story.pass_time(DUE)
    assert [len(candidates(story, who)) for who in (ANNA, BERT)] == [told == ANNA, told == BERT]


def test_a_link_goes_by_arrival_not_by_when_it_happened() -> None:
    story = a_cart(contact_id="anna")
    story.tell(NINE + 1, LAPTOP, viewed(contact_id="bert"), happened_at=NINE - DAY)
    story.pass_time(NINE + DAY)
    assert len(candidates(story, BERT)) == 1


def test_an_order_of_a_linked_visitor_is_handed_over_at_once() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, viewed(contact_id="anna"))
    story.tell(NINE + MINUTE, LAPTOP, ordered("refunded", order_id="o7"), happened_at=NINE)
    told, notice = story.notices[-1]
    assert told == ANNA
    assert isinstance(notice, OrderHandedOver)
    assert (notice.order_id, notice.status, notice.at, notice.id) == ("o7", "refunded", NINE, "e2")


def test_an_order_that_names_the_contact_is_not_handed_over_besides() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, ordered("paid", contact_id="anna"))
    assert story.notices == [(ANNA, DeviceLinked(visitor_id="laptop"))]


def test_what_a_visitor_ordered_while_unknown_goes_to_its_first_contact_and_to_no_later_one() -> None:
    story = Story()
    story.tell(NINE, LAPTOP, ordered("placed", order_id="o1"))
    story.tell(NINE, LAPTOP, ordered("failed", order_id="o2"))
    assert story.notices == []
    story.tell(NINE + 1, LAPTOP, viewed(contact_id="anna"))
    story.tell(NINE + 2, LAPTOP, viewed(contact_id="bert"))
    told = [(key, notice.order_id) for key, notice in story.notices if isinstance(notice, OrderHandedOver)]
    assert told == [(ANNA, "o1"), (ANNA, "o2")]


@pytest.mark.parametrize(("orders", "first_told"), [(MAX_ORDERS, "o0"), (MAX_ORDERS + 1, "o1")])
def test_an_unknown_visitor_keeps_the_latest_orders_only(orders: int, first_told: str) -> None:
    story = Story()
    for number in range(orders):
        story.tell(NINE, LAPTOP, ordered(order_id=f"o{number}"))
    story.tell(NINE, LAPTOP, viewed(contact_id="anna"))
    told = [notice.order_id for _, notice in story.notices if isinstance(notice, OrderHandedOver)]
    assert (told[0], len(told)) == (first_told, MAX_ORDERS)


def test_a_purchase_on_one_device_stops_the_message_about_the_cart_on_another() -> None:
    story = a_cart(contact_id="anna")
    story.tell(NINE, ANNA, consented())
    story.tell(NINE + 1, PHONE, ordered("paid"))
    story.tell(NINE + 2, PHONE, viewed(contact_id="anna"))
    story.pass_time(DUE)
    assert story.decided == ["purchased"]
