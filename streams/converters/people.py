"""Who are the people that the data sets, rightly, say nothing about?

All made up: a first name, an address at a domain that RFC 2606 keeps for examples, a language, a consent. The same id
always gives the same person.
"""

from typing import Literal
from zlib import crc32

from streams.converters.record import Record

Share = Literal["all", "half", "none"]

_FIRST_NAMES = {
    "fr": ("Camille", "Léa", "Inès", "Hugo", "Louis", "Élodie", "Mathis", "Noémie"),
    "en": ("Alice", "Oliver", "Grace", "Harry", "Emily", "Jack", "Sophie", "George"),
}
_DOMAINS = {"fr": "example.org", "en": "example.com"}


class People:
    """Those whom a recording introduces: `share` of them get a contact that consents to marketing by e-mail."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._met: set[str] = set()

    def is_known(self, contact_id: str) -> bool:
        """Say whether this one gets a contact."""
        return self._share == "all" or (self._share == "half" and crc32(contact_id.encode()) % 2 == 0)

    def introduced(self, contact_id: str, at: int) -> list[Record]:
        """Make the contact and its consent, the first time that a known one is seen; then nothing."""
        if contact_id in self._met or not self.is_known(contact_id):
            return []
        self._met.add(contact_id)
        return [contact(contact_id, at), consent(contact_id, at, state="granted")]


def contact(contact_id: str, at: int, *, locale: str | None = None) -> Record:
    """Make up a contact; French or English as its id has it, unless told."""
    draw = crc32(contact_id.encode()) >> 1
    locale = locale or ("fr", "en")[draw % 2]
    names = _FIRST_NAMES[locale]
    fields: dict[str, object] = {
        "contact_id": contact_id,
        "email": f"{contact_id}@{_DOMAINS[locale]}",
        "first_name": names[(draw >> 1) % len(names)],
        "locale": locale,
    }
    return Record("contacts", f"contact-{contact_id}", at, fields)


def consent(contact_id: str, at: int, *, state: Literal["granted", "withdrawn"]) -> Record:
    """Make up a yes or a no to marketing by e-mail, with its evidence."""
    fields: dict[str, object] = {
        "contact_id": contact_id,
        "channel": "email",
        "purpose": "marketing",
        "state": state,
        "evidence": {"source": "account-form" if state == "granted" else "preferences-page", "text_version": "2"},
    }
    return Record("consent-changes", f"consent-{contact_id}-{state}", at, fields)
