"""Do the commands that run until they are told to stop start whole, and stop clean?"""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams import topics
from streams.app import ROLES
from streams.local.inbox import Inbox
from streams.local.ports import HOST, free_port, is_free
from streams.settings import Settings
from tests.cli.terminal import Terminal

LONG_SECONDS = 90


@contextmanager
def running(terminal: Terminal, *words: str, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command for as long as the block lasts; what is still there at its end is killed."""
    command = [sys.executable, "-m", "streams.cli", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=terminal.environment(**changes), **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def until_it_says(process: subprocess.Popen[str], port: int, *said: str) -> None:
    """Wait until a process' metrics hold all that is said."""
    give_up_at = time.monotonic() + LONG_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
            if all(each in text for each in said):
                return
        except OSError:
            pass
        time.sleep(0.1)
    process.kill()
    pytest.fail(f"{said} not found: {process.communicate()[1]}")


def stopped(process: subprocess.Popen[str], how: signal.Signals) -> str:
    """Tell a process to stop; it must end well, and soon. Return what it said on standard error."""
    process.send_signal(how)
    _, err = process.communicate(timeout=LONG_SECONDS)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    return err


def test_up_prints_settings_that_work_and_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    with running(Terminal(), "up", "--directory", str(tmp_path)) as up:
        assert up.stdout
        printed = ""
        while "Ctrl-C" not in printed:
            line = up.stdout.readline()
            assert line, up.stderr and up.stderr.read()
            printed += line
        exported = dict(re.findall(r"^export RELANCE_(\w+)=(.*)$", printed, re.MULTILINE))
        settings = {name.lower(): value for name, value in exported.items()}
        assert settings.keys() <= Settings.model_fields.keys()
        assert json.loads(Terminal(settings).done("topics", "list", "--json")).keys() == {t.name for t in topics.ALL}
        stopped(up, signal.SIGINT)
    assert is_free(int(settings["kafka_bootstrap"].rpartition(":")[2]))
    assert is_free(int(settings["smtp_port"]))


@pytest.fixture(scope="module")
def there(provisioned: Callable[[str], Terminal]) -> Terminal:
    return provisioned("running")


def test_a_worker_takes_up_its_partitions_logs_in_json_and_ends_well_when_told_to(there: Terminal) -> None:
    port = free_port()
    with running(there, "worker", "all", metrics_port=str(port)) as worker:
        groups = [f'relance_lag_records{{group="{group}"' for group in ROLES]
        until_it_says(worker, port, *groups, f'role="{",".join(ROLES)}"')
        lines = stopped(worker, signal.SIGTERM).splitlines()
    assert all("event" in json.loads(line) for line in lines)


async def test_a_sender_ends_well_when_told_to(there: Terminal) -> None:
    async with Inbox() as inbox:
        port = free_port()
        relay = {"smtp_host": HOST, "smtp_port": str(inbox.smtp_port), "smtp_tls": "none"}
        with running(there, "sender", "email", metrics_port=str(port), **relay) as sender:
            until_it_says(sender, port, 'role="sender-email"')
            stopped(sender, signal.SIGTERM)
