"""What does a command say, and with which status does it end, for somebody at a terminal?"""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field

import pytest

from streams.cli import main

SECRET = "a secret of more than thirty-two characters"
DEMO = "streams/demo"
#: What no command takes that does not run for ever, on a slow machine either.
LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """A terminal with some settings in its environment, and none of the machine's."""

    settings: Mapping[str, str] = field(default_factory=dict)

    def environment(self, **changes: str) -> dict[str, str]:
        """Return what a command finds in its environment; `kafka_bootstrap="…"` changes a setting."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("RELANCE_")}
        said = {f"RELANCE_{name.upper()}": value for name, value in {**self.settings, **changes}.items()}
        return {**bare, **said, "COLUMNS": "250", "TERM": "dumb"}

    def process(self, *words: str, **changes: str) -> Said:
        """Run a command to its end, in a process of its own."""
        command = [sys.executable, "-m", "streams.cli", *words]
        ended = subprocess.run(
            command,
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    def here(self, *words: str, **changes: str) -> Said:
        """Run a command to its end in this process, which has the imports behind it: one second less."""
        with pytest.MonkeyPatch.context() as patch, _captured() as (out, err):
            for name in os.environ.keys() - self.environment(**changes).keys():
                patch.delenv(name)
            for name, value in self.environment(**changes).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["relance", *words])
            try:
                main()
                status = 0
            except SystemExit as ended:
                status = int(ended.code or 0)
        return Said(status, out.getvalue(), err.getvalue())

    def done(self, *words: str, **changes: str) -> str:
        """Run a command that must succeed, and complain of nothing; return what it printed."""
        said = self.here(*words, **changes)
        assert (said.status, said.err) == (0, ""), said
        return said.out


@contextmanager
def _captured() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        yield out, err
