"""Which tables of the README are derived, and from what?

`python -m tests.contracts.readme` writes them anew, between their markers; a test says whether they are current.
"""

import re
from collections.abc import Callable, Iterable
from typing import get_args, get_origin

from schemas import errors as schema_errors
from schemas.decoding import FAMILY_OF
from senders import errors as sender_errors
from streams import topics
from streams.cli.settings import shown
from streams.core import decisions
from streams.metrics import Metrics
from streams.provision import partitions_of
from streams.settings import Settings
from streams.stores import keys
from tests.benchmarks.everything import HERE, RAW
from tests.benchmarks.figures import Results, markdown
from tests.contracts.checkout import ROOT
from tests.contracts.commands import commands

README = ROOT / "README.md"
DEFAULTS = Settings.model_construct()
ALWAYS = ("v", "event_id", "shop_id", "occurred_at")

Row = tuple[str, ...]


def current(text: str) -> str:
    """Return the README with its tables as they should be."""
    for name, table in TABLES.items():
        text, found = re.subn(
            rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)",
            lambda markers, table=table: markers[1] + table() + markers[2],  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
        assert found == 1, f"README.md has {found} tables of {name}"
    return text


def main() -> None:
    """Write the tables."""
    README.write_text(current(README.read_text(encoding="utf-8")), encoding="utf-8")


def _commands() -> str:
    rows = (
        (_code("relance " + " ".join(words)), (command.help or "").partition("\n")[0]) for words, command in commands()
    )
    return _table(("command", "what it does"), rows)


def _wire() -> str:
    rows = []
    for topic, family in FAMILY_OF.items():
        fields = {name: field for name, field in family.model_fields.items() if name not in ALWAYS}
        required = ", ".join(_code(name) for name, field in fields.items() if field.is_required())
        optional = ", ".join(_code(name) for name, field in fields.items() if not field.is_required())
        rows.append((_code(topic), required, optional))
    return _table(("topic", "required", "optional"), rows)


def _topics() -> str:
    rows = (
        (_code(topic.name), _code(topic.key), str(partitions_of(topic, DEFAULTS)), _kept(topic.config), topic.about)
        for topic in topics.ALL
    )
    return _table(("topic", "key", "partitions", "kept", "what it holds"), rows)


def _kept(config: dict[str, str]) -> str:
    if config["cleanup.policy"] == "compact":
        return "the latest of each key"
    kept_ms = int(config["retention.ms"])
    return "for ever" if kept_ms < 0 else f"{kept_ms // topics.DAY_MS} days"


def _settings() -> str:
    defaults = shown(DEFAULTS)
    rows = (
        (_code(variable), _code(defaults[variable]), _choice(field.annotation) + (field.description or ""))
        for variable, field in zip(defaults, Settings.model_fields.values(), strict=True)
    )
    return _table(("variable", "default", "meaning"), rows)


def _choice(annotation: object) -> str:
    words = get_args(annotation) if all(isinstance(word, str) for word in get_args(annotation)) else ()
    return f"{', '.join(_code(word) for word in words)}: " if words and get_origin(annotation) else ""


def _metrics() -> str:
    rows = (
        (_code(row.name), row.kind, ", ".join(_code(label) for label in row.labels), row.about)
        for row in Metrics().catalogue
    )
    return _table(("metric", "kind", "labels", "what it says"), rows)


def _figures() -> str:
    return markdown(Results.read(HERE / RAW))


def _reasons() -> str:
    rows = [(_code(reason), "detection and gate", reason.sentence) for reason in decisions.Reason]
    rows += [(_code(reason), "sender", reason.sentence) for reason in sender_errors.Reason]
    return _table(("reason", "given by", "in words that can be read out"), rows)


def _dead_letters() -> str:
    return _table(("reason", "what is wrong"), ((_code(reason), reason.sentence) for reason in schema_errors.Reason))


def _keys() -> str:
    rows = ((_code(f"relance:{key.name}{key.of}"), key.type, _days(key.kept_ms), key.about) for key in keys.ALL)
    return _table(("key", "type", "kept after its last change", "what it holds"), rows)


def _days(kept_ms: int | None) -> str:
    return "for ever" if kept_ms is None else f"{kept_ms // keys.DAY_MS} days"


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    """Escape what Markdown would take for something else; in code, only the bar."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts)).strip()


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


TABLES: dict[str, Callable[[], str]] = {
    "figures": _figures,
    "commands": _commands,
    "wire": _wire,
    "topics": _topics,
    "settings": _settings,
    "metrics": _metrics,
    "reasons": _reasons,
    "dead letters": _dead_letters,
    "keys": _keys,
}

if __name__ == "__main__":
    main()
