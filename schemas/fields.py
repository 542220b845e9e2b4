"""What may a single field hold?

Limits are checked by pydantic in Rust where traffic is heavy (ids, times, amounts). Texts that end up in a mail
(names, titles, links) are rarer, and are also cleaned.
"""

import re
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, FailFast, Field, Strict

from schemas.errors import Reason, Undecodable

T = TypeVar("T")

YEAR_2000_MS = 946_684_800_000
LARGEST_AMOUNT = 1_000_000_000_000
LARGEST_QUANTITY = 1_000_000

# Control characters would break logs and headers; bidirectional overrides make a text read as another one.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _one_line(text: str) -> str:
    """Return a text with its white space collapsed, line breaks included."""
    line = " ".join(text.split())
    if _UNPRINTABLE.search(line):
        raise Undecodable(Reason.BAD_TEXT, "a control character")
    return line


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


#: An id that the shop gave: visitor, contact, cart, product, order, event.
Id = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
#: A shop's id; it holds no colon, since keys are `<shop_id>:<id>`.
ShopId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
#: Milliseconds since the epoch, UTC, not before the year 2000: seconds are caught by it.
Millis = Annotated[int, Field(ge=YEAR_2000_MS)]
#: Money in the currency's minor unit (cents, for euros).
Amount = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)]
#: How many of one product.
Quantity = Annotated[int, Field(ge=0, le=LARGEST_QUANTITY)]
#: A counter that starts at 1.
Ordinal = Annotated[int, Field(ge=1, le=LARGEST_QUANTITY)]
#: A word or short phrase for machines, on one line.
Word = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
#: A text for people, made one line.
Line = Annotated[str, Field(max_length=1024), AfterValidator(_one_line)]
#: An absolute web address: no other scheme, no user name before the host, nothing that ends an HTML attribute.
Link = Annotated[
    str, Field(max_length=2048, pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@\\<>\"']+([/?#][^\s\\<>\"]*)?$")
]
#: Marks an optional field whose blank text means that it is absent, as many shops write it.
BLANK_IS_ABSENT = BeforeValidator(_blank_is_absent)
#: A JSON list, frozen; one bad entry is enough to refuse it, so that a long list of them costs nothing.
ListOf = Annotated[tuple[T, ...], Strict(False), FailFast()]
