"""Claims about unsubscribe tokens."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senders.unsubscribe import BadToken, Unsubscription, address, read, token

SECRET = b"a secret of thirty-two characters"
EARLIER = b"the secret of the year before last"
ANNA = Unsubscription("boutique", "anna", "email", "marketing")
TOKEN = token(ANNA, SECRET)


@given(st.builds(Unsubscription, *(st.text(st.characters(exclude_categories=["Cs"]), max_size=256) for _ in range(4))))
def test_a_token_says_what_was_put_into_it(unsubscription: Unsubscription) -> None:
    assert read(token(unsubscription, SECRET), SECRET) == unsubscription


def test_a_token_is_the_same_whenever_it_is_made_and_fits_into_a_link() -> None:
    assert token(ANNA, SECRET) == TOKEN
    assert address("https://relance.example/", TOKEN) == f"https://relance.example/unsubscribe/{TOKEN}"
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_links_in_mails_already_sent_keep_working() -> None:
    assert TOKEN == (
        "0686352e.WyJib3V0aXF1ZSIsImFubmEiLCJlbWFpbCIsIm1hcmtldGluZyJd.5F1a_bLfu9hTOf-Ra8B67tTvcdoEkBDPZSCW3d6qZFk"
    )


@given(position=st.integers(0, len(TOKEN) - 1), character=st.characters())
def test_an_altered_token_is_refused_or_says_the_same(position: int, character: str) -> None:
    altered = TOKEN[:position] + character + TOKEN[position + 1 :]
    try:
        assert read(altered, SECRET) == ANNA
    except BadToken:
        assert altered != TOKEN


@given(st.integers(0, len(TOKEN) - 1))
def test_a_truncated_token_is_refused(length: int) -> None:
    with pytest.raises(BadToken):
        read(TOKEN[:length], SECRET)


@given(st.text(max_size=300) | st.just("x" * 10_000) | st.just(TOKEN * 200))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        read(text, SECRET)


def test_a_token_signed_under_another_secret_is_refused() -> None:
    with pytest.raises(BadToken):
        read(token(ANNA, EARLIER), SECRET)


def test_a_token_that_borrows_the_key_id_of_the_right_secret_is_refused() -> None:
    key_id, _, _ = TOKEN.partition(".")
    _, _, signed = token(ANNA, EARLIER).partition(".")
    with pytest.raises(BadToken):
        read(f"{key_id}.{signed}", SECRET)


def test_another_contacts_payload_under_this_ones_signature_is_refused() -> None:
    key_id, _, signature = TOKEN.split(".")
    payload = base64.urlsafe_b64encode(b'["boutique","bob","email","marketing"]').rstrip(b"=").decode()
    with pytest.raises(BadToken):
        read(f"{key_id}.{payload}.{signature}", SECRET)


def test_after_the_secret_has_changed_earlier_tokens_still_work() -> None:
    assert read(token(ANNA, EARLIER), SECRET, EARLIER) == ANNA
    assert read(TOKEN, SECRET, EARLIER) == ANNA


def test_no_secret_means_no_token() -> None:
    with pytest.raises(BadToken):
        read(TOKEN)
