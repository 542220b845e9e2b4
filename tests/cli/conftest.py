"""Which installations do the tests of the command line share?"""

from collections.abc import Callable

import pytest

from streams.local.kafka import LocalKafka
from streams.local.valkey import LocalValkey
from tests.cli.terminal import DEMO, SECRET, Terminal


@pytest.fixture(scope="session")
def bare() -> Terminal:
    """A terminal with all that a worker or sender needs, but nobody behind the addresses."""
    return Terminal(
        {
            "kafka_bootstrap": "127.0.0.1:9",
            "redis_url": "redis://127.0.0.1:9/0",
            "secret": SECRET,
            "scenarios": f"{DEMO}/scenarios.yaml",
            "shops": f"{DEMO}/shops.yaml",
            "metrics_port": "0",
        }
    )


@pytest.fixture(scope="session")
def provisioned(kafka: LocalKafka, valkey: LocalValkey, bare: Terminal) -> Callable[[str], Terminal]:
    """Return a terminal whose installation has a name of its own, and its topics."""

    def terminal(name: str) -> Terminal:
        there = {"kafka_bootstrap": kafka.bootstrap, "redis_url": valkey.url, "namespace": f"cli-{name}."}
        few = {"public_partitions": "2", "journal_partitions": "2"}
        found = Terminal({**bare.settings, **there, **few})
        found.done("topics", "apply")
        return found

    return terminal
