"""Claims about workers that are killed and frozen in mid-stream: it changes nothing that is decided.

The comparison is one that can fail: see the negative controls at the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import takewhile

import pytest

from streams.local.server import wait_async
from streams.recording import Line
from tests.end_to_end.agreement import Difference, assert_agreement, decided, difference, replayed
from tests.end_to_end.installation import Installation
from tests.end_to_end.traffic import traffic

DETECT = "relance-detect"


async def test_two_kills_and_a_freeze_in_mid_stream_change_no_decision(installation: Installation) -> None:
    await survive(installation, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
async def test_kills_and_freezes_change_no_decision_of_many_histories(installation: Installation, seed: int) -> None:
    await survive(installation, seed=seed)


async def survive(installation: Installation, seed: int) -> None:
    await installation.start(ingest="ingest", first="detect", second="detect")
    await installation.until(divided(installation, among=2), "two workers share the journal")
    is_over = asyncio.Event()
    playing = asyncio.create_task(installation.publish(as_long_as_it_takes(seed, is_over)))
    await installation.until(some_decisions(installation), "deadlines fall due")
    await kill_and_restart(installation, "first")
    await freeze_and_kill_ingest_meanwhile(installation, "second")
    await kill_and_restart(installation, "first")
    assert not playing.done()
    is_over.set()
    await playing
    await installation.until(installation.is_settled, "everything decided")
    await assert_agreement(installation)
    await assert_that_differences_are_seen(installation)


def as_long_as_it_takes(seed: int, is_over: asyncio.Event) -> Iterator[Line]:
    """Yield sixty events a second, for five minutes at most."""
    return takewhile(lambda _: not is_over.is_set(), traffic(seed, events=18_000, lasts_ms=300_000))


async def kill_and_restart(installation: Installation, name: str) -> None:
    """Kill a detect worker, start it again, and wait until the journal is divided anew."""
    before = await installation.members(DETECT)
    worker = installation.workers[name]
    worker.kill()
    await wait_async(worker.starting())
    await installation.until(divided(installation, among=2, otherwise_than=before), f"{name} is back")


async def freeze_and_kill_ingest_meanwhile(installation: Installation, name: str) -> None:
    """Freeze a detect worker until the other one has all of the journal; then it wakes, and believes that it still has half."""
    frozen, ingest = installation.workers[name], installation.workers["ingest"]
    frozen.freeze()
    ingest.kill()
    await wait_async(ingest.starting())
    await installation.until(divided(installation, among=1), f"{name} is given up")
    await installation.until(some_decisions(installation), "the other goes on")
    frozen.thaw()
    await installation.until(divided(installation, among=2), f"{name} is taken in again")


async def assert_that_differences_are_seen(installation: Installation) -> None:
    live, told = await decided(installation), await replayed(installation)
    first, *others = told.splitlines(keepends=True)
    assert difference(b"".join(others), told) == Difference(missing=[first.rstrip()], spurious=[])
    assert difference(live, b"".join(others)) == Difference(missing=[], spurious=[first.rstrip()])
    other = installation.write_scenarios(installation.directory / "other.yaml", idle_for="4s")
    differing = difference(live, await replayed(installation, "--scenarios", str(other)))
    assert differing.missing
    assert differing.spurious


def divided(
    installation: Installation, *, among: int, otherwise_than: frozenset[str] = frozenset()
) -> Callable[[], Awaitable[bool]]:
    """Return the condition that so many workers share the journal, and not as before."""

    async def is_divided() -> bool:
        members = await installation.members(DETECT)
        return len(members) == among and members != otherwise_than

    return is_divided


def some_decisions(installation: Installation, more: int = 20) -> Callable[[], Awaitable[bool]]:
    """Return the condition that some more decisions are there than when it was first asked."""
    first: list[int] = []

    async def are_there() -> bool:
        now = len(await installation.read("relance.decisions"))
        first.append(now)
        return now >= first[0] + more

    return are_there
