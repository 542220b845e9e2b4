"""How is a contact written to?

The only family with names and addresses. It is compacted by `<shop_id>:<contact_id>`; a tombstone erases.
"""

from typing import Annotated

from pydantic import BaseModel, Field

from schemas.addresses import Email, Phone
from schemas.envelope import FROZEN, Envelope
from schemas.fields import BLANK_IS_ABSENT, Id, Line, ShopId


class Contact(Envelope):
    """A contact's addresses and preferences, all of them: each message replaces the one before."""

    contact_id: Id = Field(description="The shop's id of the contact.")
    email: Annotated[Email | None, BLANK_IS_ABSENT] = Field(default=None, description="Where to mail to.")
    phone: Annotated[Phone | None, BLANK_IS_ABSENT] = Field(
        default=None, description="Where to send SMS to; French unless it has a country code."
    )
    first_name: Annotated[Line | None, BLANK_IS_ABSENT] = Field(default=None, description="How to greet the contact.")
    locale: Annotated[str | None, BLANK_IS_ABSENT] = Field(
        default=None,
        pattern="^[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8})*$",
        max_length=35,
        description="The language to write in: fr, fr-FR (BCP 47).",
    )
    time_zone: Annotated[str | None, BLANK_IS_ABSENT] = Field(
        default=None,
        pattern="^[A-Za-z0-9_+/-]+$",
        max_length=64,
        description="The zone whose quiet hours hold, as in the IANA database: Europe/Paris.",
    )


class ContactErased(BaseModel):
    """A tombstone: forget this contact."""

    model_config = FROZEN

    shop_id: ShopId = Field(description="The shop that erased the contact.")
    contact_id: Id = Field(description="The contact to forget.")
