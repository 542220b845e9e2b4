"""Who said yes or no to what, and how can that be proved?"""

from typing import Literal

from pydantic import BaseModel, Field

from schemas.envelope import FROZEN, Envelope
from schemas.fields import Id, Word


class Evidence(BaseModel):
    """What proves a consent (GDPR, article 7(1)): who claims it must be able to show it."""

    model_config = FROZEN

    source: Word = Field(description="Where it was said: checkout, account, mail link, call centre.")
    text_version: Word = Field(description="Version of the text that the person agreed to.")
    ip_hash: Word | None = Field(
        default=None, description="Keyed hash of the address that it came from, never the address."
    )


class ConsentChange(Envelope):
    """A contact gave or withdrew consent for one channel and one purpose."""

    contact_id: Id = Field(description="The contact who said it.")
    channel: Literal["email", "sms", "ads"] = Field(description="The channel that it is about.")
    purpose: Literal["marketing", "tracking"] = Field(description="What it allows or forbids.")
    state: Literal["granted", "withdrawn"] = Field(description="What holds from now on.")
    evidence: Evidence | None = Field(default=None, description="What proves it.")
