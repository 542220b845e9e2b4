"""What goes wrong, when, and how is it done?

A schedule is data, made from a seed; `Troubles` carries it out. Every kind of fault comes, in random order, before any comes again; the
first of each kind lasts as long as that kind can, if there is room.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Literal

from streams.local.kafka import LocalKafka
from streams.local.server import wait_async
from tests.chaos.stand import Worker

Kind = Literal["kill", "freeze", "terminate", "storm", "broker_kill", "broker_freeze", "grow"]

BROKER, JOINERS, TOPICS = "broker", "joiners", "topics"
#: A worker freezes for longer than the session timeout of its group, so that others take over before it wakes up.
SESSION_TIMEOUT_S = 10.0
FIRST_AT_S = 2.0
GAP_S = (1.5, 6.0)
#: How long each kind of fault lasts.
LASTS_S: dict[Kind, tuple[float, float]] = {
    "kill": (0.1, 2.0),
    "freeze": (SESSION_TIMEOUT_S + 1, SESSION_TIMEOUT_S + 4),
    "terminate": (0.1, 2.0),
    "storm": (5.0, 10.0),
    "broker_kill": (0.1, 3.0),
    "broker_freeze": (1.0, 20.0),
    "grow": (0.0, 0.0),
}
#: How often each kind comes in a round.
OFTEN: dict[Kind, int] = {"kill": 3}
#: How often each kind comes at most in a run, if that is limited.
MOST: dict[Kind, int] = {"grow": 2}
#: Whom it befalls, if not a worker.
TARGETS: dict[Kind, str] = {"storm": JOINERS, "broker_kill": BROKER, "broker_freeze": BROKER, "grow": TOPICS}
LOOK_S = 0.1


@dataclass(frozen=True)
class Fault:
    """One fault: how many seconds after the start it comes, whom it befalls, and how long it lasts."""

    at_s: float
    kind: Kind
    target: str
    lasts_s: float


def schedule(
    seed: int,
    seconds: float,
    workers: Sequence[str],
    *,
    kinds: Collection[Kind] = LASTS_S.keys(),
    session_timeout_s: float = SESSION_TIMEOUT_S,
    gap_s: tuple[float, float] = GAP_S,
) -> list[Fault]:
    """Return the faults of a run, all over by its end, of some kinds."""
    random = Random(seed)
    spans = LASTS_S | {"freeze": (session_timeout_s + 1, session_timeout_s + 4)}
    round_ = [kind for kind in LASTS_S if kind in kinds for _ in range(OFTEN.get(kind, 1))]
    faults: list[Fault] = []
    counts: Counter[Kind] = Counter()
    waiting: list[Kind] = []
    at = FIRST_AT_S
    while fitting := {kind for kind in round_ if at + spans[kind][0] < seconds and counts[kind] < MOST.get(kind, inf)}:
        waiting = waiting or random.sample(round_, len(round_))
        kind = waiting.pop()
        if kind in fitting:
            lasts = random.uniform(*spans[kind]) if counts[kind] else spans[kind][1]
            target = TARGETS.get(kind) or random.choice(workers)
            faults.append(Fault(at, kind, target, min(lasts, seconds - at)))
            counts[kind] += 1
            at += random.uniform(*gap_s)
    return faults


class Troubles:
    """The workers of a run and its broker, what befalls them, and whoever starts them again."""

    def __init__(
        self,
        kafka: LocalKafka,
        workers: dict[str, Worker],
        joiners: Sequence[Worker],
        grow: Callable[[], Awaitable[None]],
    ) -> None:
        self.counts: Counter[str] = Counter()
        #: When there is peace, by the monotonic clock.
        self.healed_at = time.monotonic()
        #: What happened when, a line each, to be read beside the workers' logs.
        self.story: list[str] = []
        self._kafka = kafka
        self._workers = workers
        self._joiners = joiners
        self._grow = grow
        self._wanted: set[str] = set()
        self._taken: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def start(self) -> None:
        """Start all workers but those that come and go."""
        for name, worker in self._workers.items():
            worker.launch()
            self._wanted.add(name)

    async def keep_up(self) -> None:
        """Start again whatever ends by itself, as whoever runs workers for good would; until cancelled."""
        while True:
            for name in sorted(self._wanted):
                if self._workers[name].pid is None:
                    self.counts["exits"] += 1
                    self._tell(f"{name} ended by itself")
                    self._workers[name].launch()
            await asyncio.sleep(1.0)

    async def befall(self, faults: Iterable[Fault], seconds: float) -> None:
        """Carry out a schedule; `seconds` from now, or when the last fault is over, there is peace."""
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(self._one(fault, started + fault.at_s))
        self.healed_at = max(time.monotonic(), started + seconds)

    async def stop(self) -> None:
        """End every worker."""
        self._wanted.clear()
        for server in (self._kafka, *self._workers.values()):
            server.thaw()
        await asyncio.gather(*(wait_async(worker.stopping()) for worker in (*self._workers.values(), *self._joiners)))

    def _tell(self, what: str) -> None:
        self.story.append(f"{time.strftime('%H:%M:%S', time.gmtime())} {what}")

    async def _one(self, fault: Fault, at: float) -> None:
        await asyncio.sleep(at - time.monotonic())
        async with self._taken[fault.target]:
            self._tell(f"{fault.kind} {fault.target} {fault.lasts_s:.1f} s")
            if fault.target == BROKER:
                await self._broker(fault)
            elif fault.target == JOINERS:
                await self._storm(fault.lasts_s)
            elif fault.target == TOPICS:
                await self._grow()
                self.counts["grows"] += 1
            else:
                await self._worker(fault, self._workers[fault.target])
            self._tell(f"{fault.kind} {fault.target} is over")

    async def _broker(self, fault: Fault) -> None:
        self.counts[f"{fault.kind}s"] += 1
        if fault.kind == "broker_kill":
            self._kafka.kill()
            await asyncio.sleep(fault.lasts_s)
            await wait_async(self._kafka.starting())
        else:
            self._kafka.freeze()
            await asyncio.sleep(fault.lasts_s)
            self._kafka.thaw()

    async def _worker(self, fault: Fault, worker: Worker) -> None:
        self.counts[f"{fault.kind}s"] += 1
        if fault.kind == "freeze":
            worker.freeze()
            await asyncio.sleep(fault.lasts_s)
            worker.thaw()
            return
        self._wanted.discard(fault.target)
        if fault.kind == "kill":
            worker.kill()
        else:
            await wait_async(worker.stopping())
        await asyncio.sleep(fault.lasts_s)
        worker.launch()
        self._wanted.add(fault.target)

    async def _storm(self, lasts_s: float) -> None:
        """Have one more worker of each role join and leave, each a second after it is up."""
        ends_at = time.monotonic() + lasts_s
        await asyncio.gather(*(self._come_and_go(joiner, ends_at) for joiner in self._joiners))

    async def _come_and_go(self, joiner: Worker, ends_at: float) -> None:
        for leave in _turns():
            joiner.launch()
            self.counts["joins"] += 1
            while not joiner.is_ready() and joiner.pid and time.monotonic() < ends_at:
                await asyncio.sleep(LOOK_S)
            await asyncio.sleep(1.0)
            if leave == "killed":
                joiner.kill()
            else:
                await wait_async(joiner.stopping())
            if time.monotonic() >= ends_at:
                return


def _turns() -> Iterator[str]:
    """Yield how a worker goes: by turns properly and not."""
    while True:
        yield "leaves"
        yield "killed"
