"""How is an e-mail address or a phone number written so that one person's is always the same text?

Law 1  Normalising twice gives what normalising once gives.
Law 2  What is returned fits into a mail's header and an SMTP command: one address, no line break.
"""

import unicodedata
from typing import Annotated

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from schemas.errors import Reason, Undecodable

LONGEST_EMAIL = 320
LONGEST_PHONE = 64
PLACEHOLDERS = frozenset({"null", "undefined", "none", "n/a", "na", "nan", "nil", "-"})


def normal_email(text: str) -> str:
    """Return an e-mail address in lower case, Unicode NFC, its domain in Unicode; raise `Undecodable`.

    Nothing is asked of the DNS. The local part is lower-cased against RFC 5321, which lets servers tell cases apart:
    none in use does, and two spellings of one address would be two people. Plus tags and dots are kept.
    """
    address = text.strip(" ")
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in address[:LONGEST_EMAIL]):
        raise Undecodable(Reason.EMAIL_CONTROL_CHARACTER)
    if address.count("@") > 1 or any(mark in address for mark in ",;<>"):
        raise Undecodable(Reason.EMAIL_NOT_ONE_ADDRESS)
    return unicodedata.normalize("NFC", _checked(address).lower())


def _checked(address: str) -> str:
    if address.lower() in PLACEHOLDERS:
        raise Undecodable(Reason.BAD_EMAIL, "a placeholder word: leave the field out")
    if len(address) > LONGEST_EMAIL:
        raise Undecodable(Reason.BAD_EMAIL, "too long")
    try:
        return validate_email(address, check_deliverability=False, strict=True).normalized
    except EmailNotValidError:
        # Its message quotes the address.
        raise Undecodable(Reason.BAD_EMAIL) from None


def normal_phone(text: str, region: str = "FR") -> str:
    """Return a phone number as E.164 (`+33639980001`); raise `Undecodable`.

    `region` (ISO 3166) is where a number without a country code is dialled. A number passes if it has a length that
    can be dialled: tables of number ranges age, and an order must not be lost because its number is newer than they.
    Whether a number takes SMS is for the channel to ask.
    """
    if len(text) > LONGEST_PHONE or any(character.isalpha() for character in text):
        raise Undecodable(Reason.BAD_PHONE, "letters, or too long")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        # Its message quotes the number.
        raise Undecodable(Reason.BAD_PHONE) from None
    if not phonenumbers.is_possible_number(number):
        raise Undecodable(Reason.BAD_PHONE, "too short or too long for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


#: An e-mail address, normalised.
Email = Annotated[str, AfterValidator(normal_email)]
#: A phone number, normalised to E.164; French unless it has a country code.
Phone = Annotated[str, AfterValidator(normal_phone)]
