"""What does a shop sell?

Compacted by `<shop_id>:<product_id>`; a tombstone removes.
"""

from typing import Annotated

from pydantic import BaseModel, Field

from schemas.envelope import FROZEN, Envelope
from schemas.fields import BLANK_IS_ABSENT, LARGEST_QUANTITY, Amount, Id, Line, Link, ListOf, ShopId
from schemas.money import Currency

MOST_RELATED = 100


class Product(Envelope):
    """A product as it is sold now: each message replaces the one before."""

    product_id: Id = Field(description="The shop's id of the product.")
    title: Line = Field(pattern=r"\S", description="Its name, as a mail shows it; text, not HTML.")
    url: Link = Field(description="Its page in the shop.")
    image_url: Annotated[Link | None, BLANK_IS_ABSENT] = Field(default=None, description="Its picture.")
    price_minor: Amount = Field(description="Price of one, in the currency's minor unit.")
    currency: Currency = Field(description="ISO 4217 code of the price.")
    stock: int | None = Field(
        default=None,
        ge=-LARGEST_QUANTITY,
        le=1_000 * LARGEST_QUANTITY,
        description="How many are left; below 0 if oversold.",
    )
    category: Annotated[Line | None, BLANK_IS_ABSENT] = Field(default=None, description="Where the shop files it.")
    related: ListOf[Id] = Field(
        default=(), max_length=MOST_RELATED, description="Products to show beside it, best first."
    )


class ProductRemoved(BaseModel):
    """A tombstone: the product is no longer sold."""

    model_config = FROZEN

    shop_id: ShopId = Field(description="The shop that removed the product.")
    product_id: Id = Field(description="The product that is no longer sold.")
