"""Do percentiles and flatness say what they promise?"""

import pytest

from tests.benchmarks.spread import flatness, latencies, percentile


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(share: float, expected: float) -> None:
    assert percentile(range(100, 0, -1), share) == expected


def test_latencies_of_one_value_are_that_value() -> None:
    assert latencies([7]) == {"p50": 7, "p95": 7, "p99": 7, "max": 7}


def test_equal_values_are_flat() -> None:
    assert flatness([3, 3, 3]) == 1
    assert flatness([2, 3]) == 1.5
