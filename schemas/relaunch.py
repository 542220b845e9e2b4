"""What should a sender say, to whom, until when, and why?

Published by Relance. It holds ids only, no personal data: a sender looks the addresses up.
"""

from typing import Literal

from pydantic import BaseModel, Field

from schemas.envelope import FROZEN, Envelope
from schemas.fields import Amount, Id, ListOf, Millis, Ordinal, Quantity, Word
from schemas.money import Currency


class RelaunchLine(BaseModel):
    """One product that was left behind."""

    model_config = FROZEN

    product_id: Id = Field(description="The product left behind.")
    quantity: Quantity = Field(description="How many of it.")
    unit_price_minor: Amount | None = Field(default=None, description="Price of one when it was added, if known.")
    currency: Currency | None = Field(default=None, description="ISO 4217 code of the price, if known.")


class Relaunch(Envelope):
    """Write to this contact, unless something has happened since."""

    relaunch_id: Id = Field(
        description="Derived from shop, contact, scenario, trigger and step: decided twice, it is the same."
    )
    contact_id: Id = Field(description="Whom to write to.")
    visitor_id: Id = Field(description="The browser or app whose episode it is.")
    visitor_ids: ListOf[Id] = Field(description="All devices known of the contact; an order on any of them stops it.")
    cart_id: Id | None = Field(default=None, description="The cart left behind, if the shop named it.")
    scenario: Word = Field(description="Name of the scenario that decided it.")
    step: Ordinal = Field(description="Step of the scenario, from 1.")
    attempt: Ordinal = Field(description="Attempt at this step, from 1.")
    channel: Literal["email"] = Field(description="How to write.")
    template: Word = Field(description="What to write.")
    once_per: int = Field(ge=1, description="At most one relaunch of the contact and scenario in this many ms.")
    trigger_at: Millis = Field(
        description="When the episode began, in ms since the epoch, UTC; an order since then stops it."
    )
    due_at: Millis = Field(description="When it was due, in ms since the epoch, UTC.")
    decided_at: Millis = Field(description="Stream time of the decision, in ms since the epoch, UTC.")
    expires_at: Millis = Field(description="From when on it must not be sent, in ms since the epoch, UTC.")
    lines: ListOf[RelaunchLine] = Field(description="What was left behind.")
    evidence: ListOf[Id] = Field(description="Ids of the events that decided it.")
