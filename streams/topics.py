"""Which topics are there, how are they keyed, and how long are they kept?

Declared once, here. `relance topics apply` creates them; nothing else does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

DAY_MS = 86_400_000
COMPACTED = {"cleanup.policy": "compact"}
BROKER_TIME = {"message.timestamp.type": "LogAppendTime"}


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic as it is to be created."""

    name: str
    #: What a record's key is.
    key: str
    #: Topic configuration beyond the broker's defaults.
    config: dict[str, str]
    #: One sentence for the operator.
    about: str
    #: Whether shops publish to it or read it; the others are Relance's own.
    public: bool = False
    #: Whether senders append fences to it.
    fenced: bool = False


def _kept(days: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)}


_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1"}

PAGE_VIEWS = Topic(
    name="page-views",
    key="any",
    config=_kept(7) | BROKER_TIME,
    public=True,
    about="Pages, products and searches that visitors looked at.",
)
CART_ADDS = Topic(
    name="cart-adds",
    key="any",
    config=_kept(7) | BROKER_TIME,
    public=True,
    about="What went into carts, came out of them, or changed in quantity.",
)
ORDERS = Topic(
    name="orders",
    key="any",
    config=_kept(400) | BROKER_TIME,
    public=True,
    fenced=True,
    about="Orders in every status, from every device and sales channel; carries fences.",
)
CONSENT_CHANGES = Topic(
    name="consent-changes",
    key="any",
    config=_FOR_EVER | BROKER_TIME,
    public=True,
    fenced=True,
    about="Consent given and withdrawn; kept for ever, since a withdrawal must outlive every reader's outage; carries fences.",
)
CONTACTS = Topic(
    name="contacts",
    key="<shop_id>:<contact_id>",
    config=COMPACTED,
    public=True,
    fenced=True,
    about="The only topic with names and addresses; a tombstone erases; carries fences.",
)
CATALOG = Topic(
    name="catalog",
    key="<shop_id>:<product_id>",
    config=COMPACTED,
    public=True,
    about="Products: titles, links, pictures, prices.",
)
RELAUNCH = Topic(
    name="relaunch",
    key="contact subject",
    config=_kept(35),
    public=True,
    about="What to say, to whom, until when, and why; the header `channel` lets a sender skip without decoding.",
)
JOURNAL = Topic(
    name="relance.journal",
    key="subject",
    config=_kept(35) | BROKER_TIME,
    about="One total order per subject; its partition count never changes in place.",
)
STATE = Topic(
    name="relance.state",
    key="subject",
    config=COMPACTED | {"min.compaction.lag.ms": "3600000"},
    about="Changelog of detection: stamped state, one partition for each of the journal's.",
)
DECISIONS = Topic(
    name="relance.decisions",
    key="contact subject",
    config=_kept(400),
    about="Every yes and every no, with its evidence.",
)
OUTCOMES = Topic(
    name="relance.outcomes",
    key="contact subject",
    config=_kept(35),
    about="What became of each relaunch: sent, suppressed, expired, dead, unknown.",
)
DEAD_LETTERS = Topic(
    name="relance.dead-letters",
    key="source topic",
    config=_kept(35) | {"max.message.bytes": "4194304"},
    about="Records that could not be taken in: original bytes, and the reason.",
)

ALL = (
    PAGE_VIEWS, CART_ADDS, ORDERS, CONSENT_CHANGES, CONTACTS, CATALOG, RELAUNCH,
    JOURNAL, STATE, DECISIONS, OUTCOMES, DEAD_LETTERS,
)  # fmt: skip

#: The names of the topics that every generation of the journal has anew.
OF_GENERATION = frozenset({JOURNAL.name, STATE.name})


def fenced() -> Iterator[Topic]:
    """The topics that a fence covers: whoever bought, said no, or was erased."""
    return (topic for topic in ALL if topic.fenced)
