"""Which files tell a shop's developer what to send?

`python -m schemas.publish` writes every family's JSON Schema to `schemas/json/`; examples lie beside them, by hand.
"""

import json
from pathlib import Path

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from schemas.cart_change import CartChange
from schemas.consent_change import ConsentChange
from schemas.contact import Contact
from schemas.order import Order
from schemas.outcome import Outcome
from schemas.page_view import PageView
from schemas.product import Product
from schemas.relaunch import Relaunch

HERE = Path(__file__).parent / "json"
EXAMPLES = HERE / "examples"

#: Every family on the wire, by the name that its files have.
FAMILIES: dict[str, type[BaseModel]] = {
    "page_view": PageView,
    "cart_change": CartChange,
    "order": Order,
    "consent_change": ConsentChange,
    "contact": Contact,
    "product": Product,
    "relaunch": Relaunch,
    "outcome": Outcome,
}


class _Untitled(GenerateJsonSchema):
    """JSON Schema without a title for every field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: core_schema.CoreSchema | object) -> bool:
        return False


def documents() -> dict[Path, str]:
    """Return every schema's file and what it is to hold."""
    return {HERE / f"{name}.v1.schema.json": _document(name, family) for name, family in FAMILIES.items()}


def _document(name: str, family: type[BaseModel]) -> str:
    schema = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:relance:{name}:v1",
        **family.model_json_schema(schema_generator=_Untitled),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schemas."""
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
