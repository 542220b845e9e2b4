"""What became of a relaunch?

Published by Relance. Not sending is an outcome, with its reason.
"""

from typing import Literal

from pydantic import Field

from schemas.envelope import Envelope
from schemas.fields import Id, ListOf, Ordinal, Word


class Outcome(Envelope):
    """How one attempt at a relaunch ended."""

    relaunch_id: Id = Field(description="The relaunch that ended.")
    contact_id: Id = Field(description="Whom it was for.")
    scenario: Word = Field(description="Name of the scenario that decided it.")
    step: Ordinal = Field(description="Step of the scenario, from 1.")
    attempt: Ordinal = Field(description="Attempt at this step, from 1.")
    channel: Literal["email"] = Field(description="How it was, or would have been, written.")
    outcome: Literal["sent", "suppressed", "expired", "held_out", "dead", "unknown"] = Field(
        description="How it ended."
    )
    reason: Word | None = Field(default=None, description="Why it was not sent, if it was not.")
    evidence: ListOf[Id] = Field(default=(), description="Ids of the events that decided it.")
    message_id: Word | None = Field(default=None, description="The mail's Message-ID, if one was sent.")
