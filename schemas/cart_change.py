"""What changed in a visitor's cart?"""

from typing import Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from schemas.envelope import Envelope
from schemas.errors import Reason, Undecodable
from schemas.fields import Amount, Id, Quantity
from schemas.money import Currency

_NEEDS: list[JsonValue] = [
    {
        "if": {"properties": {"action": {"enum": ["add", "remove", "set"]}}, "required": ["action"]},
        "then": {"required": ["product_id"]},
    },
    {
        "if": {"properties": {"action": {"const": "set"}}, "required": ["action"]},
        "then": {"required": ["quantity"]},
    },
]


class CartChange(Envelope):
    """Something went into a cart or came out of it, a quantity was set, or the cart was emptied."""

    model_config = ConfigDict(json_schema_extra={"allOf": _NEEDS})

    visitor_id: Id = Field(description="The browser or app whose cart it is.")
    contact_id: Id | None = Field(default=None, description="The contact who is logged in, or came by a mail's link.")
    cart_id: Id | None = Field(default=None, description="The shop's id of the cart.")
    action: Literal["add", "remove", "set", "empty"] = Field(description="What was done; set gives the new quantity.")
    product_id: Id | None = Field(default=None, description="The product; for every action but empty.")
    quantity: Quantity | None = Field(
        default=None,
        description="add: how many more, 1 if absent. remove: how many fewer, all if absent. set: how many from now.",
    )
    unit_price_minor: Amount | None = Field(default=None, description="Price of one, in the currency's minor unit.")
    currency: Currency | None = Field(default=None, description="ISO 4217 code of the price.")

    @model_validator(mode="after")
    def _says_what_changed(self) -> Self:
        if self.action == "empty":
            return self
        if self.product_id is None:
            raise Undecodable(Reason.MISSING_FIELD, f"product_id is missing; {self.action} needs it")
        if self.action == "set":
            if self.quantity is None:
                raise Undecodable(Reason.MISSING_FIELD, "quantity is missing; set needs it")
        elif self.quantity == 0:
            raise Undecodable(Reason.ZERO_QUANTITY, f"quantity is 0 in {self.action}")
        return self
