"""How long is `30m`?"""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h|d)")


def milliseconds(text: object) -> int:
    """Return a duration such as `30m`, `24h` or `1500ms` in milliseconds; `ValueError` says what one looks like."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("a duration is a whole number and a unit (ms, s, m, h, d), for instance 30m")
    return int(found[1]) * _UNIT_MS[found[2]]


def written(duration_ms: int) -> str:
    """Return a duration as people write it, in the longest unit that leaves a whole number."""
    unit = max((unit for unit in _UNIT_MS if duration_ms % _UNIT_MS[unit] == 0), key=_UNIT_MS.__getitem__)
    return f"{duration_ms // _UNIT_MS[unit]}{unit}"


#: A field written as a duration and kept in milliseconds.
Duration = Annotated[int, BeforeValidator(milliseconds), PlainSerializer(written)]
