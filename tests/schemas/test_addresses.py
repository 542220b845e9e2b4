"""Claims about addresses: one person, one text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.addresses import normal_email, normal_phone
from schemas.errors import Reason, Undecodable

NORMAL = {
    "as it is": ("lea@mail.example", "lea@mail.example"),
    "a reserved example domain": ("lea@example.com", "lea@example.com"),
    "upper case on both sides": ("LEA.Martin@Mail.EXAMPLE", "lea.martin@mail.example"),
    "spaces around": ("  lea@mail.example ", "lea@mail.example"),
    "a plus tag is kept": ("lea+shop@mail.example", "lea+shop@mail.example"),
    "dots are kept": ("l.e.a@mail.example", "l.e.a@mail.example"),
    "an accented domain": ("lea@Théière.example", "lea@théière.example"),
    "its punycode twin": ("lea@xn--thire-6raf.example", "lea@théière.example"),
    "an accented local part": ("Léa@mail.example", "léa@mail.example"),
    "its decomposed twin": (unicodedata.normalize("NFD", "Léa@mail.example"), "léa@mail.example"),
    "a Turkish dotless i is another letter": ("lıla@mail.example", "lıla@mail.example"),
    "a role account": ("info@mail.example", "info@mail.example"),
    "64 characters before the @": ("l" * 64 + "@mail.example", "l" * 64 + "@mail.example"),
}

BAD = {
    "no @": ("lea", Reason.BAD_EMAIL),
    "nothing": ("", Reason.BAD_EMAIL),
    "null": ("null", Reason.BAD_EMAIL),
    "undefined": ("Undefined", Reason.BAD_EMAIL),
    "n/a": ("N/A", Reason.BAD_EMAIL),
    "no local part": ("@mail.example", Reason.BAD_EMAIL),
    "no domain": ("lea@", Reason.BAD_EMAIL),
    "no dot in the domain": ("lea@localhost", Reason.BAD_EMAIL),
    "a trailing dot": ("lea@mail.example.", Reason.BAD_EMAIL),
    "two dots": ("lea..m@mail.example", Reason.BAD_EMAIL),
    "a space inside": ("lea m@mail.example", Reason.BAD_EMAIL),
    "a quoted local part": ('"lea m"@mail.example', Reason.BAD_EMAIL),
    "a comment": ("lea(home)@mail.example", Reason.BAD_EMAIL),
    "an IP address": ("lea@[127.0.0.1]", Reason.BAD_EMAIL),
    "65 characters before the @": ("l" * 65 + "@mail.example", Reason.BAD_EMAIL),
    "a thousand characters": ("lea@" + "m" * 1000 + ".example", Reason.BAD_EMAIL),
    "a zero-width joiner": ("le\u200da@mail.example", Reason.BAD_EMAIL),
    "CR LF and a command": ("lea@mail.example>\r\nRCPT TO:<eve@mail.example>", Reason.EMAIL_CONTROL_CHARACTER),
    "CR LF and a header": ("lea@mail.example\r\nBcc: eve@mail.example", Reason.EMAIL_CONTROL_CHARACTER),
    "LF at the end": ("lea@mail.example\n", Reason.EMAIL_CONTROL_CHARACTER),
    "CR": ("lea\r@mail.example", Reason.EMAIL_CONTROL_CHARACTER),
    "NUL": ("lea\0@mail.example", Reason.EMAIL_CONTROL_CHARACTER),
    "a line separator": ("lea\u2028@mail.example", Reason.EMAIL_CONTROL_CHARACTER),
    "a file separator": ("lea\x1c@mail.example", Reason.EMAIL_CONTROL_CHARACTER),
    "two addresses by comma": ("lea@mail.example,eve@mail.example", Reason.EMAIL_NOT_ONE_ADDRESS),
    "two addresses by semicolon": ("lea@mail.example; eve@mail.example", Reason.EMAIL_NOT_ONE_ADDRESS),
    "two @": ("lea@eve@mail.example", Reason.EMAIL_NOT_ONE_ADDRESS),
    "a display name": ("Léa <lea@mail.example>", Reason.EMAIL_NOT_ONE_ADDRESS),
}


@pytest.mark.parametrize(("written", "normal"), NORMAL.values(), ids=NORMAL)
def test_an_address_has_one_normal_form(written: str, normal: str) -> None:
    assert normal_email(written) == normal


@pytest.mark.parametrize(("written", "reason"), BAD.values(), ids=BAD)
def test_what_is_not_one_address_is_refused_without_quoting_it(written: str, reason: Reason) -> None:
    with pytest.raises(Undecodable) as caught:
        normal_email(written)
    assert caught.value.reason is reason
    assert "lea@" not in str(caught.value)
    assert "eve@" not in str(caught.value)


def normal_or_none(text: str) -> str | None:
    try:
        return normal_email(text)
    except Undecodable:
        return None


LOCAL = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=20)
ADDRESSES = st.builds(
    "{}@{}".format, LOCAL, st.sampled_from(["mail.example", "Théière.Example", "XN--thire-6raf.example"])
)


@given(st.text() | ADDRESSES | st.emails())
def test_a_normal_address_is_its_own_normal_form_and_one_token(text: str) -> None:
    normal = normal_or_none(text)
    if normal is not None:
        assert normal_or_none(normal) == normal
        assert normal.count("@") == 1
        assert not set(normal) & set(" \t\r\n,;<>\0")
        assert normal.isprintable()


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("06 39 98 00 01", "+33639980001"),
        ("0033 6 39 98 00 01", "+33639980001"),
        ("+33 (0)6.39.98.00.01", "+33639980001"),
        ("０６３９９８０００１", "+33639980001"),
        ("01 99 00 00 01", "+33199000001"),
        ("+590 639 98 00 01", "+590639980001"),
        ("+44 7700 900123", "+447700900123"),
    ],
)
def test_a_phone_number_has_one_normal_form(written: str, normal: str) -> None:
    assert normal_phone(written) == normal


def test_a_number_without_country_code_is_dialled_in_its_region() -> None:
    assert normal_phone("0475 12 34 56", region="BE") == "+32475123456"


@pytest.mark.parametrize(
    "written",
    ["", "null", "call me", "0800 FLOWERS", "112", "36105", "+33 6 39", "1" * 16, "+999 12345678", "0" * 100, "\n"],
)
def test_what_cannot_be_dialled_is_refused_without_quoting_it(written: str) -> None:
    with pytest.raises(Undecodable) as caught:
        normal_phone(written)
    assert caught.value.reason is Reason.BAD_PHONE
    assert not written.strip() or written not in str(caught.value)


def phone_or_none(text: str) -> str | None:
    try:
        return normal_phone(text)
    except Undecodable:
        return None


@given(st.text() | st.text("0123456789+-. ()#*", min_size=6, max_size=20))
def test_a_normal_number_is_its_own_normal_form(text: str) -> None:
    normal = phone_or_none(text)
    assert normal is None or phone_or_none(normal) == normal
