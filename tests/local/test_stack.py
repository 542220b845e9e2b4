"""Claims about the whole stack: it works as a whole, and leaves without a trace."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from streams.local.errors import PartsMissing, PortTaken
from streams.local.ports import HOST, free_port, is_answered
from streams.local.stack import LocalStack
from streams.settings import Settings
from tests.local.test_server import eventually, is_gone

#: Starts a stack, names its processes, and waits for its end.
PROGRAM = textwrap.dedent("""
    import asyncio, json
    from streams.local.stack import LocalStack

    async def main():
        async with LocalStack() as stack:
            print(json.dumps([stack.kafka.pid, stack.valkey.pid]), flush=True)
            await asyncio.Event().wait()

    asyncio.run(main())
""")


async def test_settings_read_from_its_environment_lead_to_three_servers(
    kafka: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalStack() as stack:
        for name, value in stack.environment().items():
            monkeypatch.setenv(name, value)
        settings = Settings()
        assert settings.smtp_tls == "none"
        assert settings.secret
        assert len(settings.secret.get_secret_value()) >= 32
        smtp, kafka_port = settings.smtp_port, int(settings.kafka_bootstrap.rpartition(":")[2])
        assert settings.redis_url.get_secret_value() == stack.valkey.url
        assert all(is_answered(port) for port in (kafka_port, stack.valkey.port, smtp, stack.inbox.web_port))
        directory = stack.kafka.directory.parent
    assert not any(is_answered(port) for port in (kafka_port, stack.valkey.port, smtp, stack.inbox.web_port))
    assert not directory.exists()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_neither_ctrl_c_nor_a_kill_leaves_a_server_behind(kafka: object, end: signal.Signals, tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    started = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as program:
        assert program.stdout
        pids = json.loads(program.stdout.readline())
        os.kill(program.pid, end)
    assert eventually(lambda: all(is_gone(pid) for pid in pids))
    if end is signal.SIGINT:
        assert list(tmp_path.iterdir()) == []


async def test_a_part_that_cannot_be_had_ends_the_others(kafka: object, tmp_path: Path) -> None:
    with socket.create_server((HOST, free_port())) as taken:
        stack = LocalStack(tmp_path, smtp_port=taken.getsockname()[1])
        with pytest.raises(PortTaken):
            await stack.__aenter__()
    assert (stack.kafka.pid, stack.valkey.pid) == (None, None)


def test_a_directory_that_was_given_stays_and_the_secret_in_it_is_found_again(kafka: object, tmp_path: Path) -> None:
    async def secret() -> str:
        async with LocalStack(tmp_path) as stack:
            return stack.environment()["RELANCE_SECRET"]

    (tmp_path / "secret").write_text("the secret of the stack before this one")
    assert asyncio.run(secret()) == "the secret of the stack before this one"
    assert {each.name for each in tmp_path.iterdir()} == {"kafka", "secret", "valkey"}


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jgo", None)
    with pytest.raises(PartsMissing, match=r"pip install 'relance\[local\]'"):
        asyncio.run(LocalStack(tmp_path).__aenter__())
    assert list(tmp_path.iterdir()) == []
