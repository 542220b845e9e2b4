"""Who ordered what, and how does the order stand?"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.addresses import Email, Phone
from schemas.envelope import FROZEN, Envelope
from schemas.errors import Reason, Undecodable
from schemas.fields import BLANK_IS_ABSENT, Amount, Id, ListOf, Quantity, Word
from schemas.money import Currency

MOST_LINES = 1000
IDENTITIES = ("visitor_id", "contact_id", "cart_id", "email", "phone")


class OrderLine(BaseModel):
    """One product of an order."""

    model_config = FROZEN

    product_id: Id = Field(description="The product ordered.")
    quantity: Quantity = Field(description="How many of it.")
    unit_price_minor: Amount = Field(description="Price of one, in the currency's minor unit.")


class Order(Envelope):
    """An order was placed, or its status changed; sent on every change, from every sales channel."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": [name]} for name in IDENTITIES]})

    order_id: Id = Field(description="The shop's id of the order.")
    status: Literal["placed", "paid", "pending", "failed", "cancelled", "refunded"] = Field(
        description="How the order stands from now on."
    )
    visitor_id: Id | None = Field(default=None, description="The browser or app that ordered.")
    contact_id: Id | None = Field(default=None, description="The contact who ordered.")
    cart_id: Id | None = Field(default=None, description="The cart that became the order.")
    email: Annotated[Email | None, BLANK_IS_ABSENT] = Field(
        default=None, description="The buyer's e-mail address; it stops mails to whoever has it."
    )
    phone: Annotated[Phone | None, BLANK_IS_ABSENT] = Field(
        default=None, description="The buyer's phone number; French unless it has a country code."
    )
    lines: ListOf[OrderLine] = Field(max_length=MOST_LINES, description="The products ordered; may be empty.")
    total_minor: Amount = Field(description="What the order costs, in the currency's minor unit.")
    currency: Currency = Field(description="ISO 4217 code of all prices of the order.")
    sales_channel: Word | None = Field(default=None, description="Where it was sold: web, app, store, phone.")

    @model_validator(mode="after")
    def _says_whose_it_is(self) -> Self:
        if not any(getattr(self, name) for name in IDENTITIES):
            raise Undecodable(Reason.NO_IDENTITY)
        return self
