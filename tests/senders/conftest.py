"""What do the tests of fence and gate stand on?"""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from streams import kafka_client
from streams.local.kafka import LocalKafka
from streams.local.valkey import LocalValkey
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores.in_redis import SuppressionInRedis, connect
from tests.senders.projector import create_topics, own_settings


@pytest.fixture
def settings(kafka: LocalKafka) -> Settings:
    return own_settings(kafka.bootstrap)


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, once the fenced topics are there, of one partition each."""
    async with kafka_client.reachable(settings) as admin:
        await create_topics(admin, settings, partitions=1)
        yield admin


@pytest.fixture
async def producer(settings: Settings, admin: AIOKafkaAdminClient) -> AsyncIterator[AIOKafkaProducer]:
    async with kafka_client.producer(settings) as producer:
        yield producer


@pytest.fixture
async def table(valkey: LocalValkey, settings: Settings) -> AsyncIterator[SuppressionInRedis]:
    async with connect(valkey.url) as client:
        yield SuppressionInRedis(client, settings.namespace)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()
