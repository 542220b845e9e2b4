"""What is the least that still goes wrong?"""

from collections.abc import Callable
from typing import Any

Line = dict[str, Any]


def smallest(lines: list[Line], fails: Callable[[list[Line]], bool]) -> list[Line]:
    """Return lines that still fail, of which none can be left out (after Zeller and Hildebrandt's ddmin, 2002)."""
    size = max(1, len(lines) // 2)
    while size:
        before = len(lines)
        lines = _without_parts(lines, size, fails)
        if len(lines) == before:
            size //= 2
    return lines


def _without_parts(lines: list[Line], size: int, fails: Callable[[list[Line]], bool]) -> list[Line]:
    start = 0
    while start < len(lines):
        shorter = lines[:start] + lines[start + size :]
        if fails(shorter):
            lines = shorter
        else:
            start += size
    return lines
