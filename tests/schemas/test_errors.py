"""Claims about reasons: they are read by people."""

import pytest

from schemas.errors import Reason, Undecodable


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_a_name_for_metrics_and_a_sentence_for_people(reason: Reason) -> None:
    assert reason.value == reason.name.lower()
    assert reason.sentence[0].isupper() or reason.sentence.startswith(("shop_id", "occurred_at", "currency"))
    assert reason.sentence.endswith(".")
    assert len(reason.sentence) <= 120


def test_no_two_reasons_say_the_same() -> None:
    assert len({reason.sentence for reason in Reason}) == len(Reason)


def test_a_refusal_reads_as_its_sentence_and_its_place() -> None:
    assert str(Undecodable(Reason.TOMBSTONE)) == Reason.TOMBSTONE.sentence
    assert str(Undecodable(Reason.MISSING_FIELD, "v")) == "A field that is required is missing. [v]"
