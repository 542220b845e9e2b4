"""How is a server run beside us, and surely ended?

Law 1  It is ready when it answers, not when some time has passed.
Law 2  It never outlives us: stopped, killed after a grace, or dead with its parent.
Law 3  Its port and its data stay its own from one start to the next.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.local import ports, tether
from streams.local.errors import ServerFailed

LOOKS_PER_S = 50
STARTS_WITHIN_S = 90
STOPS_WITHIN_S = 10
END_OF_LOG_CHARS = 3000


class Server(ABC):
    """One program on one port of the loopback, with one data directory.

    Warning: the system ties a child to the *thread* that started it; start from one that lives as long as the server.
    """

    #: What it is called in file names and errors.
    name: str

    def __init__(self, directory: Path, port: int | None = None) -> None:
        #: Where it keeps its data, its configuration and its log.
        self.directory = directory.absolute()
        #: Where it listens, on the loopback.
        self.port = port or ports.free_port()
        #: What it finds in its environment besides ours.
        self.environment: Mapping[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Write what the server needs to read, and return the program and its arguments."""

    def preparing(self) -> Generator[None]:
        """Do, in steps, what must be done before the server can run."""
        yield from ()

    def is_ready(self) -> bool:
        """Say whether the running server can be used."""
        return ports.is_answered(self.port)

    @property
    def log(self) -> Path:
        """Everything the server has said."""
        return self.directory / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The server's process, if it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def starting(self) -> Generator[None]:
        """Start, handing back control for as long as the server is not ready; closed midway, it leaves nothing running.

        Raises a LocalStackError if it cannot be had.
        """
        ports.require_free(self.port)
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            yield from self.preparing()
            self._process = self.spawn(self.command())
            yield from self._becoming_ready()
        except BaseException:
            self.kill()
            raise

    def stopping(self) -> Generator[None]:
        """Ask the server to end, handing back control for as long as it has not; past its grace, kill it."""
        self.thaw()
        self._signal(signal.SIGTERM)
        give_up_at = time.monotonic() + STOPS_WITHIN_S
        try:
            while self.pid and time.monotonic() < give_up_at:
                yield
        finally:
            self.kill()

    def start(self) -> None:
        """Start and wait until the server can be used. Raises a LocalStackError if it cannot be had."""
        wait(self.starting())

    def stop(self) -> None:
        """End the server within seconds; a server that does not run is left alone."""
        wait(self.stopping())

    def restart(self) -> None:
        """Stop, then start on the same data and port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End the server as a power cut would (SIGKILL)."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def freeze(self) -> None:
        """Stop its clock (SIGSTOP): connections stay open, nothing answers. Returns once every thread stands still."""
        self.thaw()
        self._signal(signal.SIGSTOP)
        if self.pid:
            os.waitpid(self.pid, os.WUNTRACED)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Run a program that dies with us, away from the terminal's Ctrl-C, its output going to the log."""
        tied = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                tied,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **self.environment},
            )

    def run(self, command: list[str]) -> Generator[None, None, int]:
        """Run a program to its end, handing back control meanwhile, and return its exit status; closed midway, kill it."""
        self._process = self.spawn(command)
        try:
            while (status := self._process.poll()) is None:
                yield
        finally:
            self.kill()
        return status

    def end_of_log(self) -> str:
        """Return the last lines that the server wrote."""
        return self.log.read_text(errors="replace")[-END_OF_LOG_CHARS:]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _becoming_ready(self) -> Generator[None]:
        give_up_at = time.monotonic() + STARTS_WITHIN_S
        while not self.is_ready():
            if self.pid is None:
                raise self.failed("died while starting")
            if time.monotonic() > give_up_at:
                raise self.failed(f"did not answer within {STARTS_WITHIN_S} s")
            yield

    def failed(self, how: str) -> ServerFailed:
        """Return the error that says what happened to this server."""
        return ServerFailed(f"{self.name} {how}", self.log, self.end_of_log())

    def _signal(self, what: signal.Signals) -> None:
        if self.pid:
            os.killpg(self.pid, what)


def wait(steps: Generator[None]) -> None:
    """Go through the steps of a start or stop, blocking the caller."""
    with closing(steps):
        for _ in steps:
            time.sleep(1 / LOOKS_PER_S)


async def wait_async(steps: Generator[None]) -> None:
    """Go through the steps of a start or stop, leaving the loop to others in between."""
    with closing(steps):
        for _ in steps:
            await asyncio.sleep(1 / LOOKS_PER_S)
