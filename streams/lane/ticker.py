"""How does a deadline fire on a partition where nothing happens?

Its owner appends a tick, and the deadline fires when the tick comes back: time is a record. A tick that the broker stamped too
early, by clock skew, fires nothing, and is followed by another. A changelog that needs mending on a quiet partition gets a tick too.
"""

import asyncio
import time
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust import Service

from streams import topics
from streams.core.partition import Partition
from streams.journal.records import TICK, TICK_KEY
from streams.lane.changelog import Changelog
from streams.lane.consumer import Lane
from streams.lane.outbox import Appended, Outbox
from streams.metrics import Metrics

LOOK_EVERY_SECONDS = 0.02
#: Far below `min.compaction.lag.ms` of the changelog: what somebody else wrote is covered before compaction can prefer it.
CHECK_CHANGELOG_SECONDS = 10.0

log = structlog.get_logger()


class Ticker(Service):
    """Appends ticks to the quiet partitions of a lane whose deadlines are due by the wall clock, or whose changelog needs mending."""

    def __init__(
        self, lane: Lane[Partition], outbox: Outbox, changelog: Changelog, metrics: Metrics, **options: Any
    ) -> None:
        super().__init__(**options)
        self._lane = lane
        self._changelog = changelog
        self._outbox = outbox
        self._metrics = metrics
        self._sent: dict[TopicPartition, asyncio.Future[Appended]] = {}

    @Service.task
    async def _look(self) -> None:
        while not self.should_stop:
            now = time.time_ns() // 1_000_000
            for partition, state in self._lane.quiet().items():
                wanted = state.next_due(now) is not None or self._changelog.wants_writing(partition.partition, state)
                if wanted and not self._is_under_way(partition, state):
                    self._tick(partition)
            await self.sleep(LOOK_EVERY_SECONDS)

    def _is_under_way(self, partition: TopicPartition, state: Partition) -> bool:
        """Say whether a tick of ours has not come back yet."""
        sent = self._sent.get(partition)
        if sent is None:
            return False
        return not sent.done() or state.offset < sent.result().offset

    def _tick(self, partition: TopicPartition) -> None:
        (self._sent[partition],) = self._outbox.to(topics.JOURNAL.name, partition.partition, [(TICK_KEY, TICK)])
        self._metrics.ticks.inc()

    @Service.task
    async def _watch_changelog(self) -> None:
        while not self.should_stop:
            await self.sleep(CHECK_CHANGELOG_SECONDS)
            try:
                await self._changelog.look({partition.partition for partition in self._lane.owned()})
            except KafkaError as error:  # the next look will do
                log.warning("changelog_not_looked_at", error=str(error))

    @Service.task
    async def _observe(self) -> None:
        while not self.should_stop:
            now = time.time_ns() // 1_000_000
            for partition, state in self._lane.owned().items():
                self._metrics.pending_deadlines.labels(str(partition.partition)).set(state.pending)
                if state.now:
                    self._metrics.stream_time_age.labels(str(partition.partition)).set((now - state.now) / 1000)
            await self.sleep(0.5)
