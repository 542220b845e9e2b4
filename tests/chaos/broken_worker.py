"""Can the harness fail? Workers that are wrong in one way each, which it must catch.

`python -m tests.chaos.broken_worker HOW ROLE` is `relance worker ROLE` with a part of it replaced, in that process only.
"""

import asyncio
import sys
import time
from collections.abc import Collection, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any

from aiokafka import TopicPartition

from streams import app, cli
from streams.core import hearing, partition
from streams.core.effects import Effects
from streams.core.events import Record
from streams.core.partition import JournalRecord, Partition
from streams.core.state import POSITION, Subject, decoded, encoded
from streams.kafka_client import member
from streams.lane import consumer
from streams.lane.batch import Batch
from streams.lane.changelog import Changelog
from streams.lane.consumer import Lane
from streams.lane.restore import Restorer

#: How long a changelog is under way where that is what goes wrong: so that every kill and freeze finds some of it there.
UNDER_WAY_S = 1.0
#: The shortest that a broker allows: workers that freeze for longer are given up.
SESSION_TIMEOUT_S = 6.0
#: Behind every record there will ever be.
NO_END = 1 << 60

_apply, _open, _write = Partition.apply, Restorer.open, Changelog.write
_tasks: set[asyncio.Task[None]] = set()


def _begin(work: Coroutine[object, object, None]) -> None:
    task = asyncio.ensure_future(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _later(work: Coroutine[object, object, None]) -> None:
    await asyncio.sleep(UNDER_WAY_S)
    await work


def say_at_once_that_it_is_delivered(batch: Batch[Any], delivery: Coroutine[object, object, None]) -> None:
    """Instead of `Batch.deliver`."""
    _begin(_later(delivery))
    batch.delivered.set_result(None)


def take_the_last_written(state: Partition, key: bytes, stored: bytes | None) -> None:
    """Instead of `Partition.restore`."""
    if stored is None:
        state._states.pop(key, None)
    elif key == POSITION:
        state._states[key] = stored
    else:
        told = decoded(key, stored)
        told.stamp = -1
        state._states[key] = encoded(told)


def mind_nothing(state: Partition, key: bytes, stored: bytes | None) -> None:
    """Instead of `Partition.overhear`."""


async def write_slowly(
    changelog: Changelog, number: int, state: Partition, changes: Iterable[tuple[bytes, bytes | None]]
) -> None:
    """Instead of `Changelog.write`."""
    await asyncio.sleep(UNDER_WAY_S)
    await _write(changelog, number, state, changes)


async def open_at_once(
    restorer: Restorer, partitions: Collection[TopicPartition]
) -> Mapping[TopicPartition, tuple[Partition, int | None]]:
    """Instead of `Restorer.open`: what is known of the partitions follows later."""
    states = {each: restorer._empty() for each in partitions}
    for each in partitions:
        restorer._changelog.opened(each.partition, NO_END)
    _begin(_later(_restore_into(restorer, states)))
    return {each: (state, None) for each, state in states.items()}


async def _restore_into(restorer: Restorer, states: Mapping[TopicPartition, Partition]) -> None:
    for each, (restored, _) in (await _open(restorer, states)).items():
        for key, stored in restored._states.items():
            states[each].restore(key, stored)
        states[each].restored()


def apply_on_the_wall_clock(state: Partition, records: Iterable[JournalRecord]) -> Effects:
    """Instead of `Partition.apply`."""
    state.now = max(state.now, time.time_ns() // 1_000_000)
    state._fire(state.offset + 1)
    return _apply(state, records)


def hear_everything(key: bytes, told: Subject, event: Record, **how: Any) -> None:
    """Instead of `hear`, whatever it has heard before."""
    told.source, told.source_offset, told.others, told.recent = 0, -1, b"", b""
    hearing.hear(key, told, event, **how)


async def begin_at_the_end(lane: Lane[Any], partition: TopicPartition) -> int:
    """Instead of `Lane._committed`: what stands on a partition before it is found is skipped."""
    committed: int | None = await lane._consumer.committed(partition)
    if committed is not None:
        return committed
    ends: int = (await lane._consumer.end_offsets([partition]))[partition]
    return ends


#: A group that waits less long for a member that is gone.
GIVEN_UP_SOON = (app, "member", partial(member, session_timeout_ms=round(1000 * SESSION_TIMEOUT_S)))

#: What is replaced, by what is wrong with the worker: where, under which name, by what.
BROKEN: dict[str, tuple[tuple[object, str, object], ...]] = {
    "commit-early": (
        (Batch, "deliver", say_at_once_that_it_is_delivered),
        (consumer, "COMMIT_SECONDS", 0.0),
    ),
    "ignore-stamp": (
        (Partition, "restore", take_the_last_written),
        (Partition, "overhear", mind_nothing),
        (Changelog, "write", write_slowly),
        GIVEN_UP_SOON,
    ),
    "process-before-restore": ((Restorer, "open", open_at_once),),
    "wall-clock": ((Partition, "apply", apply_on_the_wall_clock),),
    "skip-new-partitions": ((Lane, "_committed", begin_at_the_end),),
    "ignore-source-stamps": ((partition, "hear", hear_everything),),
    # Right, though slow: what the harness catches above is not the slowness.
    "slow-changelog": ((Changelog, "write", write_slowly), GIVEN_UP_SOON),
    # Right.
    "impatient": (GIVEN_UP_SOON,),
}


if __name__ == "__main__":
    _, how, role = sys.argv
    for owner, name, instead in BROKEN[how]:
        setattr(owner, name, instead)
    sys.argv = ["relance", "worker", role]
    cli.main()
