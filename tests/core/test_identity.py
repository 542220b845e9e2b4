"""Claims about subjects and fingerprints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.identity import CONTACT, MAIL, PHONE, VISITOR, Subject, fingerprint, parsed, subject


@given(
    st.sampled_from([VISITOR, CONTACT, MAIL, PHONE]), st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True), st.text()
)
def test_a_subject_taken_apart_is_what_it_was_made_of(kind: str, shop_id: str, id: str) -> None:
    assert parsed(subject(kind, shop_id, id)) == Subject(kind, shop_id, id)


def test_an_id_may_hold_colons() -> None:
    assert parsed(b"visitor:s:a:b:") == Subject("visitor", "s", "a:b:")


def test_a_fingerprint_outlives_releases() -> None:
    assert fingerprint(b"secret", "anna@example.org") == "aba63b38a4e2ee143bcebe78504c1ce4"


@pytest.mark.parametrize(("secret", "address"), [(b"other", "anna@example.org"), (b"secret", "bert@example.org")])
def test_a_fingerprint_depends_on_the_secret_and_the_address(secret: bytes, address: str) -> None:
    assert fingerprint(secret, address) != fingerprint(b"secret", "anna@example.org")
