"""How far apart are many values?"""

from collections.abc import Sequence
from math import ceil


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that at least `share` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def latencies(values: Sequence[float]) -> dict[str, float]:
    """Return median, 95 %, 99 % and the largest."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: percentile(values, share) for name, share in shares.items()}


def flatness(values: Sequence[float]) -> float:
    """Return how many times the smallest of the values the largest is."""
    return max(values) / min(values)
