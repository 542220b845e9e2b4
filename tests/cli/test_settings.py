"""Are settings shown, and secrets not?"""

import json

import pytest

from streams.settings import Settings
from tests.cli.terminal import Terminal

SECRETS = {
    "secret": "hunter2-hunter2-hunter2-hunter2-hunter2",
    "kafka_password": "hunter2-kafka",
    "smtp_password": "hunter2-smtp",
    "redis_url": "redis://user:hunter2-redis@redis:6380/3",
}


def test_settings_are_those_of_the_environment_or_their_defaults() -> None:
    shown = json.loads(Terminal({"kafka_bootstrap": "kafka:9092"}).done("settings", "--json"))
    assert shown.keys() == {f"RELANCE_{name.upper()}" for name in Settings.model_fields}
    assert shown["RELANCE_KAFKA_BOOTSTRAP"] == "kafka:9092"
    assert shown["RELANCE_METRICS_PORT"] == "9464"


def test_what_is_shown_can_be_set() -> None:
    chosen = {"kafka_bootstrap": "kafka:9092", "forget_after": "36h", "namespace": "here.", "scenarios": "mine.yaml"}
    shown = json.loads(Terminal(chosen).done("settings", "--json"))
    again = {name.removeprefix("RELANCE_").lower(): value for name, value in shown.items() if value}
    assert again["forget_after"] == "36h"
    assert json.loads(Terminal(again).done("settings", "--json")) == shown


def test_each_setting_is_shown_with_its_sentence() -> None:
    printed = Terminal().done("settings")
    assert all(f"RELANCE_{name.upper()}" in printed for name in Settings.model_fields)
    assert "The relay that takes our mail." in printed


@pytest.mark.parametrize("words", [["settings"], ["settings", "--json"]])
def test_no_secret_is_shown(words: list[str]) -> None:
    printed = Terminal(SECRETS).process(*words).out
    assert "hunter2" not in printed
    assert printed.count("***") == len(SECRETS)
    assert "redis://***@redis:6380/3" in printed


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2@redis",
        "rediss://redis:6379/0?password=hunter2",
        "redis://redis:6379/0?password=@hunter2",
        "redis://:pass/hunter2@redis:6379/0",
        "redis://:pass?hunter2@redis:6379/0",
        "redis://:pass#hunter2@redis:6379/0",
        "redis://:p@hunter2@redis:6379/0",
        ":hunter2@redis:6379",
        "hunter2",
        "unix://user:hunter2@/run/redis.sock",
    ],
)
def test_a_password_in_whatever_address_is_not_shown(url: str) -> None:
    assert "hunter2" not in Terminal({"redis_url": url}).done("settings", "--json")


def test_without_a_password_the_whole_address_is_shown() -> None:
    url = "redis://127.0.0.1:6379/0"
    assert json.loads(Terminal({"redis_url": url}).done("settings", "--json"))["RELANCE_REDIS_URL"] == url
