"""What is kept of a message that came in?"""

import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message as it came in."""

    message_id: str
    #: The envelope's sender, to whom bounces would go.
    sender: str
    #: The envelope's recipients.
    to: tuple[str, ...]
    #: Decoded.
    subject: str
    #: When it was accepted, ms since the epoch, UTC.
    received_at: int
    #: What was sent, to the byte.
    raw: bytes

    def parsed(self) -> EmailMessage:
        """Return headers and parts, decoded."""
        return _parsed(self.raw)


def message_from(raw: bytes, *, sender: str, to: Iterable[str], received_at: int) -> Message:
    """Return a message with what its own headers say; a header that it lacks is empty."""
    headers = _parsed(raw)
    return Message(
        message_id=str(headers["message-id"] or ""),
        sender=sender,
        to=tuple(to),
        subject=str(headers["subject"] or ""),
        received_at=received_at,
        raw=raw,
    )


def _parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)
