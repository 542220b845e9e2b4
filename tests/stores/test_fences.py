"""Claims about which records are fences."""

import pytest

from streams.stores.fences import HEADER, is_fence


@pytest.mark.parametrize("headers", [[(HEADER, b"17")], [("trace", b"x"), (HEADER, b"")], ((HEADER, b"17"),)])
def test_a_record_with_the_header_is_a_fence(headers: list[tuple[str, bytes]]) -> None:
    assert is_fence(headers)


@pytest.mark.parametrize("headers", [[], (), [("trace", b"relance-fence")], [("Relance-Fence", b"")]])
def test_any_other_record_is_none(headers: list[tuple[str, bytes]]) -> None:
    assert not is_fence(headers)
