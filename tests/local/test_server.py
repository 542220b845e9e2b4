"""Claims about servers run beside us, on small ones that misbehave."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from streams.local import server
from streams.local.errors import PortTaken, ServerFailed
from streams.local.ports import is_answered, is_free
from streams.local.server import Server, wait_async


class Script(Server):
    """A few lines of Python as a server."""

    name = "script"

    def __init__(self, directory: Path, lines: str) -> None:
        super().__init__(directory)
        self._lines = textwrap.dedent(lines)

    def command(self) -> list[str]:
        return [sys.executable, "-I", "-c", self._lines, str(self.port)]


LISTENS = """
    import socket, sys, time
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    time.sleep(600)
"""
DIES = """
    raise SystemExit("no disk")
"""
HANGS = """
    import time
    time.sleep(600)
"""
IGNORES_SIGTERM = f"""
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
{LISTENS}
"""


def eventually(condition: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + 20
    while not condition() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return condition()


def is_gone(pid: int) -> bool:
    """Say whether a process has ended; one that only waits to be reaped by whoever inherited it has."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except FileNotFoundError:  # gone in between, or a system without /proc
        return sys.platform == "linux"


def test_a_started_server_answers_and_a_stopped_one_is_gone(tmp_path: Path) -> None:
    with Script(tmp_path, LISTENS) as script:
        assert is_answered(script.port)
        pid = script.pid
    assert pid
    assert is_gone(pid)
    assert script.pid is None
    assert is_free(script.port)


def test_stopping_and_killing_what_does_not_run_changes_nothing(tmp_path: Path) -> None:
    script = Script(tmp_path, LISTENS)
    script.stop()
    script.kill()
    assert script.pid is None


def test_a_server_that_dies_while_starting_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"script died while starting; .*script\.log ends with:\nno disk"):
        Script(tmp_path, DIES).start()


def test_a_server_that_never_answers_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STARTS_WITHIN_S", 0.1)
    script = Script(tmp_path, HANGS)
    with pytest.raises(ServerFailed, match="did not answer"):
        script.start()
    assert script.pid is None


def test_a_server_that_will_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STOPS_WITHIN_S", 0.1)
    script = Script(tmp_path, IGNORES_SIGTERM)
    script.start()
    script.stop()
    assert script.pid is None


def test_a_frozen_server_is_stopped_all_the_same(tmp_path: Path) -> None:
    script = Script(tmp_path, LISTENS)
    script.start()
    script.freeze()
    script.stop()
    assert script.pid is None


def test_a_port_that_another_program_holds_is_reported_before_anything_runs(tmp_path: Path) -> None:
    with Script(tmp_path / "first", LISTENS) as first:
        second = Script(tmp_path / "second", LISTENS)
        second.port = first.port
        with pytest.raises(PortTaken):
            second.start()
        assert is_answered(first.port)


def test_a_start_that_is_broken_off_leaves_nothing_running(tmp_path: Path) -> None:
    script = Script(tmp_path, HANGS)
    with closing(script.starting()) as steps:
        next(steps)
        assert script.pid
    assert script.pid is None


async def test_a_server_can_be_started_and_stopped_beside_other_tasks(tmp_path: Path) -> None:
    script = Script(tmp_path, LISTENS)
    await wait_async(script.starting())
    assert is_answered(script.port)
    await wait_async(script.stopping())
    assert script.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_a_server_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = f"""
        import pathlib, sys, time
        from tests.local.test_server import LISTENS, Script
        script = Script(pathlib.Path({str(tmp_path)!r}), LISTENS)
        script.start()
        print(script.pid, flush=True)
        time.sleep(600)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    assert eventually(lambda: is_gone(pid))
