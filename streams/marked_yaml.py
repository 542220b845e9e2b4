"""Where in a YAML file is the mistake, and what is to be written there?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)

#: A line of the file, and what is wrong there.
Mistake = tuple[int, str]


class BadYaml(Exception):
    """A file that people write cannot be used. Show the text: each line of it names the file, the line and the fix."""


def load(path: Path, model: type[Model], *, setting: str) -> Model:
    """Return the file as a model; `setting` is the variable that names the file. Raises `BadYaml`."""
    node, content = _read(path, setting)
    try:
        mistakes = list(_repeated_keys(node))
        loaded = model.model_validate(content)
    except ValidationError as error:
        mistakes += [(_line(node, each["loc"]), _told(model, each)) for each in error.errors(include_url=False)]
    except RecursionError as error:
        raise BadYaml(f"{path} holds an entry that contains itself; write it without & and *") from error
    if mistakes:
        raise BadYaml("\n".join(f"{path}:{line}: {said}" for line, said in sorted(mistakes)))
    return loaded


def _read(path: Path, setting: str) -> tuple[yaml.Node, object]:
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        content = loader.construct_document(node) if node else None
    except OSError as error:
        raise BadYaml(f"{path} cannot be read ({error.strerror}); name the file in {setting}") from error
    except UnicodeDecodeError as error:
        raise BadYaml(f"{path} is not UTF-8; save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadYaml(f"{path}:{line}: not YAML ({error.problem}); mend the indentation or the quotes there") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadYaml(f"{path} holds something that YAML does not know; write plain text") from error
    if node is None:
        raise BadYaml(f"{path} is empty; the README shows what goes into it")
    return node, content


def _repeated_keys(node: yaml.Node) -> Iterator[Mistake]:
    """YAML would let the last one win; as a rule it is the dash of the next entry that is missing."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, f"{key.value} is there twice; is a dash missing before it?"
            seen.add(str(key.value))
            yield from _repeated_keys(value)


def _told(model: type[BaseModel], error: ErrorDetails) -> str:
    loc = error["loc"]
    while loc and isinstance(loc[-1], int):  # an entry goes by the name of its list
        loc = loc[:-1]
    fields = _fields(model, loc)
    name = str(loc[-1]) if loc else "the file"
    about = f": {fields[name]}" if fields.get(name) else ""
    match error["type"]:
        case "missing":
            return f"{name} is missing; add `{name}: …`{about}"
        case "extra_forbidden":
            return f"{name} is not known here; remove it, or write one of {', '.join(fields)}"
        case "value_error":
            return f"{name}: {error['ctx']['error']}"
        case _:
            return f"{name}: {error['msg']}{about}"


def _fields(model: type[BaseModel], loc: tuple[int | str, ...]) -> dict[str, str | None]:
    """Return the fields, by the names they have in the file, of the model that the last step of `loc` belongs to."""
    found: Any = model
    for step in loc[:-1]:
        field = None if isinstance(step, int) else found.model_fields.get(step)
        inner = next(iter(_models(field.annotation)), None) if field else None
        found = inner or found
    return {field.alias or name: field.description for name, field in found.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _line(node: yaml.Node, loc: tuple[int | str, ...]) -> int:
    """Return the line that a value stands on, counted from 1; of what surrounds it, when it is missing."""
    for step in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
            if found is None:
                break
            node = found
    return node.start_mark.line + 1
