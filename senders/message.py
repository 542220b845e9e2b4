"""What does a rendered relaunch look like as an e-mail?

Law 1  The Message-ID comes from the relaunch alone, so that a second attempt is the same message to whoever compares.
Law 2  Everything is ASCII in CRLF lines of at most 998 octets; no relay is asked for SMTPUTF8 or 8BITMIME.
Law 3  Unsubscribing takes one click (RFC 8058), and the header that offers it is never folded or encoded.
"""

import re
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy

from email_validator import EmailNotValidError, validate_email

from schemas.contact import Contact
from schemas.relaunch import Relaunch
from senders.errors import NeverSend, Reason
from senders.render import Rendered
from senders.shops import Shop
from senders.untrusted import plain

_LONGEST_LINK = 900
_ONE_CLICK = re.compile(r"https://[!-;=?-~]+")


class _Mail(EmailPolicy):
    """Headers in ASCII and on one line, but for words in other letters.

    Python's own folding turns a long link into encoded words, which no program undoes, and loses blanks between them.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a header as it is sent."""
        written = str(value)
        if isinstance(value, AddressHeader):
            (one,) = value.addresses
            written = f"{_encoded(one.display_name)} <{one.addr_spec}>" if _is_foreign(one.display_name) else written
        elif name == "Subject" and _is_foreign(written):
            written = _encoded(written)
        return f"{name}: {written}{self.linesep}".encode("ascii")


def _is_foreign(words: str) -> bool:
    return not words.isascii() or "=?" in words


def _encoded(words: str) -> str:
    """RFC 2047."""
    return Header(words, "utf-8", header_name="Subject").encode(linesep="\r\n")


def compose(
    rendered: Rendered, contact: Contact, shop: Shop, relaunch: Relaunch, unsubscribe_url: str, *, at: int
) -> EmailMessage:
    """Return the message, dated `at` (ms since the epoch, UTC).

    Raises `NeverSend` when the contact has no address, or one that needs SMTPUTF8, or no link to say no.
    """
    if contact.email is None:
        raise NeverSend(Reason.NO_ADDRESS)
    if len(unsubscribe_url) > _LONGEST_LINK or not _ONE_CLICK.fullmatch(unsubscribe_url):
        raise NeverSend(Reason.NO_WAY_OUT)
    sender = ascii_address(shop.from_address)
    message = EmailMessage(policy=_Mail(linesep="\r\n", cte_type="7bit"))
    message["From"] = Address(display_name=plain(shop.from_name), addr_spec=sender)
    message["To"] = ascii_address(contact.email)
    message["Reply-To"] = ascii_address(shop.reply_to)
    message["Subject"] = plain(rendered.subject)
    message["Date"] = datetime.fromtimestamp(at // 1000, UTC)
    message["Message-ID"] = f"<{_word(relaunch.relaunch_id)}@{sender.rpartition('@')[2]}>"
    message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Feedback-ID"] = ":".join(map(_word, (relaunch.scenario, relaunch.shop_id, relaunch.channel, "relance")))
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    return message


def ascii_address(address: str) -> str:
    """Return the address with its domain in ASCII (IDNA). Raises `NeverSend` when the rest is not ASCII."""
    try:
        ascii_email = validate_email(address, check_deliverability=False).ascii_email
    except EmailNotValidError as error:
        raise NeverSend(Reason.UNFIT_ADDRESS) from error
    if ascii_email is None:
        raise NeverSend(Reason.UNFIT_ADDRESS)
    return ascii_email


def _word(text: str) -> str:
    """Only what may stand in a Message-ID, or between the colons of Feedback-ID."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)
