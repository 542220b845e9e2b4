"""In whose name is a message sent?

Read once from `shops.yaml`, which a shop's people write by hand: what is wrong with it is told by line, with the fix.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import ErrorDetails

from schemas.addresses import Email, normal_email
from schemas.fields import ShopId
from senders.errors import Misconfigured
from senders.untrusted import plain, web_link


class BadShops(Misconfigured):
    """`shops.yaml` cannot be used. The catcher prints the message, one line for each mistake, and ends with status 1."""


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


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    shops: list[Shop] = Field(min_length=1, description="the list of shops")


def load_shops(path: Path) -> Mapping[str, Shop]:
    """Return the shops by id. Raises `BadShops`."""
    node, content = _read(path)
    mistakes = list(_repeated_keys(node))
    shops: list[Shop] = []
    try:
        shops = _File.model_validate(content).shops
    except ValidationError as error:
        mistakes += [_told(node, each) for each in error.errors()]
    mistakes += _repeated_shops(node, shops)
    if mistakes:
        raise BadShops("\n".join(f"{path}:{line}: {mistake}" for line, mistake in sorted(mistakes)))
    return MappingProxyType({shop.shop_id: shop for shop in shops})


def _read(path: Path) -> tuple[yaml.Node, object]:
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        content = loader.construct_document(node) if node else None
    except OSError as error:
        raise BadShops(f"{path} cannot be read ({error.strerror}); name the file in RELANCE_SHOPS") from error
    except UnicodeDecodeError as error:
        raise BadShops(f"{path} is not UTF-8; save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadShops(
            f"{path}:{line}: not YAML ({error.problem}); mend the indentation or the quotes there"
        ) from error
    except yaml.YAMLError as error:
        raise BadShops(f"{path} holds a character that YAML does not know; write plain text") from error
    if node is None:
        raise BadShops(f"{path} is empty; {_SHAPE}")
    return node, content


#: A line of the file, and what is wrong there.
Mistake = tuple[int, str]
_SHAPE = "write `shops:` and below it, for each shop, `- shop_id: …` and the rest of it"


def _repeated_keys(node: yaml.Node) -> Iterator[Mistake]:
    """YAML would let the last one win; as a rule it is the dash of the next shop that is missing."""
    values = [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else []
    shops = [item for value in values if isinstance(value, yaml.SequenceNode) for item in value.value]
    for mapping in (node, *shops):
        if isinstance(mapping, yaml.MappingNode):
            keys = [key for key, _ in mapping.value]
            for index, key in enumerate(keys):
                if any(key.value == earlier.value for earlier in keys[:index]):
                    yield key.start_mark.line + 1, f"{key.value} is there twice; is a dash missing before it?"


def _repeated_shops(node: yaml.Node, shops: list[Shop]) -> Iterator[Mistake]:
    ids = [shop.shop_id for shop in shops]
    for index, shop_id in enumerate(ids):
        if shop_id in ids[:index]:
            line = _line(node, ("shops", index, "shop_id"))
            yield line, f"the shop {shop_id} is there twice; give each its own shop_id"


def _told(node: yaml.Node, error: ErrorDetails) -> Mistake:
    loc = error["loc"]
    model: type[BaseModel] = Shop if len(loc) > 1 else _File
    fields = {field.alias or name: field.description for name, field in model.model_fields.items()}
    name = str(loc[-1]) if loc else ""
    match error["type"]:
        case "missing":
            said = f"{name} is missing; add `{name}: …`, {fields[name]}"
        case "extra_forbidden":
            said = f"{name} is not known here; remove it, or write one of {', '.join(fields)}"
        case "value_error":
            said = f"{name}: {error['ctx']['error']}"
        case "model_type" | "list_type" | "too_short":
            said = f"this is not a list of shops; {_SHAPE}"
        case _:
            said = f"{name}: {error['msg']}; it is {fields[name]}"
    return _line(node, loc), said


def _line(node: yaml.Node, loc: tuple[int | str, ...]) -> int:
    """The line that a value stands on, counted from 1; of what surrounds it, when it is missing."""
    for step in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
            if found is None:
                break
            node = found
    return node.start_mark.line + 1
