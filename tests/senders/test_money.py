"""Claims about how a price reads."""

import pytest

from senders.money import price


@pytest.mark.parametrize(
    ("minor", "currency", "french", "english"),
    [
        (1999, "EUR", "19,99 €", "€19.99"),
        (0, "EUR", "0,00 €", "€0.00"),
        (5, "EUR", "0,05 €", "€0.05"),
        (123450, "GBP", "1\u202f234,50 £", "£1,234.50"),
        (1_000_000_00, "USD", "1\u202f000\u202f000,00 USD", "USD 1,000,000.00"),
        (1500, "JPY", "1\u202f500 JPY", "JPY 1,500"),
        (999, "XPF", "999 XPF", "XPF 999"),
        (1234, "TND", "1,234 TND", "TND 1.234"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency_and_the_signs_of_the_language(
    minor: int, currency: str, french: str, english: str
) -> None:
    assert price(minor, currency, "fr").replace("\u00a0", " ") == french
    assert price(minor, currency, "en").replace("\u00a0", " ") == english


def test_no_line_breaks_within_a_price() -> None:
    assert " " not in price(123450, "CHF", "fr") + price(123450, "CHF", "en")
