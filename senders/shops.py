"""In whose name is a message sent?

Read once from `shops.yaml`, which a shop's people write by hand: what is wrong with it is told by line, with the fix.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, field_validator

from schemas.addresses import Email, normal_email
from schemas.fields import ShopId
from senders.untrusted import plain, web_link
from streams.marked_yaml import load

_NAMED = re.compile(r'\s*"?([^"<>]*?)"?\s*<([^<>]+)>\s*')


class Mailbox(NamedTuple):
    """A name, and the e-mail address of whoever bears it."""

    name: str | None
    address: str


def _mailbox(text: object) -> Mailbox:
    """Take `Name <address>` apart, or a bare address."""
    if not isinstance(text, str):
        raise ValueError("write an e-mail address, such as hello@shop.example")
    named = _NAMED.fullmatch(text)
    name, address = named.groups() if named else ("", text)
    return Mailbox(_words(name) if name else None, _address(normal_email(address)))


def _address(text: str) -> str:
    if not text.partition("@")[0].isascii():
        raise ValueError("write an address that is ASCII before the @, such as hello@shop.example")
    return text


def _link(text: str) -> str:
    if web_link(text) is None:
        raise ValueError("write a full link, such as https://shop.example/")
    return text


def _words(text: str) -> str:
    if not text or plain(text) != text:
        raise ValueError("write some words on one line, without control characters")
    return text


def _postal(text: str) -> str:
    return "\n".join(_words(line.strip()) for line in text.strip().splitlines() or [""])


Address = Annotated[Email, AfterValidator(_address)]
Link = Annotated[str, AfterValidator(_link)]


class Shop(BaseModel):
    """One sender of messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    shop_id: ShopId = Field(description="the id that the shop's events carry")
    name: Annotated[str, AfterValidator(_words)] = Field(max_length=60, description="the name that readers know")
    mailbox: Annotated[Mailbox, PlainValidator(_mailbox)] = Field(
        alias="from", description="where messages come from, as hello@shop.example or Name <hello@shop.example>"
    )
    reply_to: Address = Field(description="the e-mail address where somebody reads the answers")
    address: Annotated[str, AfterValidator(_postal)] = Field(max_length=400, description="the postal address")
    url: Link = Field(description="the link to the shop")
    cart_url: Link | None = Field(None, description="the link to the visitor's cart; the shop's own if absent")
    locale: Literal["fr", "en"] = Field(description="the language for readers who speak neither fr nor en")

    @property
    def from_name(self) -> str:
        """The name that messages come from: the one in `from`, else the shop's."""
        return self.mailbox.name or self.name

    @property
    def from_address(self) -> str:
        """The e-mail address that messages come from."""
        return self.mailbox.address


class Shops(BaseModel):
    """All of `shops.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    shops: list[Shop] = Field(description="a list, each entry of which begins with `- shop_id: …`")

    @field_validator("shops")
    @classmethod
    def _named_once(cls, shops: list[Shop]) -> list[Shop]:
        if not shops:
            raise ValueError("there is none; write at least one")
        ids = [shop.shop_id for shop in shops]
        for shop_id in ids:
            if ids.count(shop_id) > 1:
                raise ValueError(f"{shop_id} is there twice; give each shop its own shop_id")
        return shops


def load_shops(path: Path) -> Mapping[str, Shop]:
    """Return the shops by id. Raises `BadYaml`."""
    shops = load(path, Shops, setting="RELANCE_SHOPS").shops
    return MappingProxyType({shop.shop_id: shop for shop in shops})
