"""Claims about the replay of a journal, on a real Kafka: ticks and times are the journal's own."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from streams.core.decisions import Decision
from streams.journal.records import TICK, TICK_KEY, encode
from streams.local.kafka import LocalKafka
from streams.replay import FOR_EVER, Removed, of_journal
from tests.core.events import HOUR, MINUTE, NINE, changed, consented, left, viewed
from tests.core.story import ANNA, LAPTOP, REMINDER, Written

DUE = NINE + 30 * MINUTE
#: An abandoned cart, noticed by a tick a second late, and decided when the candidate came another second later.
RECORDS = [
    Written(0, NINE, ANNA, encode(consented(offset=1))),
    Written(1, NINE, LAPTOP, encode(changed("add", id="add", contact_id="anna", offset=2))),
    Written(2, DUE + 1_000, TICK_KEY, TICK),
    Written(3, DUE + 2_000, ANNA, encode(left("add"))),
    Written(4, DUE + HOUR, LAPTOP, encode(changed("add", id="again", at=DUE + HOUR, offset=5))),
]


@asynccontextmanager
async def administering(kafka: LocalKafka) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def written(kafka: LocalKafka, topic: str, *partitions: Iterable[Written]) -> None:
    async with administering(kafka) as admin:
        await admin.create_topics([NewTopic(topic, num_partitions=len(partitions), replication_factor=1)])
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all") as producer:
        for number, records in enumerate(partitions):
            send = partial(producer.send_and_wait, topic, partition=number)
            for record in records:
                await send(record.value, record.key, timestamp_ms=record.timestamp)


async def replayed(
    kafka: LocalKafka, topic: str, partitions: int, *, forget_after_ms: int = FOR_EVER
) -> list[Decision]:
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap) as consumer:
        return await of_journal(consumer, topic, partitions, (REMINDER,), forget_after_ms=forget_after_ms)


async def test_a_journal_is_replayed_with_its_own_ticks_and_times(kafka: LocalKafka) -> None:
    await written(kafka, "replay-times", RECORDS)
    (decision,) = await replayed(kafka, "replay-times", 1)
    assert (decision.decision, decision.trigger_at, decision.decided_at) == ("relaunch", NINE, DUE + 2_000)


async def test_what_two_partitions_hold_is_decided_once_and_told_in_order(kafka: LocalKafka) -> None:
    other = [Written(0, NINE, ANNA, encode(left("other", scenario="hasty")))]
    await written(kafka, "replay-partitions", RECORDS, [], RECORDS, other)
    decisions = await replayed(kafka, "replay-partitions", 4)
    assert [(decision.decision, decision.decided_at) for decision in decisions] == [
        ("no_consent", NINE),
        ("relaunch", DUE + 2_000),
    ]


@pytest.mark.parametrize(("forget_after_ms", "decided"), [(HOUR, ["no_contact"]), (HOUR + 1, [])])
async def test_a_replay_forgets_whom_the_workers_forget(
    kafka: LocalKafka, forget_after_ms: int, decided: list[str]
) -> None:
    topic, later = f"replay-forgets-{forget_after_ms}", NINE + HOUR
    records = [
        Written(0, NINE, LAPTOP, encode(viewed(contact_id="anna", offset=1))),
        Written(1, later, LAPTOP, encode(changed("add", at=later, offset=2))),
        Written(2, later + HOUR, TICK_KEY, TICK),
    ]
    await written(kafka, topic, records)
    decisions = await replayed(kafka, topic, 1, forget_after_ms=forget_after_ms)
    assert [decision.decision for decision in decisions] == decided


async def test_an_empty_journal_decides_nothing(kafka: LocalKafka) -> None:
    await written(kafka, "replay-empty", [], [])
    assert await replayed(kafka, "replay-empty", 2) == []


async def test_a_journal_without_its_beginning_is_not_replayed(kafka: LocalKafka) -> None:
    await written(kafka, "replay-removed", RECORDS)
    async with administering(kafka) as admin:
        await admin.delete_records({TopicPartition("replay-removed", 0): RecordsToDelete(1)})
    with pytest.raises(Removed, match="beginning"):
        await replayed(kafka, "replay-removed", 1)
