"""What does a lane hand to its agent?"""

import asyncio
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Generic, TypeVar

from aiokafka import ConsumerRecord, TopicPartition

State = TypeVar("State")


class Batch(Generic[State]):
    """All records of one fetch of one partition, with the partition's state.

    The agent enters it, works, and says what remains to be delivered; an exception inside stops the worker, and the position stays.
    """

    def __init__(self, partition: TopicPartition, records: Sequence[ConsumerRecord], state: State) -> None:
        self.partition = partition
        self.records = records
        self.state = state
        #: Done when all that the batch led to was acknowledged.
        self.delivered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: Where to read on instead of behind this batch, if the work found that it must go back.
        self.rewind_to: int | None = None

    @property
    def next_offset(self) -> int:
        """The offset behind the last record."""
        offset: int = self.records[-1].offset
        return offset + 1

    def deliver(self, delivery: Coroutine[object, object, None]) -> None:
        """Deliver in the background what the batch led to; its position is committed after that, not before."""
        task = asyncio.ensure_future(delivery)
        task.add_done_callback(self._settle)

    def _settle(self, task: "asyncio.Task[None]") -> None:
        if self.delivered.done():
            return
        if task.cancelled():
            self.delivered.cancel()
        elif (error := task.exception()) is not None:
            self.delivered.set_exception(error)
        else:
            self.delivered.set_result(None)

    def __enter__(self) -> "Batch[State]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self.delivered.done():
            self.delivered.set_exception(error)
