"""Claims about the laws of a lane, on a real Kafka."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition

from streams.kafka_client import options
from streams.lane import consumer
from streams.settings import Settings
from tests.lane.small_lane import GROUP, MEMBER, TOPIC, Agent, Group, Opener, publish, running, until

pytestmark = pytest.mark.usefixtures("admin")


async def test_a_position_is_committed_after_delivery_and_not_before(
    settings: Settings, producer: AIOKafkaProducer, group: Group
) -> None:
    agent = Agent()
    agent.may_deliver.clear()
    async with running(settings, agent):
        await publish(producer, settings, partition=0, records=3)
        await until(lambda: agent.offsets(0) != [], "a batch in flight")
        held_back, agent.may_deliver = agent.may_deliver, asyncio.Event()
        agent.may_deliver.set()
        await publish(producer, settings, partition=1, records=2)
        await group.until_committed(1, 2)
        assert not agent.batches[0].delivered.done()
        assert 0 not in await group.committed()
        held_back.set()


async def test_the_position_behind_what_was_delivered_is_committed(
    settings: Settings, producer: AIOKafkaProducer, group: Group
) -> None:
    async with running(settings):
        await publish(producer, settings, partition=0, records=3)
        await group.until_committed(0, 3)


async def test_one_batch_of_a_partition_is_in_flight_at_a_time(settings: Settings, producer: AIOKafkaProducer) -> None:
    agent = Agent()
    agent.may_deliver.clear()
    async with running(settings, agent) as run:
        await publish(producer, settings, partition=0)
        await until(lambda: agent.offsets(0) == [[0]], "a batch in flight")
        await publish(producer, settings, partition=1)
        await until(lambda: agent.offsets(1) == [[0]], "one of another partition beside it")
        await publish(producer, settings, partition=0)
        await until(lambda: run.fetched(0) == 2, "the next one fetched")
        assert agent.offsets(0) == [[0]]
        agent.may_deliver.set()
        await until(lambda: agent.offsets(0) == [[0], [1]], "the next one in flight")
        assert agent.batches[0].state is agent.batches[-1].state


@pytest.mark.parametrize("where", ["stumbles", "fails_to_deliver"])
async def test_an_exception_in_an_agent_or_a_delivery_stops_the_worker_and_the_position_stays(
    settings: Settings, producer: AIOKafkaProducer, group: Group, where: str
) -> None:
    agent, mistake = Agent(), ValueError("a mistake")
    async with running(settings, agent) as run:
        await publish(producer, settings, partition=0, records=2)
        await group.until_committed(0, 2)
        setattr(agent, where, mistake)
        await publish(producer, settings, partition=0)
        await until(lambda: run.app.crashed, "the worker stops")
        assert run.app.crash_reason is mistake
    assert await group.committed() == {0: 2}
    again = Agent()
    async with running(settings, again):
        await until(lambda: again.offsets(0) == [[2]], "the next worker reads it again")


async def test_stopping_lets_what_is_in_flight_finish_and_commits_it(
    settings: Settings, producer: AIOKafkaProducer, group: Group
) -> None:
    agent = Agent()
    agent.may_deliver.clear()
    async with running(settings, agent) as run:
        await publish(producer, settings, partition=0, records=3)
        await until(lambda: agent.offsets(0) != [], "a batch in flight")
        stopping = asyncio.create_task(run.stop())
        await until(lambda: run.lane.should_stop, "it is told to stop")
        assert not stopping.done()
        agent.may_deliver.set()
        await stopping
        assert await group.committed() == {0: agent.batches[-1].next_offset}


async def test_a_batch_that_cannot_be_delivered_does_not_keep_a_worker_from_stopping(
    settings: Settings, producer: AIOKafkaProducer, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "FINISH_SECONDS", 0.5)
    agent = Agent()
    agent.may_deliver.clear()
    async with running(settings, agent) as run:
        await publish(producer, settings, partition=0)
        await until(lambda: agent.offsets(0) != [], "a batch in flight")
        await publish(producer, settings, partition=0)
        await until(lambda: run.fetched(0) == 2, "the next one fetched")
        stopping = asyncio.create_task(run.stop())
        await until(stopping.done, "it has stopped")
        assert await group.committed() == {}


async def test_a_partition_is_read_from_where_its_opener_says(settings: Settings, producer: AIOKafkaProducer) -> None:
    await publish(producer, settings, partition=0, records=5)
    agent = Agent()
    async with running(settings, agent, Opener(starts={0: 3})):
        await until(lambda: agent.offsets(0) != [], "a batch")
        assert agent.offsets(0)[0][0] == 3


async def test_a_batch_may_find_that_its_partition_must_go_back(
    settings: Settings, producer: AIOKafkaProducer, group: Group
) -> None:
    await publish(producer, settings, partition=0, records=4)
    agent = Agent()
    agent.rewinds_to = 1
    async with running(settings, agent):
        await until(lambda: len(agent.offsets(0)) == 2, "read again")
        await group.until_committed(0, 4)
    assert agent.offsets(0) == [[0, 1, 2, 3], [1, 2, 3]]


async def test_a_revoked_partition_loses_its_state_and_gets_a_new_one_when_it_comes_back(
    settings: Settings, producer: AIOKafkaProducer, group: Group
) -> None:
    first, second = Agent(), Agent()
    async with running(settings, first) as one:
        await publish(producer, settings, partition=0)
        await publish(producer, settings, partition=1)
        await until(lambda: first.offsets(0) == first.offsets(1) == [[0]], "one worker has everything")
        before = {batch.partition.partition: batch.state for batch in first.batches}
        async with running(settings, second) as other:
            await until(lambda: len(one.owned()) == len(other.owned()) == 1, "they share")
            assert one.owned() != other.owned()
        (left,), (given,) = one.owned(), set(one.owned()) ^ {0, 1}
        await until(lambda: one.owned() == [0, 1], "it has everything again")
        for partition in (left, given):
            await publish(producer, settings, partition)
        await until(lambda: first.offsets(0)[-1] > [0] and first.offsets(1)[-1] > [0], "both go on")
    after = {batch.partition.partition: batch.state for batch in first.batches}
    assert all(after[partition] is not before[partition] for partition in (0, 1))
    assert after == {0: [1], 1: [1]}, "what was processed and committed was read again"


async def test_nothing_is_opened_while_the_group_divides_its_partitions_anew(settings: Settings) -> None:
    """What is restored then may lack what the present owner has yet to write."""
    slow, third = Slow(), neighbour(settings, Slow(at_once=True))
    async with running(settings) as run:
        await until(lambda: run.owned() == [0, 1], "one worker has everything")
        async with neighbour(settings, slow):
            await until(lambda: len(run.owned()) == 1, "it shares with a neighbour that takes its time")
            joining = asyncio.create_task(third.start())
            await until(slow.is_asked.is_set, "the neighbour is asked to give up its partition")
            await until(lambda: run.opener.story[-1] == "revoked", "so is the worker")
            polls = run.consumer.polls
            await until(lambda: run.consumer.polls > polls, "it has looked for records again")
            slow.may_go_on.set()
            await joining
            await until(lambda: run.opener.story[-1] != "revoked", "the group has divided them")
            await third.stop()
    assert_each_opening_follows_an_assignment(run.opener.story)


def assert_each_opening_follows_an_assignment(story: list[str]) -> None:
    for before, what in pairwise(story):
        assert what != "opened" or before == "assigned", story


class Slow(ConsumerRebalanceListener):  # type: ignore[misc]
    """A neighbour that gives up its partitions only when it is let."""

    def __init__(self, *, at_once: bool = False) -> None:
        self.is_asked = asyncio.Event()
        self.may_go_on = asyncio.Event()
        if at_once:
            self.may_go_on.set()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if revoked:
            self.is_asked.set()
            await self.may_go_on.wait()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None: ...


def neighbour(settings: Settings, listener: Slow) -> AIOKafkaConsumer:
    """Return another member of the group, which starts and stops with its block."""
    member = AIOKafkaConsumer(**options(settings), **MEMBER, group_id=settings.named(GROUP))
    member.subscribe([settings.named(TOPIC)], listener=listener)
    return member
