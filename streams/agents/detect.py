"""What follows from the journal? The only place where rules run.

Outputs are acknowledged before the changelog is written: a state that includes a record promises that what followed from it is out
(deploy/decisions/0002-outputs-before-the-changelog-and-a-position-in-it.md).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Awaitable, Callable

import msgspec

from streams import topics
from streams.core.effects import Effects
from streams.core.identity import CONTACT, subject
from streams.core.partition import Partition
from streams.journal.records import encode
from streams.lane.batch import Batch
from streams.lane.changelog import Changelog
from streams.lane.outbox import Appended, Outbox
from streams.metrics import Metrics

_json = msgspec.json.Encoder().encode


def detect(
    outbox: Outbox, changelog: Changelog, metrics: Metrics
) -> Callable[[AsyncIterable[Batch[Partition]]], Awaitable[None]]:
    """Return the agent."""

    async def detect(batches: AsyncIterable[Batch[Partition]]) -> None:
        async for batch in batches:
            with batch:
                effects = batch.state.apply(batch.records)
                _count(metrics, len(batch.records), effects)
                batch.deliver(_deliver(outbox, changelog, batch, effects))

    return detect


async def _deliver(outbox: Outbox, changelog: Changelog, batch: Batch[Partition], effects: Effects) -> None:
    outputs: set[asyncio.Future[Appended]] = set()
    if effects.notices:
        told = [(key, encode(notice)) for key, notice in effects.notices]
        outputs |= await outbox.by_key(topics.JOURNAL.name, told)
    if effects.decisions:
        decided = [
            (subject(CONTACT, decision.shop_id, decision.contact_id or ""), _json(decision))
            for decision in effects.decisions
        ]
        outputs |= await outbox.by_key(topics.DECISIONS.name, decided)
    for channel in dict.fromkeys(relaunch.channel for relaunch in effects.relaunches):
        said = [
            (subject(CONTACT, relaunch.shop_id, relaunch.contact_id), _json(relaunch))
            for relaunch in effects.relaunches
            if relaunch.channel == channel
        ]
        outputs |= await outbox.by_key(topics.RELAUNCH.name, said, [("channel", channel.encode())])
    await asyncio.gather(*outputs)
    await changelog.write(batch.partition.partition, batch.state, effects.changes)


def _count(metrics: Metrics, records: int, effects: Effects) -> None:
    metrics.journal_read.inc(records)
    for how, decisions in Counter(decision.decision for decision in effects.decisions).items():
        metrics.candidates.labels(how).inc(decisions)
    for how, episodes in effects.ended.items():
        metrics.episodes_ended.labels(how).inc(episodes)
