"""Is a mistake that somebody can mend one message and status 1?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest

from streams.local.kafka import LocalKafka
from streams.local.ports import HOST, free_port
from streams.local.valkey import LocalValkey
from tests.cli.terminal import DEMO, Terminal

RECORDING = f"{DEMO}/recording.jsonl"


@contextmanager
def taken_port() -> Iterator[int]:
    """Give a port that somebody else holds."""
    with socket() as held:
        held.bind((HOST, 0))
        held.listen()
        yield held.getsockname()[1]


def mistake(terminal: Terminal, *words: str, **changes: str) -> str:
    """Run a command that must fail as it should, and return its message."""
    said = terminal.here(*words, **changes)
    assert said.status == 1, said
    assert said.err.startswith("relance: ")
    assert "Traceback" not in said.err
    assert said.out == ""
    return said.err


def sentence(terminal: Terminal, *words: str, **changes: str) -> str:
    """Run a command that must fail with one line, and return it."""
    message = mistake(terminal, *words, **changes)
    assert message.count("\n") == 1
    return message


@pytest.mark.parametrize(
    "words",
    [
        ["topics", "apply"],
        ["topics", "list"],
        ["worker", "ingest"],
        ["sender", "email"],
        ["play", RECORDING],
        ["replay", "--journal", "--out", "unwritten.jsonl"],
        ["dead-letters", "list"],
        ["explain", "somebody"],
    ],
)
def test_a_kafka_that_does_not_answer(bare: Terminal, words: list[str]) -> None:
    nobody = f"{HOST}:{free_port()}"
    message = sentence(bare, *words, kafka_bootstrap=nobody)
    assert nobody in message
    assert "RELANCE_KAFKA_BOOTSTRAP" in message
    assert not Path("unwritten.jsonl").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"kafka_bootstrap": "no such host.invalid:9092"},
        {"kafka_bootstrap": "127.0.0.1:port"},
        {"kafka_security": "SSL", "kafka_ca_file": "no/such/file.pem"},
        {"kafka_security": "SASL_SSL", "kafka_sasl_mechanism": "PLAIN"},
    ],
)
def test_a_kafka_that_is_named_wrongly(bare: Terminal, changes: dict[str, str]) -> None:
    assert "RELANCE_KAFKA_BOOTSTRAP" in sentence(bare, "topics", "list", **changes)


def test_topics_that_are_missing(kafka: LocalKafka, bare: Terminal) -> None:
    for words in (["worker", "detect"], ["sender", "email"], ["play", RECORDING], ["explain", "somebody"]):
        message = sentence(bare, *words, kafka_bootstrap=kafka.bootstrap, namespace="cli-nothing.")
        assert "cli-nothing.orders" in message
        assert "relance topics apply" in message


@pytest.fixture(scope="module")
def there(provisioned: Callable[[str], Terminal]) -> Terminal:
    return provisioned("mistakes")


@pytest.mark.parametrize("words", [["worker", "suppress"], ["worker", "all"], ["sender", "email"]])
def test_a_redis_that_does_not_answer(there: Terminal, words: list[str]) -> None:
    message = sentence(there, *words, redis_url=f"redis://:hunter2@{HOST}:{free_port()}/0")
    assert "RELANCE_REDIS_URL" in message
    assert "hunter2" not in message


def test_workers_that_need_no_redis_ask_for_none(there: Terminal) -> None:
    with taken_port() as port:
        # the last of all checks complains: the table was not asked for
        said = there.process("worker", "ingest", redis_url="redis://127.0.0.1:9/0", metrics_port=str(port))
    assert "RELANCE_METRICS_PORT" in said.err


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalValkey]:
    """A Valkey that asks for a password."""
    with LocalValkey(tmp_path_factory.mktemp("locked"), password="opensesame") as server:
        yield server


@pytest.mark.parametrize("password", ["", ":hunter2@"])
def test_a_redis_that_refuses_the_password(there: Terminal, locked: LocalValkey, password: str) -> None:
    for words in (["worker", "suppress"], ["sender", "email"]):
        message = sentence(there, *words, redis_url=f"redis://{password}{HOST}:{locked.port}/0")
        assert "RELANCE_REDIS_URL" in message
        assert "password" in message
        assert "hunter2" not in message


def test_an_address_of_redis_that_is_none(there: Terminal) -> None:
    message = sentence(there, "worker", "suppress", redis_url="redis://:pass/hunter2@redis/0")
    assert "RELANCE_REDIS_URL" in message
    assert "pass/" not in message
    assert "hunter2" not in message


@pytest.mark.parametrize("words", [["worker", "detect"], ["sender", "email"]])
@pytest.mark.parametrize("secret", ["", "x" * 31])
def test_a_secret_that_is_missing_or_too_short(bare: Terminal, words: list[str], secret: str) -> None:
    message = sentence(bare, *words, secret=secret)
    assert "RELANCE_SECRET" in message
    assert "32" in message
    assert "xxx" not in message


def test_a_setting_that_cannot_be(bare: Terminal) -> None:
    message = mistake(bare, "settings", smtp_port="hunter2", kafka_security="hunter2")
    assert "RELANCE_SMTP_PORT" in message
    assert "RELANCE_KAFKA_SECURITY" in message
    assert "hunter2" not in message


BAD_SCENARIOS = """\
scenarios:
  - name: cart-reminder
    kind: cart
    idle_for: half an hour
    steps: [{after: 0m, channel: pigeon, template: cart-reminder}]
