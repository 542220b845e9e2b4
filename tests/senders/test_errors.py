"""Claims about the reasons that senders give."""

from datetime import timedelta

import pytest

from senders import errors
from senders.errors import NeverSend, Reason, SenderError, TryAgain, Unknown


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_word_for_metrics_and_a_sentence_for_people(reason: Reason) -> None:
    assert reason.value.replace("_", "").isalpha()
    assert reason.sentence.endswith(".")
    assert f"{reason}" == reason.value


def test_an_error_tells_its_reason_and_the_providers_codes() -> None:
    later = TryAgain(timedelta(minutes=5), Reason.BUSY, "RCPT: 450 4.2.0")
    assert (later.after, later.reason, later.detail) == (timedelta(minutes=5), "busy", "RCPT: 450 4.2.0")
    assert "450 4.2.0" in str(later)
    assert str(NeverSend(Reason.NO_ADDRESS)) == "no_address: We have no e-mail address for this person."
    assert Unknown().reason is Reason.LOST_CONTACT


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = errors.__doc__ or ""
    found = [name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, SenderError)]
    assert all(name in drawn for name in found)
