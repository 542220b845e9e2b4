"""What do the tests of lanes stand on?"""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from streams import kafka_client
from streams.local.kafka import LocalKafka
from streams.settings import Settings
from tests.lane.small_lane import Group, own_settings, own_topic


@pytest.fixture
def settings(kafka: LocalKafka) -> Settings:
    return own_settings(kafka.bootstrap)


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, once the topic that a lane reads is there."""
    async with own_topic(settings) as admin:
        yield admin


@pytest.fixture
async def producer(settings: Settings, admin: AIOKafkaAdminClient) -> AsyncIterator[AIOKafkaProducer]:
    async with kafka_client.producer(settings) as producer:
        yield producer


@pytest.fixture
def group(settings: Settings, admin: AIOKafkaAdminClient) -> Group:
    return Group(settings, admin)
