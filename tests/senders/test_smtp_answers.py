"""Claims about what a relay's answers mean, one by one."""

import pytest
from aiosmtplib import SMTPConnectError, SMTPResponseException, SMTPServerDisconnected

from senders.errors import Misconfigured, NeverSend, Reason, TryAgain, Unknown
from senders.smtp_answers import WAITS, Stage, answering, connecting, meaning

RECIPIENTS = [Stage.RCPT, Stage.DATA]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("450 4.2.0 greylisted", Reason.BUSY),
        ("451 4.7.1 come back in 300 seconds", Reason.BUSY),
        ("421 closing", Reason.BUSY),
        ("452 4.5.3 too many recipients", Reason.BUSY),
        ("452 4.2.2 over quota", Reason.MAILBOX_FULL),
    ],
)
def test_a_temporary_refusal_is_tried_again(stage: Stage, answer: str, reason: Reason) -> None:
    told = meaning(stage, int(answer[:3]), answer[4:])
    assert isinstance(told, TryAgain)
    assert (told.reason, told.after) == (reason, WAITS[reason])


@pytest.mark.parametrize("stage", RECIPIENTS)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("550 5.1.1 no such user", Reason.HARD_BOUNCE),
        ("550 5.1.2 no such domain", Reason.HARD_BOUNCE),
        ("556 5.1.10 takes no mail", Reason.HARD_BOUNCE),
        ("550 5.1.7 your address is odd", Reason.POLICY),
        ("550 5.1.8 your domain is unknown", Reason.POLICY),
        ("550 5.7.1 blocked", Reason.POLICY),
        ("550 5.7.26 not authenticated", Reason.POLICY),
        ("550 5.7.515 not authenticated", Reason.POLICY),
        ("554 5.7.1 blocked", Reason.POLICY),
        ("550 no such user", Reason.REFUSED),
        ("550 5.10.1 no such status", Reason.REFUSED),
        ("550 4.2.2 of another class", Reason.REFUSED),
        ("552 5.3.4 too big", Reason.REFUSED),
        ("550 5.2.1 disabled", Reason.REFUSED),
        ("554 no", Reason.REFUSED),
        ("500 what", Reason.REFUSED),
    ],
)
def test_a_lasting_refusal_is_never_tried_again(stage: Stage, answer: str, reason: Reason) -> None:
    told = meaning(stage, int(answer[:3]), answer[4:])
    assert isinstance(told, NeverSend)
    assert told.reason is reason


@pytest.mark.parametrize("stage", RECIPIENTS)
@pytest.mark.parametrize("answer", ["552 5.2.2 over quota", "552 mailbox full", "550 5.2.2 over quota"])
def test_a_full_mailbox_is_tried_again_later(stage: Stage, answer: str) -> None:
    told = meaning(stage, int(answer[:3]), answer[4:])
    assert isinstance(told, TryAgain)
    assert told.reason is Reason.MAILBOX_FULL


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "553 not yours", "550 5.7.1 blocked", "554 no"])
def test_a_refusal_of_our_own_address_says_nothing_about_the_recipient(answer: str) -> None:
    told = meaning(Stage.MAIL, int(answer[:3]), answer[4:])
    assert isinstance(told, NeverSend)
    assert told.reason is Reason.POLICY


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_relay_that_wants_a_login_stops_the_sender(stage: Stage, code: int) -> None:
    assert isinstance(meaning(stage, code, "5.7.0 authentication required"), Misconfigured)


@pytest.mark.parametrize(
    ("stage", "error"), [(Stage.MAIL, TryAgain), (Stage.RCPT, TryAgain), (Stage.DATA, Unknown)]
)  # fmt: skip
@pytest.mark.parametrize("code", [-1, 0, 200, 251, 354, 600])
def test_an_answer_that_makes_no_sense_is_like_silence(stage: Stage, error: type[Exception], code: int) -> None:
    assert isinstance(meaning(stage, code, "what"), error)


@pytest.mark.parametrize(
    ("stage", "error"), [(Stage.MAIL, TryAgain), (Stage.RCPT, TryAgain), (Stage.DATA, Unknown)]
)  # fmt: skip
@pytest.mark.parametrize("lost", [SMTPServerDisconnected("gone"), TimeoutError(), ConnectionResetError()])
def test_a_lost_connection_is_tried_again_until_data_and_unknown_from_then_on(
    stage: Stage, error: type[Exception], lost: Exception
) -> None:
    with pytest.raises(error), answering(stage):
        raise lost


def test_the_relays_words_are_not_kept() -> None:
    with pytest.raises(NeverSend) as refusal, answering(Stage.RCPT):
        raise SMTPResponseException(550, "5.1.1 <anna@mail.example>: no such user")
    assert refusal.value.detail == "RCPT: 550 5.1.1"
    assert "anna" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    ("code", "error"), [(421, TryAgain), (454, TryAgain), (535, Misconfigured), (554, Misconfigured)]
)
def test_a_relay_that_turns_us_away_for_good_stops_the_sender(code: int, error: type[Exception]) -> None:
    with pytest.raises(error), connecting("relay.example:587"):
        raise SMTPResponseException(code, "no")


def test_a_relay_that_cannot_be_reached_is_tried_again() -> None:
    with pytest.raises(TryAgain) as refusal, connecting("relay.example:587"):
        raise SMTPConnectError("refused")
    assert refusal.value.reason is Reason.UNREACHABLE
