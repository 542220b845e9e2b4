"""Claims about reasons."""

from streams.core.decisions import Reason


def test_the_reasons_are_checked_in_this_order() -> None:
    assert list(Reason) == ["no_contact", "purchased", "no_consent", "pressure"]


def test_every_reason_has_a_sentence_that_can_be_read_out() -> None:
    for reason in Reason:
        assert reason.sentence.endswith(".")
        assert reason.sentence.startswith(("We ", "This person "))
    assert len({reason.sentence for reason in Reason}) == len(Reason)
