"""Are the made-up people the same each time, and as many as asked for?"""

import pytest

from schemas.addresses import normal_email
from streams.converters.people import People, Share, consent, contact


def test_the_same_id_gives_the_same_person() -> None:
    assert contact("c1", 5) == contact("c1", 5)


def test_nobody_could_be_a_real_person() -> None:
    domains = {str(contact(f"c{number}", 0).fields["email"]).partition("@")[2] for number in range(100)}
    assert domains == {"example.com", "example.org"}


def test_the_address_is_written_in_its_normal_form() -> None:
    email = str(contact("c1", 0).fields["email"])
    assert normal_email(email) == email


def test_half_speak_french_and_half_english() -> None:
    french = sum(contact(f"c{number}", 0).fields["locale"] == "fr" for number in range(1_000))
    assert 450 < french < 550


def test_a_language_can_be_asked_for() -> None:
    assert contact("c1", 0, locale="fr").fields["locale"] == "fr"
    assert contact("c1", 0, locale="en").fields["locale"] == "en"


@pytest.mark.parametrize(("share", "least", "most"), [("all", 1_000, 1_000), ("half", 450, 550), ("none", 0, 0)])
def test_as_many_have_a_contact_as_asked_for(share: Share, least: int, most: int) -> None:
    people = People(share)
    assert least <= sum(bool(people.introduced(f"c{number}", 0)) for number in range(1_000)) <= most


def test_somebody_is_introduced_once() -> None:
    people = People("all")
    assert [record.topic for record in people.introduced("c1", 5)] == ["contacts", "consent-changes"]
    assert people.introduced("c1", 6) == []


def test_a_yes_and_a_no_carry_their_evidence() -> None:
    granted, withdrawn = consent("c1", 5, state="granted"), consent("c1", 6, state="withdrawn")
    assert granted.event_id != withdrawn.event_id
    assert granted.fields["evidence"] == {"source": "account-form", "text_version": "2"}
    assert withdrawn.fields["evidence"] == {"source": "preferences-page", "text_version": "2"}
