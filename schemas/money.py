"""In which currencies can a shop be paid, and how small is their smallest coin?

ISO 4217 as of January 2026 (Bulgaria pays in euros), without funds, metals and test codes.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from schemas.errors import Reason, Undecodable

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"

CURRENCIES = frozenset(_CODES.split())
_DECIMALS = (
    dict.fromkeys(CURRENCIES, 2) | dict.fromkeys(_NO_DECIMALS.split(), 0) | dict.fromkeys(_THREE_DECIMALS.split(), 3)
)


def minor_digits(currency: str) -> int:
    """Return how many decimals an amount has: 2 for EUR (1999 is 19.99), 0 for JPY, 3 for TND."""
    return _DECIMALS[currency]


def _current(code: str) -> str:
    if code not in CURRENCIES:
        raise Undecodable(Reason.BAD_CURRENCY)
    return code


#: A current currency of ISO 4217; lower case is accepted and made upper case.
Currency = Annotated[str, Field(pattern="^[A-Za-z]{3}$"), StringConstraints(to_upper=True), AfterValidator(_current)]
