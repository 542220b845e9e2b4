"""Claims about how durations are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.durations import milliseconds, written


@pytest.mark.parametrize(
    ("text", "ms"),
    [("0m", 0), ("1500ms", 1_500), ("1s", 1_000), ("30m", 1_800_000), ("24h", 86_400_000), ("7d", 604_800_000)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize(
    "text",
    ["", "30", "m", "-1m", "1.5h", "30 m", " 30m", "30m ", "30m\n", "30M", "1h30m", "1w", "1234567890s", 30, 30.0, None, True, ["30m"]],
)  # fmt: skip
def test_nothing_else_is_and_the_message_shows_one(text: object) -> None:
    with pytest.raises(ValueError, match="for instance 30m"):
        milliseconds(text)


@pytest.mark.parametrize(
    ("ms", "text"), [(1, "1ms"), (999, "999ms"), (60_000, "1m"), (90_000, "90s"), (3_600_000, "1h"), (86_400_000, "1d")]
)
def test_a_duration_is_written_in_the_longest_unit_that_fits(ms: int, text: str) -> None:
    assert written(ms) == text


@given(st.integers(0, 999_999_999))
def test_a_duration_that_is_written_is_read_as_it_was(ms: int) -> None:
    assert milliseconds(written(ms)) == ms


@given(st.integers(0, 999_999_999), st.sampled_from([("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]))
def test_units_are_multiples_of_a_millisecond(number: int, unit: tuple[str, int]) -> None:
    assert milliseconds(f"{number}{unit[0]}") == number * unit[1]
