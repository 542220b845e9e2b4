"""Are topics created once, and listed as they are?"""

import asyncio
import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from aiokafka.admin import NewPartitions

from streams import topics
from streams.kafka_client import reachable
from streams.local.kafka import LocalKafka
from streams.provision import described
from streams.settings import Settings
from tests.cli.terminal import LONGEST_SECONDS, Terminal

NAMES = [topic.name for topic in topics.ALL]


@pytest.fixture
def empty(kafka: LocalKafka, bare: Terminal) -> Terminal:
    """An installation without topics."""
    there = {"kafka_bootstrap": kafka.bootstrap, "namespace": f"cli-{uuid4().hex[:8]}."}
    return Terminal({**bare.settings, **there, "public_partitions": "2", "journal_partitions": "3"})


async def grow(terminal: Terminal, name: str, count: int) -> None:
    """Change a topic's partition count in place, as nobody should, and wait until Kafka says so itself."""
    settings = Settings.model_validate(terminal.settings)
    async with reachable(settings) as admin, asyncio.timeout(LONGEST_SECONDS):
        await admin.create_partitions({settings.named(name): NewPartitions(count)})
        while (await described(admin, settings))[name] != count:
            await asyncio.sleep(0.05)


def test_topics_are_missing_until_they_are_applied_and_applying_again_changes_nothing(empty: Terminal) -> None:
    named = [empty.settings["namespace"] + name for name in NAMES]
    assert json.loads(empty.done("topics", "list", "--json")) == dict.fromkeys(named)
    assert sorted(json.loads(empty.done("topics", "apply", "--json"))["created"]) == sorted(named)
    counts = json.loads(empty.done("topics", "list", "--json"))
    of_journal = {topics.JOURNAL.name, topics.STATE.name}
    assert counts == {full: 3 if name in of_journal else 2 for full, name in zip(named, NAMES, strict=True)}
    assert json.loads(empty.done("topics", "apply", "--json")) == {"created": []}
    assert empty.done("topics", "apply") == "Nothing to create: all topics are there.\n"
    assert json.loads(empty.done("topics", "list", "--json", public_partitions="7")) == counts


def test_the_list_is_for_people_too(provisioned: Callable[[str], Terminal]) -> None:
    printed = provisioned("listed").done("topics", "list")
    assert all(f"cli-listed.{name}" in printed for name in NAMES)
    assert "The only topic with names and addresses" in printed
    assert "missing" not in printed


def test_a_journal_that_has_outgrown_its_state_stops_every_worker(empty: Terminal) -> None:
    empty.done("topics", "apply")
    asyncio.run(grow(empty, topics.JOURNAL.name, 5))
    said = empty.process("worker", "detect")
    assert said.status == 1
    assert "relance.journal has 5 partitions" in said.err
    assert "relance.state has 3" in said.err
    assert "relance journal repartition" in said.err
