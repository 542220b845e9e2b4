"""What do all messages have in common?"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.fields import Id, Millis, ShopId

FROZEN = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class Envelope(BaseModel):
    """The fields that every message has; fields that a reader does not know are ignored."""

    model_config = FROZEN

    v: Literal[1] = Field(description="Schema version.")
    event_id: Id = Field(description="Unique per shop; a second event with the same id changes nothing.")
    shop_id: ShopId = Field(description="The shop that it happened in.")
    occurred_at: Millis = Field(description="When it happened, in ms since the epoch, UTC.")
