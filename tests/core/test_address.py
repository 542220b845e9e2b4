"""Claims about orders that name no more than an address."""

import pytest

from streams.core.events import OrderHandedOver
from streams.core.visitor import MAX_ORDERS
from tests.core.events import DAY, MINUTE, NINE, changed, consented, known, ordered
from tests.core.story import ANNA, ANNAS_MAIL, BERT, LAPTOP, Story


def handed_over(story: Story) -> list[tuple[bytes, str]]:
    return [(key, notice.order_id) for key, notice in story.notices if isinstance(notice, OrderHandedOver)]


def test_an_order_from_a_known_address_goes_to_its_contact_at_once() -> None:
    story = Story()
    story.tell(NINE, ANNAS_MAIL, known("anna"))
    story.tell(NINE, ANNAS_MAIL, ordered("failed", order_id="o1"))
    assert handed_over(story) == [(ANNA, "o1")]


def test_orders_from_an_unknown_address_wait_until_somebody_has_it_and_go_once() -> None:
    story = Story()
    story.tell(NINE, ANNAS_MAIL, ordered(order_id="o1"))
    story.tell(NINE, ANNAS_MAIL, ordered(order_id="o2"))
    assert handed_over(story) == []
    story.tell(NINE, ANNAS_MAIL, known("anna"))
    story.tell(NINE, ANNAS_MAIL, known("anna"))
    assert handed_over(story) == [(ANNA, "o1"), (ANNA, "o2")]


@pytest.mark.parametrize(
    ("named", "told"), [pytest.param("anna", [], id="its owner"), pytest.param("bert", [(ANNA, "o1")], id="another")]
)
def test_an_order_that_names_the_owner_of_its_address_is_not_handed_over_besides(
    named: str, told: list[tuple[bytes, str]]
) -> None:
    story = Story()
    story.tell(NINE, ANNAS_MAIL, known("anna"))
    story.tell(NINE, ANNAS_MAIL, ordered(contact_id=named))
    assert handed_over(story) == told


def test_an_order_that_names_a_contact_waits_for_the_owner_of_its_address_all_the_same() -> None:
    story = Story()
    story.tell(NINE, ANNAS_MAIL, ordered(contact_id="bert"))
    story.tell(NINE, ANNAS_MAIL, known("anna"))
    assert handed_over(story) == [(ANNA, "o1")]


def test_an_address_belongs_to_whoever_said_so_last() -> None:
    story = Story()
    story.tell(NINE, ANNAS_MAIL, known("anna"))
    story.tell(NINE, ANNAS_MAIL, known("bert"))
    story.tell(NINE, ANNAS_MAIL, ordered())
    assert handed_over(story) == [(BERT, "o1")]


@pytest.mark.parametrize(("orders", "first_told"), [(MAX_ORDERS, "o0"), (MAX_ORDERS + 1, "o1")])
def test_an_unknown_address_keeps_the_latest_orders_only(orders: int, first_told: str) -> None:
    story = Story()
    for number in range(orders):
        story.tell(NINE, ANNAS_MAIL, ordered(order_id=f"o{number}"))
    story.tell(NINE, ANNAS_MAIL, known("anna"))
    assert (handed_over(story)[0], len(handed_over(story))) == ((ANNA, first_told), MAX_ORDERS)


def test_an_order_counts_from_when_it_happened_however_late_its_address_is_known() -> None:
    story = Story()
    story.tell(NINE, ANNA, consented())
    story.tell(NINE, ANNAS_MAIL, ordered("paid"), happened_at=NINE - 1)
    story.tell(NINE, LAPTOP, changed("add", contact_id="anna"))
    story.tell(NINE + MINUTE, ANNAS_MAIL, known("anna"))
    story.pass_time(NINE + DAY)
    assert story.decided == ["relaunch"]


def test_a_guest_who_turns_out_to_be_the_contact_is_not_written_to_about_what_they_bought() -> None:
    story = Story()
    story.tell(NINE, ANNA, consented())
    story.tell(NINE, LAPTOP, changed("add", contact_id="anna"))
    story.tell(NINE + MINUTE, ANNAS_MAIL, ordered("paid"))
    story.tell(NINE + 2 * MINUTE, ANNAS_MAIL, known("anna"))
    story.pass_time(NINE + DAY)
    assert story.decided == ["purchased"]
