"""How does a price read?"""

from schemas.money import minor_digits

#: Signs that mean one currency only; the others keep their code.
_SIGNS = {"EUR": "€", "GBP": "£"}
_NO_BREAK, _NARROW_NO_BREAK = "\u00a0", "\u202f"


def price(minor: int, currency: str, language: str) -> str:
    """Return an amount in minor units (cents, whole yen) as `fr` or `en` writes it: `1 234,50 €`, `€1,234.50`."""
    digits = minor_digits(currency)
    whole, part = divmod(minor, 10**digits)
    if language == "fr":
        return _number(whole, part, digits, _NARROW_NO_BREAK, ",") + _NO_BREAK + _SIGNS.get(currency, currency)
    return _SIGNS.get(currency, currency + _NO_BREAK) + _number(whole, part, digits, ",", ".")


def _number(whole: int, part: int, digits: int, thousands: str, decimal: str) -> str:
    grouped = f"{whole:,}".replace(",", thousands)
    return f"{grouped}{decimal}{part:0{digits}}" if digits else grouped
