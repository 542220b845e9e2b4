"""Messages to spoil: the checked-in examples, and variants of them."""

import json
from typing import Any

from schemas.decoding import FAMILY_OF
from schemas.publish import EXAMPLES, FAMILIES

#: A record's arrival, a little after every example's `occurred_at`.
ARRIVED_AT = 1_763_810_000_000

#: The topic that each published family travels on, by the name that its files have.
TOPIC_OF = {name: topic for name, family in FAMILIES.items() for topic, other in FAMILY_OF.items() if family is other}

#: One complete example of each topic.
COMPLETE = {
    "page-views": "page_view/product",
    "cart-adds": "cart_change/add",
    "orders": "order/paid",
    "consent-changes": "consent_change/granted",
    "contacts": "contact/complete",
    "catalog": "product/complete",
}


def example(name: str) -> dict[str, Any]:
    """Return one checked-in example, `family/name`."""
    value: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return value


def fields(topic: str, /, **changes: object) -> dict[str, Any]:
    """Return a valid message of a topic, changed; a field changed to `...` is left out."""
    return {name: value for name, value in (example(COMPLETE[topic]) | changes).items() if value is not ...}


def record(topic: str, /, **changes: object) -> bytes:
    """Return the bytes of a valid message of a topic, changed."""
    return json.dumps(fields(topic, **changes)).encode()
