"""What can keep a message from leaving, and what does whoever catches it do?

SenderError
├── TryAgain(after, reason)     not sent; another attempt may be
├── NeverSend(reason)           not sent, and never to be
├── Unknown(reason)             sent or not, nobody can say; never resent
└── Misconfigured               not sent; every message would fare the same until somebody mends the installation
"""

from datetime import timedelta

from schemas.worded import Worded
from streams.core import decisions


class Reason(Worded):
    """Why a sender did not, or may not have, reached somebody. The sentence is for a support agent to read out."""

    UNREACHABLE = "unreachable", "The mail relay could not be reached."
    BUSY = "busy", "The mail provider asked us to come back later."
    MAILBOX_FULL = "mailbox_full", "This person's mailbox is full."
    HARD_BOUNCE = "hard_bounce", "The mail provider says that this address does not exist."
    POLICY = "policy", "The mail provider does not take our mail at present; this person is not the reason."
    REFUSED = "refused", "The mail provider refused this message for good."
    LOST_CONTACT = "lost_contact", "The connection broke while we handed the message over; it may or may not arrive."
    NO_ADDRESS = "no_address", "We have no e-mail address for this person."
    UNFIT_ADDRESS = "unfit_address", "This person's e-mail address cannot be written to by ordinary mail."
    UNKNOWN_SHOP = "unknown_shop", "The shop is not in shops.yaml, so we do not know in whose name to write."
    NO_WAY_OUT = "no_way_out", "We could not offer this person a link to unsubscribe, so we did not write."
    NOTHING_TO_SAY = "nothing_to_say", "There is nothing in the cart to remind this person of."
    TOO_LATE = "too_late", "The message was no longer worth sending when its turn came."
    INTERRUPTED = "interrupted", "A sender stopped while handing the message over; it may or may not have left."
    GATE_CLOSED = "gate_closed", "It could not be established in time that writing was still right, so we did not."
    NO_TEMPLATE = "no_template", "No text has been written for this message in this person's language."


#: Every reason that an outcome can carry, with its sentence.
SENTENCES: dict[str, str] = {str(reason): reason.sentence for reason in (*decisions.Reason, *Reason)}


class SenderError(Exception):
    """A message did not leave, or may not have. Catch one of the branches below, never this."""


class TryAgain(SenderError):
    """Not sent, but it may be later. The catcher leaves the next attempt to whoever owns the timer; it never sleeps."""

    def __init__(self, after: timedelta, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}, to be tried again in {after}: {detail or reason.sentence}")
        #: Shortest wait before another attempt.
        self.after = after
        self.reason = reason
        #: The provider's codes, as `550 5.1.1`; never its words, which may hold an address.
        self.detail = detail


class NeverSend(SenderError):
    """Not sent, and trying again would not help. The catcher records the reason as the outcome and goes on."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail or reason.sentence}")
        self.reason = reason
        #: The provider's codes, as `550 5.1.1`; never its words, which may hold an address.
        self.detail = detail


class Unknown(SenderError):
    """The connection died, or no answer came, while handing over. The catcher records `unknown` and never resends."""

    def __init__(self, reason: Reason = Reason.LOST_CONTACT, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail or reason.sentence}")
        self.reason = reason
        self.detail = detail


class Misconfigured(SenderError):
    """Nothing was sent; the message is not to blame. The catcher stops sending, prints this, and ends with status 1."""
