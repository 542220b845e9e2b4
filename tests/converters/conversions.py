"""How is a converter tried on a few rows?"""

import json
from pathlib import Path
from typing import Any

from streams.converters import Share, Tally, convert


def converted(source: str, path: Path, *, contacts: Share = "none", tally: Tally | None = None) -> list[dict[str, Any]]:
    """Return the lines made, decoded."""
    return [json.loads(line) for line in convert(source, path, contacts=contacts, tally=tally)]


def values(lines: list[dict[str, Any]], *topics: str) -> list[dict[str, Any]]:
    """Return the values of some topics' lines."""
    return [line["value"] for line in lines if line["topic"] in topics]
