"""What does a relay's answer, or its silence, mean for the message?

| when                        | what happens                                      | outcome                               |
|-----------------------------|---------------------------------------------------|---------------------------------------|
| connecting                  | refused, no answer, 4xx                           | TryAgain(unreachable, busy)           |
| connecting                  | no STARTTLS, bad certificate, login refused, 5xx  | Misconfigured: nothing is sent at all |
| MAIL, RCPT, DATA, final dot | 530, 534, 535, 538: a login is wanted             | Misconfigured                         |
| MAIL, RCPT, DATA, final dot | 4.2.2, 5.2.2, or 552 without such a status        | TryAgain(mailbox_full)                |
| MAIL, RCPT, DATA, final dot | another 4xx                                       | TryAgain(busy)                        |
| MAIL                        | another 5xx: it is our own address that they mind | NeverSend(policy)                     |
| RCPT, DATA, final dot       | 5.1.x, but for our own address (5.1.7, 5.1.8)     | NeverSend(hard_bounce)                |
| RCPT, DATA, final dot       | 5.7.x, 5.1.7, 5.1.8                               | NeverSend(policy)                     |
| RCPT, DATA, final dot       | another 5xx                                       | NeverSend(refused)                    |
| MAIL, RCPT                  | connection lost, no answer, nonsense              | TryAgain(unreachable)                 |
| DATA, final dot             | connection lost, no answer, nonsense              | Unknown                               |

Law  From the word DATA on, silence means that nobody knows. Such a message is never tried again.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum

from aiosmtplib import SMTPConnectError, SMTPException, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError

from senders.errors import Misconfigured, NeverSend, Reason, SenderError, TryAgain, Unknown

#: Shortest wait before another attempt. Greylisting, as a rule, lets the second attempt pass after five minutes.
WAITS = {
    Reason.UNREACHABLE: timedelta(minutes=1),
    Reason.BUSY: timedelta(minutes=5),
    Reason.MAILBOX_FULL: timedelta(hours=4),
}
#: What an enhanced status (RFC 3463) that begins like this means; the first that fits.
_STATUSES = (
    ("4.2.2", Reason.MAILBOX_FULL),
    ("5.2.2", Reason.MAILBOX_FULL),
    ("5.1.7", Reason.POLICY),
    ("5.1.8", Reason.POLICY),
    ("5.1.", Reason.HARD_BOUNCE),
    ("5.7.", Reason.POLICY),
    ("4", Reason.BUSY),
    ("5", Reason.REFUSED),
)
_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}\b")
_LOGIN_WANTED = {530, 534, 535, 538}


class Stage(Enum):
    """How far the handing over has come."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    #: The word DATA and everything after it, the final dot included.
    DATA = "DATA"


def meaning(stage: Stage, code: int, words: str) -> SenderError:
    """Return what an answer other than yes means; `words` are read for an enhanced status, and not kept."""
    found = _STATUS.match(words) if words[:1] == str(code)[:1] else None
    detail = f"{stage.value}: {code} {found.group() if found else ''}".rstrip()
    if code // 100 not in {4, 5}:
        return silence(stage, detail)
    if code in _LOGIN_WANTED:
        return Misconfigured(
            f"The relay wants a login ({detail}): set RELANCE_SMTP_USERNAME and RELANCE_SMTP_PASSWORD."
        )
    status = found.group() if found else "5.2.2" if code == 552 else str(code)
    reason = next(reason for start, reason in _STATUSES if status.startswith(start))
    if reason in WAITS:
        return TryAgain(WAITS[reason], reason, detail)
    return NeverSend(Reason.POLICY if stage is Stage.MAIL else reason, detail)


def silence(stage: Stage, detail: str) -> SenderError:
    """Return what a broken connection, an answer that does not come, or one that makes no sense means."""
    if stage is Stage.DATA:
        return Unknown(Reason.LOST_CONTACT, detail)
    return TryAgain(WAITS[Reason.UNREACHABLE], Reason.UNREACHABLE, detail)


@contextmanager
def answering(stage: Stage) -> Iterator[None]:
    """Raise what an answer means, or its absence, while a message is handed over."""
    try:
        yield
    except SMTPResponseException as error:
        # Without its cause, whose words may quote an address.
        raise meaning(stage, error.code, error.message) from None
    except (SMTPException, OSError) as error:
        raise silence(stage, f"{stage.value}: {type(error).__name__}") from error


@contextmanager
def connecting(relay: str) -> Iterator[None]:
    """Raise what an answer means, or its absence, until the relay is ready for a message."""
    try:
        yield
    except SMTPResponseException as error:
        if 400 <= error.code < 500:
            raise TryAgain(WAITS[Reason.BUSY], Reason.BUSY, f"connecting: {error.code}") from error
        raise Misconfigured(
            f"The relay {relay} turned us away ({error.code} {error.message}): "
            "check RELANCE_SMTP_USERNAME, RELANCE_SMTP_PASSWORD and what the relay expects of this machine."
        ) from error
    except (SMTPConnectError, SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
        fault = error if isinstance(error, ssl.SSLError) else error.__cause__
        if isinstance(fault, ssl.SSLError):
            raise Misconfigured(f"The relay {relay} cannot be trusted, so nothing was sent: {fault}.") from error
        raise silence(Stage.MAIL, f"connecting: {type(error).__name__}") from error
    except SMTPException as error:
        raise Misconfigured(f"The relay {relay} cannot be used: {error.message}") from error
