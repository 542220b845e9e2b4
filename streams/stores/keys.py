"""Under which keys does the suppression table live in Redis?

Every key is declared here. A subject stands in braces, so that what is known of one contact shares a hash slot.
"""

from dataclasses import dataclass

DAY_MS = 86_400_000
PURCHASES_KEPT_MS = 400 * DAY_MS
#: Longer than the relaunch topic is kept, so that replaying all of it sends nothing.
TAKEN_KEPT_MS = 40 * DAY_MS


@dataclass(frozen=True, kw_only=True)
class Key:
    """One family of keys."""

    #: First part of the name; what it is about follows.
    name: str
    #: What follows, for the operator.
    of: str
    #: Redis type.
    type: str
    #: How long after its last change a key is kept; None is for ever.
    kept_ms: int | None
    #: One sentence for the operator.
    about: str


WATERMARKS = Key(
    name="watermarks",
    of="",
    type="hash",
    kept_ms=None,
    about="For each topic and partition, the next offset to apply; absent means that nothing was.",
)
PURCHASES = Key(
    name="purchases",
    of=":{<subject>}",
    type="hash",
    kept_ms=PURCHASES_KEPT_MS,
    about="By order id: when, latest status, event id. The subject is a contact, visitor, cart, mail or phone.",
)
CONSENT = Key(
    name="consent",
    of=":{<contact subject>}",
    type="hash",
    kept_ms=None,
    about="By channel/purpose: when, granted or withdrawn, event id.",
)
CARD = Key(
    name="card",
    of=":{<contact subject>}",
    type="hash",
    kept_ms=None,
    about="Keys of what was bought under the contact's mail and phone: fingerprints, no address.",
)
WINDOW = Key(
    name="window",
    of=":{<contact subject>}:<scenario>",
    type="zset",
    kept_ms=TAKEN_KEPT_MS,
    about="Relaunches reserved for one contact and scenario, by time.",
)
RESERVATION = Key(
    name="reservation",
    of=":<relaunch id>",
    type="hash",
    kept_ms=TAKEN_KEPT_MS,
    about="That a sender took this relaunch, and what became of it; outlives the relaunch topic.",
)

ALL = (WATERMARKS, PURCHASES, CONSENT, CARD, WINDOW, RESERVATION)


@dataclass(frozen=True)
class Keys:
    """The keys of one installation."""

    #: `Settings.namespace`.
    namespace: str

    def watermarks(self) -> bytes:
        """Return the one key of all watermarks."""
        return self._start(WATERMARKS)

    def purchases(self, subject: bytes) -> bytes:
        """Return the key of what was bought under one subject."""
        return self._about(PURCHASES, subject)

    def consent(self, contact: bytes) -> bytes:
        """Return the key of a contact's consents."""
        return self._about(CONSENT, contact)

    def card(self, contact: bytes) -> bytes:
        """Return the key of a contact's card."""
        return self._about(CARD, contact)

    def window(self, contact: bytes, scenario: str) -> bytes:
        """Return the key of what a contact was sent for one scenario."""
        return self._about(WINDOW, contact) + b":" + scenario.encode()

    def reservation(self, relaunch_id: str) -> bytes:
        """Return the key of one relaunch's reservation."""
        return self._start(RESERVATION) + b":" + relaunch_id.encode()

    def _start(self, key: Key) -> bytes:
        return f"{self.namespace}relance:{key.name}".encode()

    def _about(self, key: Key, subject: bytes) -> bytes:
        return self._start(key) + b":{" + subject + b"}"
