"""Claims about what words and links of others may do."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senders.untrusted import given_name, plain, web_link


@given(st.text())
def test_plain_text_is_one_line_without_controls_and_stays_as_it_is(text: str) -> None:
    cleaned = plain(text)
    assert len(cleaned.splitlines()) <= 1
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cs", "Zl", "Zp"}
    assert plain(cleaned) == cleaned


@pytest.mark.parametrize(
    "text", ["Théière", "你好", "שלום", "مرحبا", "👩‍👩‍👧 🇫🇷", "19,99\u00a0€", "O’Neill & Söhne", "می‌خواهم"]
)
def test_words_of_every_script_pass_unchanged(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("name", ["Anaïs", "Jean-Pierre", "J. R.", "O’Neill", "Мария", "  Anna\t"])
def test_a_name_greets(name: str) -> None:
    assert given_name(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [None, "", " \r\n", "evil.example", "www.evil.example", "http://evil", "a@b", "Win 1000 €", "x" * 41, "<b>", "{{7}}"],
)  # fmt: skip
def test_what_looks_like_an_advertisement_does_not_greet(name: str | None) -> None:
    assert given_name(name) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://boutique.example",
        "http://boutique.example:8080/p/1?a=1&b=%20#top",
        "HTTPS://Boutique.example/",
        "https://boutique.example/thé",
        "https://xn--caf-dma.example/",
        "https://[2001:db8::1]/",
        "https://boutique.example/?to=//evil.example",
        "https://boutique.example/@shop",
        "https://boutique.example/" + "x" * (2048 - 25),
    ],
)
def test_an_absolute_web_link_passes_unchanged(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "//evil.example",
        "/p/1",
        "boutique.example",
        "https:evil.example",
        "https:///evil.example",
        "https://",
        "https://shop.example@evil.example/",
        "https://user:password@evil.example/",
        "https://shop.example\\@evil.example",
        "\\\\evil.example",
        "https://evil.example\\.shop.example",
        "ftp://shop.example/",
        "mailto:a@b.example",
        "https://shop.example:99999/",
        "https://shop.example:port/",
        "https://[::1",
        "https://shop.example/a b",
        "https://shop.example/\r\nBcc: x",
        "https://shop.example/\x00",
        "https://shop.example/\u202egpj",
        "https://boutique.example/" + "x" * (2049 - 25),
    ],
)
def test_any_other_link_is_left_out(url: str | None) -> None:
    assert web_link(url) is None
