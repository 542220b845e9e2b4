"""Claims about what is in a cart after each kind of change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import LARGEST_QUANTITY
from streams.core.cart import MAX_LINES, MAX_QUANTITY, Lines, after
from streams.core.events import Line
from tests.core.events import changed

LAMP, SOFA = Line("lamp", 2, 990, "EUR"), Line("sofa", 1, 990, "EUR")


@pytest.mark.parametrize(
    ("action", "quantity", "left", "put_more"),
    [
        pytest.param("add", None, 3, True, id="add one, unsaid"),
        pytest.param("add", 5, 7, True, id="add five"),
        pytest.param("set", 1, 1, False, id="set lower"),
        pytest.param("set", 2, 2, False, id="set to what it was"),
        pytest.param("set", 3, 3, True, id="set higher"),
        pytest.param("set", 0, 0, False, id="set to nothing"),
        pytest.param("remove", 1, 1, False, id="remove one of two"),
        pytest.param("remove", 2, 0, False, id="remove both"),
        pytest.param("remove", 3, 0, False, id="remove more than there are"),
        pytest.param("remove", None, 0, False, id="remove the line"),
    ],
)
def test_a_change_leaves_so_many_and_says_whether_it_put_more_in(
    action: str, quantity: int | None, left: int, put_more: bool
) -> None:
    lines, more = after((LAMP,), changed(action, "lamp", quantity))
    assert sum(line.quantity for line in lines) == left
    assert len(lines) == (left > 0)
    assert more is put_more


def test_emptying_takes_everything_out() -> None:
    assert after((LAMP, SOFA), changed("empty", None)) == ((), False)


@pytest.mark.parametrize("action", ["remove", "set"])
def test_taking_out_what_is_not_there_changes_nothing(action: str) -> None:
    assert after((LAMP,), changed(action, "sofa", 0 if action == "set" else 1)) == ((LAMP,), False)


def test_a_set_of_what_was_not_there_puts_more_in() -> None:
    assert after((LAMP,), changed("set", "sofa", 1)) == ((LAMP, SOFA), True)


def test_a_line_that_changes_takes_the_latest_price_and_the_last_place() -> None:
    cheap = Line("lamp", 1, 100, "EUR")
    assert after((cheap, SOFA), changed("add", "lamp", 1))[0] == (SOFA, LAMP)


@pytest.mark.parametrize(("held", "left"), [(MAX_QUANTITY - 2, -1), (MAX_QUANTITY - 1, 0), (MAX_QUANTITY, 0)])
def test_adding_up_ends_where_the_wire_ends(held: int, left: int) -> None:
    lines, more = after((Line("lamp", held, None, None),), changed("add", "lamp", 1))
    assert (lines[0].quantity, more) == (MAX_QUANTITY + left, True)


def test_the_limit_of_a_line_is_that_of_the_wire() -> None:
    assert MAX_QUANTITY == LARGEST_QUANTITY


@pytest.mark.parametrize(("held", "first_left"), [(MAX_LINES - 1, "p0"), (MAX_LINES, "p1")])
def test_one_product_too_many_makes_the_oldest_line_leave(held: int, first_left: str) -> None:
    lines, _ = after(tuple(Line(f"p{number}", 1, None, None) for number in range(held)), changed("add", "new"))
    assert len(lines) == MAX_LINES
    assert (lines[0].product_id, lines[-1].product_id) == (first_left, "new")


_changes = st.lists(
    st.tuples(st.sampled_from(["add", "set", "remove", "empty"]), st.sampled_from(["lamp", "sofa"]), st.integers(0, 3))
)


@given(_changes)
def test_no_line_is_ever_held_twice_or_without_a_quantity(changes: list[tuple[str, str, int]]) -> None:
    lines: Lines = ()
    for action, product_id, quantity in changes:
        lines, _ = after(lines, changed(action, product_id, quantity if action == "set" else quantity or None))
        assert len({line.product_id for line in lines}) == len(lines)
        assert all(line.quantity > 0 for line in lines)
