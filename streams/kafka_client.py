"""How does any part of Relance connect to Kafka?"""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.settings import Settings

MIB = 1 << 20


class KafkaUnavailable(Exception):
    """Kafka does not answer, or refuses us. Tell the operator; its text says what to check."""


def options(settings: Settings) -> dict[str, Any]:
    """Return the connection options that every aiokafka client takes."""
    known: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_security.startswith("SASL"):
        known["sasl_mechanism"] = settings.kafka_sasl_mechanism
        known["sasl_plain_username"] = settings.kafka_username
        known["sasl_plain_password"] = settings.kafka_password and settings.kafka_password.get_secret_value()
    if settings.kafka_security.endswith("SSL"):
        known["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
    return known


@asynccontextmanager
async def reachable(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect an admin client, or raise `KafkaUnavailable` with what to do."""
    async with AsyncExitStack() as ends:
        try:
            admin = AIOKafkaAdminClient(**options(settings))
            ends.push_async_callback(admin.close)
            await admin.start()
        except (KafkaError, OSError, ValueError) as error:
            raise KafkaUnavailable(
                f"Kafka at {settings.kafka_bootstrap} cannot be used: {error}. "
                "Check RELANCE_KAFKA_BOOTSTRAP and the RELANCE_KAFKA_… security settings, "
                "or start a local stack with `relance up`."
            ) from error
        yield admin


def producer(settings: Settings) -> AIOKafkaProducer:
    """Return a producer whose sends are acknowledged by all replicas and keep their order; not yet started."""
    return AIOKafkaProducer(
        **options(settings), acks="all", enable_idempotence=True, max_batch_size=MIB, max_request_size=8 * MIB
    )


def reader(settings: Settings) -> AIOKafkaConsumer:
    """Return a consumer without a group, for reading whole partitions; not yet started."""
    return AIOKafkaConsumer(
        **options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * MIB,
        fetch_max_bytes=64 * MIB,
    )


#: How long it may take until a consumer finds partitions that were added: until then fences are not passed.
NEW_PARTITIONS_MS = 10_000


def member(
    settings: Settings, group: str, *, session_timeout_ms: int = 10_000, longest_round_ms: int = 300_000
) -> AIOKafkaConsumer:
    """Return a consumer of a group that commits by hand and starts at the beginning; not yet started.

    A member that asks for no records for `longest_round_ms` loses its partitions.
    """
    return AIOKafkaConsumer(
        **options(settings),
        group_id=settings.named(group),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=session_timeout_ms,
        heartbeat_interval_ms=min(3000, session_timeout_ms // 4),
        rebalance_timeout_ms=max(20_000, session_timeout_ms),
        max_poll_interval_ms=longest_round_ms,
        metadata_max_age_ms=NEW_PARTITIONS_MS,
        max_partition_fetch_bytes=4 * MIB,
        fetch_max_bytes=32 * MIB,
        fetch_max_wait_ms=200,
    )
