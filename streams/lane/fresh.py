"""How does a partition without state to restore get one?"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from aiokafka import TopicPartition

State = TypeVar("State")


class Fresh(Generic[State]):
    """Opens each partition with a new state, read from the committed position."""

    def __init__(self, make: Callable[[], State]) -> None:
        self._make = make

    async def open(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, tuple[State, int | None]]:
        """Return a new state for each partition."""
        return {partition: (self._make(), None) for partition in partitions}