"""


def test_scenarios_that_make_no_sense_are_told_by_line_with_the_way_out(bare: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "scenarios.yaml"
    file.write_text(BAD_SCENARIOS)
    out = str(tmp_path / "decisions.jsonl")
    for words in (["worker", "detect"], ["replay", "--events", RECORDING, "--out", out]):
        message = mistake(bare, *words, scenarios=str(file))
        assert f"{file}:4: idle_for" in message
        assert "30m" in message
        assert f"{file}:5: channel" in message
        assert f"{file}:2: expires_after is missing" in message


def test_scenarios_and_shops_that_are_not_there(bare: Terminal, there: Terminal) -> None:
    assert "RELANCE_SCENARIOS" in sentence(bare, "worker", "detect", scenarios="no/such.yaml")
    assert "RELANCE_SHOPS" in sentence(there, "sender", "email", shops="no/such.yaml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"topic": "page-views", "at": 1, "value": {}}\nnonsense\n', ":2: "),
        (b'{"topic": "gossip", "at": 1, "value": {}}\n', "gossip"),
        (b'{"topic": "page-views", "value": {}}\n', "at"),
    ],
)
def test_a_recording_that_cannot_be_read_on(bare: Terminal, tmp_path: Path, content: bytes, said: str) -> None:
    file, out = tmp_path / "recording.jsonl", str(tmp_path / "out.jsonl")
    file.write_bytes(content)
    for words in (["play", str(file)], ["replay", "--events", str(file), "--out", out]):
        message = sentence(bare, *words)
        assert str(file) in message
        assert said in message


def test_files_that_are_not_there_or_cannot_be_written(bare: Terminal, tmp_path: Path) -> None:
    out, nowhere = str(tmp_path / "out.jsonl"), str(tmp_path / "no" / "such.jsonl")
    for words in (["play", nowhere], ["replay", "--events", nowhere, "--out", out], ["demo", "--events", nowhere]):
        assert nowhere in sentence(bare, *words)
    for source in ("taobao", "otto", "retail"):
        assert nowhere in sentence(bare, "record", nowhere, "--from", source, "--to", out)
    assert nowhere in sentence(bare, "replay", "--events", RECORDING, "--out", nowhere)


def test_a_data_set_of_another_kind(bare: Terminal, tmp_path: Path) -> None:
    assert f"{RECORDING}:1: " in sentence(bare, "record", RECORDING, "--from", "taobao", "--to", str(tmp_path / "out"))


def test_mail_in_the_clear_to_another_machine(there: Terminal) -> None:
    message = sentence(there, "sender", "email", smtp_host="smtp.shop.example", smtp_tls="none")
    assert "RELANCE_SMTP_TLS" in message


def test_a_port_for_metrics_that_is_taken(there: Terminal) -> None:
    with taken_port() as port:
        for words in (["worker", "all"], ["sender", "email"]):
            said = there.process(*words, metrics_port=str(port))
            assert (said.status, said.out) == (1, "")
            assert said.err.startswith("relance: ")
            assert "RELANCE_METRICS_PORT" in said.err


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["topics", "list"], {"kafka_bootstrap": "127.0.0.1:9"}),
        (["worker", "detect"], {"namespace": "cli-nothing."}),
        (["worker", "suppress"], {"redis_url": "redis://127.0.0.1:9/0"}),
        (["sender", "email"], {"secret": "too short"}),
        (["play", "no/such.jsonl"], {}),
        (["settings"], {"smtp_port": "some"}),
    ],
)
def test_a_process_of_its_own_ends_like_the_commands_above(
    there: Terminal, words: list[str], changes: dict[str, str]
) -> None:
    said = there.process(*words, **changes)
    assert said == there.here(*words, **changes)
    assert said.status == 1


def test_flags_that_exclude_each_other_are_a_mistake_in_the_line(bare: Terminal) -> None:
    for words in (["replay", "--out", "x"], ["replay", "--out", "x", "--events", "y", "--journal"]):
        said = bare.here(*words)
        assert said.status == 2
        assert "--journal" in said.err
