"""How does a sender take relaunches, and when is it done with one?

Law 1  A position is committed only when every relaunch before it has an outcome on `relance.outcomes`.
Law 2  One fence serves all messages of a round.
Law 3  A message that is put off keeps its place: it is tried again when its time has come, each time behind a new fence.
Law 4  Of one relaunch, one copy at a time is tried; the next one finds what became of it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from pydantic import ValidationError

from schemas.errors import Reason, Undecodable
from schemas.outcome import Outcome
from schemas.relaunch import Relaunch
from senders.attempt import PutOff
from senders.fence import FenceTimeout, Lease
from streams import topics
from streams.core.identity import CONTACT, subject
from streams.dead_letters import DeadLetter
from streams.lane.outbox import Outbox
from streams.metrics import Metrics

POLL_MS = 50
#: More than this many waiting, and the sender takes no more until some have gone.
MOST_WAITING = 1000
#: Attempts in one round. Each reserves its message, and what is reserved when a sender dies is lost as `unknown`.
MOST_AT_ONCE = 64
#: How long Kafka or the suppression table are left alone after one of them did not answer.
AGAIN_S = 1.0

log = structlog.get_logger()

Attempt = Callable[[Relaunch, Lease], Awaitable[Outcome | PutOff]]


@dataclass
class Waiting:
    """One relaunch that has no outcome yet."""

    relaunch: Relaunch
    partition: TopicPartition
    offset: int
    #: Not to be tried before, by `time.monotonic()`.
    not_before: float = 0.0


class Sender(ConsumerRebalanceListener):  # type: ignore[misc]
    """The sender service of one channel."""

    def __init__(
        self,
        channel: str,
        consumer: AIOKafkaConsumer,
        outbox: Outbox,
        lease: Callable[[], Awaitable[Lease]],
        attempt: Attempt,
        metrics: Metrics,
    ) -> None:
        """Serve with a started consumer that is not subscribed yet, and a started outbox."""
        self._channel = channel
        self._consumer = consumer
        self._outbox = outbox
        self._lease = lease
        self._attempt = attempt
        self._metrics = metrics
        self._waiting: list[Waiting] = []
        self._next: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        #: No fence before, by `time.monotonic()`.
        self._fence_not_before = 0.0
        self._moving = asyncio.Lock()

    async def serve(self, topic: str, stopping: asyncio.Event) -> None:
        """Take relaunches from `topic` (its name in Kafka) until told to stop; what has no outcome by then stays uncommitted."""
        self._consumer.subscribe([topic], listener=self)
        while not stopping.is_set():
            fetched = await self._consumer.getmany(timeout_ms=POLL_MS)
            async with self._moving:
                for partition, records in fetched.items():
                    if partition in self._consumer.assignment():
                        await self._take(partition, records)
                await self._round()
                await self._commit()
                self._breathe()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish the round, commit, and leave what waits to whoever comes next."""
        async with self._moving:
            try:
                await self._commit()
            finally:
                for kept in (self._waiting, self._next, self._committed):
                    kept.clear()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Nothing to prepare."""

    async def _take(self, partition: TopicPartition, records: list[Any]) -> None:
        for record in records:
            if ("channel", self._channel.encode()) in record.headers:
                try:
                    relaunch = Relaunch.model_validate_json(record.value or b"")
                    self._waiting.append(Waiting(relaunch, partition, record.offset))
                except ValidationError:
                    await self._bury(record)
        self._next[partition] = records[-1].offset + 1

    async def _bury(self, record: Any) -> None:
        refusal = Undecodable(Reason.WRONG_TYPE, "not a relaunch as schemas/relaunch.py says")
        letter = DeadLetter.of(topics.RELAUNCH.name, record, refusal)
        await (await self._outbox.one(topics.DEAD_LETTERS.name, b"relaunch", letter.raw, letter.headers()))
        self._metrics.dead_letters.labels(letter.source_topic, letter.reason).inc()

    async def _round(self) -> None:
        """Try what is due, behind one fence. What an attempt raises is raised once the others have ended."""
        due = self._due(time.monotonic())
        if not due:
            return
        try:
            lease = await self._lease()
        except FenceTimeout as timeout:
            self._fence_not_before = time.monotonic() + AGAIN_S
            log.warning("deferred", messages=len(self._waiting), why=str(timeout))
            return
        ended = await asyncio.gather(*[self._try(waiting, lease) for waiting in due], return_exceptions=True)
        gone = {id(waiting) for waiting, end in zip(due, ended, strict=True) if end is True}
        self._waiting = [waiting for waiting in self._waiting if id(waiting) not in gone]
        for end in ended:
            if isinstance(end, BaseException):
                raise end

    def _due(self, now: float) -> list[Waiting]:
        """Return the first that are due, of each relaunch its oldest copy only."""
        if now < self._fence_not_before:
            return []
        oldest: dict[str, Waiting] = {}
        for waiting in self._waiting:
            oldest.setdefault(waiting.relaunch.relaunch_id, waiting)
        return [waiting for waiting in oldest.values() if waiting.not_before <= now][:MOST_AT_ONCE]

    async def _try(self, waiting: Waiting, lease: Lease) -> bool:
        """Attempt one relaunch; say whether it has its outcome."""
        result = await self._attempt(waiting.relaunch, lease)
        if isinstance(result, PutOff):
            waiting.not_before = time.monotonic() + result.after.total_seconds()
            log.info("put_off", relaunch_id=waiting.relaunch.relaunch_id, reason=result.reason)
            return False
        try:
            await self._tell(result)
        except KafkaError as error:
            # It keeps its place, and the next attempt finds in the table what became of it.
            waiting.not_before = time.monotonic() + AGAIN_S
            log.warning("outcome_not_told", relaunch_id=result.relaunch_id, why=type(error).__name__)
            return False
        self._count(waiting.relaunch, result)
        return True

    async def _tell(self, outcome: Outcome) -> None:
        key = subject(CONTACT, outcome.shop_id, outcome.contact_id)
        await (await self._outbox.one(topics.OUTCOMES.name, key, outcome.model_dump_json().encode()))
        log.info("outcome", relaunch_id=outcome.relaunch_id, outcome=outcome.outcome, reason=outcome.reason)

    def _count(self, relaunch: Relaunch, outcome: Outcome) -> None:
        self._metrics.outcomes.labels(self._channel, outcome.outcome, outcome.reason or "").inc()
        if outcome.outcome == "sent":
            self._metrics.deadline_to_smtp.observe(max(0, outcome.occurred_at - relaunch.due_at) / 1000)

    async def _commit(self) -> None:
        """Commit up to the first relaunch of each partition that still waits."""
        positions = {p: offset for p, offset in self._next.items() if p in self._consumer.assignment()}
        for waiting in self._waiting:
            if waiting.partition in positions:
                positions[waiting.partition] = min(positions[waiting.partition], waiting.offset)
        if positions and positions != self._committed:
            try:
                await self._consumer.commit(positions)
                self._committed = positions
            except (CommitFailedError, IllegalStateError):
                # Another sender has the partitions: it meets our reservations, and sends none of them again.
                self._metrics.commit_refused.labels(f"sender-{self._channel}").inc()

    def _breathe(self) -> None:
        self._metrics.deferred.labels(self._channel).set(len(self._waiting))
        assigned = self._consumer.assignment()
        if len(self._waiting) >= MOST_WAITING:
            self._consumer.pause(*assigned)
        else:
            self._consumer.resume(*self._consumer.paused())
