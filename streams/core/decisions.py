"""What can be decided about a candidate, and for which reason?

Not writing is a decision like writing: it has a reason, a sentence, and evidence.
"""

from msgspec import Struct

from schemas.worded import Worded


class Reason(Worded):
    """Why somebody is not written to; checked in this order. The sentence is for a support agent to read out."""

    NO_CONTACT = "no_contact", "We do not know who this visitor is."
    PURCHASED = "purchased", "This person has ordered since the cart was filled, on this device or elsewhere."
    NO_CONSENT = "no_consent", "This person has not agreed to messages on this channel, or has said no since."
    PRESSURE = "pressure", "This person was already written to for this scenario a short while ago."


RELAUNCH = "relaunch"


class Decision(Struct, frozen=True, kw_only=True):
    """A yes or a no, as it stands on `relance.decisions`, in this order of fields."""

    relaunch_id: str
    shop_id: str
    contact_id: str | None
    visitor_id: str
    scenario: str
    step: int
    #: `relaunch`, or the reason why not.
    decision: str
    #: When the cart add that opened the episode happened, ms since the epoch, UTC.
    trigger_at: int
    #: Stream time of the decision, ms since the epoch, UTC.
    decided_at: int
    #: Ids of the events that decided it.
    evidence: tuple[str, ...]


class LineLeft(Struct, frozen=True):
    """One product that was left behind."""

    product_id: str
    quantity: int
    unit_price_minor: int | None
    currency: str | None


class Relaunch(Struct, frozen=True, kw_only=True):
    """What to say, to whom, until when, and why, as it stands on `relaunch` (see `schemas/relaunch.py`)."""

    v: int = 1
    event_id: str
    shop_id: str
    occurred_at: int
    relaunch_id: str
    contact_id: str
    visitor_id: str
    #: Every device known to be this contact's: an order from any of them stops the message.
    visitor_ids: tuple[str, ...]
    cart_id: str | None
    scenario: str
    step: int
    attempt: int = 1
    channel: str
    template: str
    #: The scenario's pressure, for the check at the instant of sending.
    once_per: int
    trigger_at: int
    due_at: int
    decided_at: int
    expires_at: int
    lines: tuple[LineLeft, ...]
    evidence: tuple[str, ...]
