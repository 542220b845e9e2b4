"""Claims about what is published for shops' developers: nothing is stale, missing or orphaned."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import schemas
from schemas.decoding import FAMILY_OF, decode
from schemas.envelope import Envelope
from schemas.publish import EXAMPLES, FAMILIES, HERE, documents
from tests.schemas.messages import ARRIVED_AT, TOPIC_OF, example

NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in EXAMPLES.glob("*/*"))


def nested(family: type[BaseModel]) -> dict[str, Any]:
    """Return a family's own schema and those of its parts, by name."""
    schema = family.model_json_schema()
    parts: dict[str, Any] = schema.get("$defs", {})
    return {family.__name__: schema} | parts


def names_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_the_schemas_checked_in_are_current() -> None:
    stale = [path.name for path, text in documents().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python -m schemas.publish"


def test_every_file_belongs_to_a_family_and_every_family_to_a_file() -> None:
    assert set(HERE.iterdir()) == {*documents(), EXAMPLES}
    assert {path.name for path in EXAMPLES.iterdir()} == set(FAMILIES)


def test_every_message_class_is_published_under_its_modules_name() -> None:
    assert set(Envelope.__subclasses__()) == set(FAMILIES.values())
    assert {family.__module__ for family in FAMILIES.values()} == {f"schemas.{name}" for name in FAMILIES}
    assert set(FAMILY_OF.values()) <= set(FAMILIES.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_at_least_two_examples(family: str) -> None:
    assert len([name for name in NAMES if name.startswith(f"{family}/")]) >= 2


@pytest.mark.parametrize("family", FAMILIES)
def test_every_field_and_every_part_carries_its_description(family: str) -> None:
    for name, schema in nested(FAMILIES[family]).items():
        assert schema["description"].endswith("."), name
        undescribed = [field for field, rules in schema["properties"].items() if "description" not in rules]
        assert not undescribed, name


@pytest.mark.parametrize("family", FAMILIES)
def test_every_field_occurs_in_an_example(family: str) -> None:
    shown = names_in([example(name) for name in NAMES if name.startswith(f"{family}/")])
    assert shown == {field for schema in nested(FAMILIES[family]).values() for field in schema["properties"]}


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_taken_in_and_given_out_unchanged(name: str) -> None:
    value, family = example(name), name.partition("/")[0]
    message = FAMILIES[family].model_validate_json(json.dumps(value))
    assert json.loads(message.model_dump_json(exclude_unset=True)) == value
    if family in TOPIC_OF:
        assert decode(TOPIC_OF[family], json.dumps(value).encode(), arrived_at=ARRIVED_AT) == message


@pytest.mark.parametrize("family", ["relaunch", "outcome"])
def test_what_relance_publishes_holds_no_personal_data(family: str) -> None:
    fields = {field for schema in nested(FAMILIES[family]).values() for field in schema["properties"]}
    assert not fields & {"email", "phone", "first_name", "ip_hash", "user_agent", "url"}


def test_every_module_says_which_question_it_answers() -> None:
    for path in Path(schemas.__file__).parent.glob("*.py"):
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
        assert first.endswith("?") or path.name == "__init__.py", path.name
