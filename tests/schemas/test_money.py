"""Claims about currencies."""

import pytest

from schemas.money import CURRENCIES, minor_digits


def test_currencies_are_three_capital_letters() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize("code", ["EUR", "USD", "GBP", "CHF", "XOF", "XPF", "SLE", "ZWG", "XCG"])
def test_current_currencies_are_known(code: str) -> None:
    assert code in CURRENCIES


@pytest.mark.parametrize("code", ["FRF", "HRK", "BGN", "SLL", "ZWL", "ANG", "CUC", "XAU", "XTS", "XXX", "BTC"])
def test_former_currencies_metals_and_test_codes_are_not(code: str) -> None:
    assert code not in CURRENCIES


@pytest.mark.parametrize(("code", "digits"), [("EUR", 2), ("JPY", 0), ("XPF", 0), ("TND", 3)])
def test_amounts_have_the_decimals_of_their_currency(code: str, digits: int) -> None:
    assert minor_digits(code) == digits
