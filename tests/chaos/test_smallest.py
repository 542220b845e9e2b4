"""Claims about shrinking a failing recording."""

import pytest

from tests.chaos.smallest import Line, smallest


def numbered(*numbers: int) -> list[Line]:
    return [{"at": number} for number in numbers]


@pytest.mark.parametrize("needed", [(0,), (99,), (0, 99), (41, 42), (3, 50, 51, 97), tuple(range(0, 100, 3))])
def test_only_what_is_needed_to_fail_is_left(needed: tuple[int, ...]) -> None:
    wanted = numbered(*needed)
    assert smallest(numbered(*range(100)), lambda lines: all(line in lines for line in wanted)) == wanted


def test_what_is_left_fails_and_nothing_of_it_can_be_left_out() -> None:
    def fails(lines: list[Line]) -> bool:
        total: int = sum(line["at"] for line in lines)
        return total % 7 == 3

    least = smallest(numbered(*range(1, 60), 3 - sum(range(1, 60)) % 7), fails)
    assert fails(least)
    assert not any(fails(least[:place] + least[place + 1 :]) for place in range(len(least)))


def test_what_fails_with_nothing_at_all_shrinks_to_nothing() -> None:
    assert smallest(numbered(1, 2, 3), lambda lines: True) == []
