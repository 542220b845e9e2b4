"""Would the containers start what exists, safely? No engine is needed to say so; none is run here."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import start_http_server

from senders.email_smtp import SmtpPool
from streams.app import ROLES, check_suppression_table
from streams.local import jars
from streams.local.ports import HOST, free_port
from streams.local.valkey import LocalValkey
from streams.metrics import Metrics
from streams.settings import Settings
from tests.contracts.checkout import ROOT
from tests.contracts.commands import parse

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("relance:")}
PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
#: `${NAME:-what is taken without it}`
DEFAULT = re.compile(r"\$\{\w+:-([^}]+)\}")


def mounts(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the source of every mount, variables at their defaults, and where it goes."""
    for mount in service.get("volumes", ()):
        source, target = DEFAULT.sub(r"\1", mount).split(":")[:2]
        yield source, target


def settings(service: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings that a service would read from its environment."""
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_of_a_known_version_and_from_the_usual_place(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert re.match(r"v?\d", tag)
    assert "." not in image.split("/")[0]


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_this_machine(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@pytest.mark.parametrize("name", OURS)
def test_metrics_are_for_the_other_containers_only(name: str) -> None:
    assert OURS[name]["environment"]["RELANCE_METRICS_HOST"] == "0.0.0.0"
    assert "ports" not in OURS[name]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_ours_is_a_setting_with_a_value_it_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"RELANCE_{field.upper()}" for field in Settings.model_fields}
    assert OURS[name]["environment"].keys() <= known
    assert settings(OURS[name], monkeypatch).redis_url.get_secret_value() == "redis://valkey:6379/0"


@pytest.mark.parametrize("name", OURS)
def test_without_a_secret_nothing_starts(name: str) -> None:
    assert OURS[name]["environment"]["RELANCE_SECRET"].startswith("${RELANCE_SECRET:?")


@pytest.mark.parametrize("name", OURS)
def test_every_service_runs_a_command_that_there_is(name: str) -> None:
    parse(" ".join(["relance", *OURS[name]["command"]]))


def test_every_role_and_the_sender_have_a_service() -> None:
    commands = [service["command"] for service in OURS.values()]
    assert all(command in commands for command in [*(["worker", role] for role in ROLES), ["sender", "email"]])


def test_mail_in_the_clear_goes_to_the_same_network_namespace_only(monkeypatch: pytest.MonkeyPatch) -> None:
    SmtpPool(settings(SERVICES["sender"], monkeypatch))
    assert SERVICES["sender"]["network_mode"] == "service:inbox"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_depends_on_exists(name: str) -> None:
    needed = {*SERVICES[name].get("depends_on", {}), SERVICES[name].get("network_mode", "").removeprefix("service:")}
    assert needed - {""} <= SERVICES.keys()
    for waited_for, how in SERVICES[name].get("depends_on", {}).items():
        # mailpit's image brings its own check
        assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[waited_for] or waited_for == "inbox"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_mounts_exists(name: str) -> None:
    for source, _ in mounts(SERVICES[name]):
        assert (ROOT / source).is_dir() if source.startswith("./") else source in COMPOSE["volumes"]


def test_scenarios_and_shops_are_where_workers_look_for_them() -> None:
    (workdir,) = re.findall(r"^WORKDIR (/etc/\S+)$", DOCKERFILE, re.MULTILINE)
    for service in OURS.values():
        ((source, target),) = mounts(service)
        assert target == workdir
        assert (ROOT / source / Settings().scenarios).is_file()
        assert (ROOT / source / Settings().shops).is_file()


def test_prometheus_asks_every_worker_and_sender() -> None:
    (job,) = PROMETHEUS["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    lasting = {name: service for name, service in OURS.items() if service["command"] != ["topics", "apply"]}
    reached = {service.get("network_mode", name).removeprefix("service:") for name, service in lasting.items()}
    assert set(found["names"]) == reached
    assert found["port"] == Settings().metrics_port
    assert job["job_name"] == "relance"


def test_containers_run_the_versions_that_are_tested() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{jars.COORDINATES[0].rpartition(':')[2]}"
    assert all(service["image"] == f"relance:{version('relance')}" for service in OURS.values())


class LikeTheContainer(LocalValkey):
    """A Valkey started with the words of docker-compose.yml."""

    def command(self) -> list[str]:
        """Return the container's command, at home on this machine."""
        program, *_ = super().command()
        words: list[str] = SERVICES["valkey"]["command"]
        return [program, *words[1:], "--port", str(self.port), "--bind", HOST, "--dir", str(self.directory)]


async def test_a_valkey_started_like_the_container_may_hold_the_suppression_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LikeTheContainer(tmp_path) as server:
        monkeypatch.setenv("RELANCE_REDIS_URL", server.url)
        await check_suppression_table(Settings())


def test_the_image_is_built_from_files_that_exist_and_runs_as_nobody_in_particular() -> None:
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    ]
    assert all((ROOT / name).exists() for name in copied)
    kept = (ROOT / "deploy/Dockerfile.dockerignore").read_text().split("\n")
    assert {f"!{name}" for name in copied} == {line for line in kept if line.startswith("!")}
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:3.11-slim"}


def test_the_image_is_built_with_tools_of_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert all(re.search(rf"^{tool}==", lock, re.MULTILINE) for tool in ("setuptools", "uv"))


def test_a_container_is_healthy_as_long_as_it_answers_for_its_metrics() -> None:
    (words,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    probe = [sys.executable, *json.loads(words)[1:]]
    port = free_port()
    environment = {**os.environ, "RELANCE_METRICS_PORT": str(port)}
    assert subprocess.run(probe, env=environment, capture_output=True, check=False).returncode == 1
    server, thread = start_http_server(port, HOST, Metrics().registry)
    try:
        assert subprocess.run(probe, env=environment, capture_output=True, check=False).returncode == 0
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
