"""Claims about a batch: it is delivered once, or it fails, and whoever waits for it is told."""

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from streams.lane.batch import Batch


@pytest.fixture
async def batch() -> Batch[None]:
    record = ConsumerRecord("topic", 0, 41, 0, 0, None, b"", None, 0, 0, ())
    return Batch(TopicPartition("topic", 0), [record], None)


async def nothing() -> None: ...


async def failing() -> None:
    raise ValueError("not delivered")


async def test_a_batch_is_delivered_when_its_delivery_ends(batch: Batch[None]) -> None:
    with batch:
        batch.deliver(nothing())
        assert not batch.delivered.done()
    await batch.delivered
    assert batch.next_offset == 42


async def test_whoever_waits_is_told_that_a_delivery_failed(batch: Batch[None]) -> None:
    with batch:
        batch.deliver(failing())
    with pytest.raises(ValueError, match="not delivered"):
        await batch.delivered


async def test_an_exception_in_the_work_fails_the_batch_and_goes_on_to_the_agent(batch: Batch[None]) -> None:
    with pytest.raises(KeyError), batch:
        raise KeyError
    with pytest.raises(KeyError):
        await batch.delivered


async def test_an_exception_in_the_work_counts_even_if_a_delivery_was_begun(batch: Batch[None]) -> None:
    def stumble() -> None:
        with batch:
            batch.deliver(nothing())
            raise KeyError

    with pytest.raises(KeyError):
        stumble()
    with pytest.raises(KeyError):
        await batch.delivered
