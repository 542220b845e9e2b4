"""What does one process use, and how far has it come?

CPU seconds are user and system of the process itself (Linux, /proc); progress is read from its metrics.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from streams.demo.run import Part

#: Seldom, since a look costs the process some milliseconds, which is not its job.
LOOK_SECONDS = 0.5
#: Nor is it to compress what it says to somebody on the same machine.
PLAIN = {"Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Look:
    """One look at a process."""

    #: By the monotonic clock.
    at: float
    cpu_s: float
    done: float


@dataclass(frozen=True)
class Seen:
    """All that one look at a process showed."""

    #: By the monotonic clock, s, and by the wall clock, ms, UTC.
    at: float
    clock_ms: int
    cpu_s: float
    metrics: Sequence[Metric]

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """Return a metric by the value of one of its labels."""
        samples = [sample for family in self.metrics for sample in family.samples if sample.name == name]
        return {sample.labels[label]: sample.value for sample in samples}

    def total(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        return sum(sample.value for family in self.metrics for sample in family.samples if sample.name == name)


class Measured(Part):
    """A worker of Relance, measured from outside."""

    async def metric(self, session: aiohttp.ClientSession, name: str) -> float:
        """Return the sum of a metric over its labels."""
        return (await self.seen(session)).total(name)

    async def seen(self, session: aiohttp.ClientSession) -> Seen:
        """Look at it once."""
        async with session.get(f"http://127.0.0.1:{self.port}/metrics", headers=PLAIN) as answer:
            text = await answer.text()
        metrics = list(text_string_to_metric_families(text))
        return Seen(time.monotonic(), time.time_ns() // 1_000_000, self.cpu_seconds(), metrics)

    async def until(self, metric: str, done: float, within_s: float) -> list[Look]:
        """Look again and again until a counter has reached `done`; raises `TimeoutError`."""
        looks: list[Look] = []
        async with aiohttp.ClientSession() as session, asyncio.timeout(within_s):
            while not looks or looks[-1].done < done:
                if self.pid is None:
                    raise self.failed("ended by itself")
                with suppress(aiohttp.ClientError):  # it is ending; the next look says so
                    progress = await self.metric(session, metric)
                    looks.append(Look(time.monotonic(), self.cpu_seconds(), progress))
                await asyncio.sleep(LOOK_SECONDS)
        return looks

    def cpu_seconds(self) -> float:
        """Return user and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """Return the largest resident size so far."""
        return peak_mb(str(self.pid))


def speed(looks: list[Look]) -> dict[str, float]:
    """Return the speed between the first look with progress and the last."""
    first = next(look for look in looks if look.done > 0)
    last = looks[-1]
    events, seconds, cpu_s = last.done - first.done, last.at - first.at, last.cpu_s - first.cpu_s
    return {
        "events_per_s": round(events / seconds),
        "cpu_s_per_million": round(cpu_s / events * 1e6, 2),
        "seconds": round(seconds, 2),
    }


async def watch(
    workers: Sequence[Measured],
    is_over: Callable[[tuple[Seen, ...]], bool],
    within_s: float,
    look_s: float = 0.2,
) -> list[tuple[Seen, ...]]:
    """Look at several workers again and again until it is over; raises `TimeoutError`."""
    looks: list[tuple[Seen, ...]] = []
    async with aiohttp.ClientSession() as session, asyncio.timeout(within_s):
        while not looks or not is_over(looks[-1]):
            for worker in workers:
                if worker.pid is None:
                    raise worker.failed("ended by itself")
            with suppress(aiohttp.ClientError):  # it is ending; the next look says so
                looks.append(tuple([await worker.seen(session) for worker in workers]))
            await asyncio.sleep(look_s)
    return looks


def is_caught_up(seen: Seen, group: str, partitions: int, but: int = 0) -> bool:
    """Say whether a worker has all partitions of a group, and nothing waits there, but for so many records that just came."""
    lags = lags_of(seen, group)
    return len(lags) == partitions and sum(lags.values()) <= but


def lags_of(seen: Seen, group: str) -> dict[str, float]:
    """Return how many records wait, by topic and partition, for the partitions that a worker has of a group."""
    samples = [sample for family in seen.metrics if family.name == "relance_lag_records" for sample in family.samples]
    return {
        f"{sample.labels['topic']}/{sample.labels['partition']}": sample.value
        for sample in samples
        if sample.labels["group"] == group
    }


class Program:
    """A module of the checkout that runs beside us, is told lines and answers with JSON objects, a line each."""

    def __init__(self, module: str, environment: Mapping[str, str], *words: str) -> None:
        self._command = (sys.executable, "-m", module, *words)
        self._environment = {**os.environ, **environment}

    async def __aenter__(self) -> "Program":
        self._process = await asyncio.create_subprocess_exec(
            *self._command, env=self._environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()

    async def tell(self, word: str) -> None:
        """Write a line to it."""
        self._stdin.write(f"{word}\n".encode())
        await self._stdin.drain()

    async def answer(self) -> dict[str, Any]:
        """Return its next answer; raises `AssertionError` when it ends without one, having said why on standard error."""
        line = await self._stdout.readline()
        if not line:
            raise AssertionError(f"{' '.join(self._command[1:])} ended with {await self._process.wait()}; no figure")
        answer: dict[str, Any] = json.loads(line)
        return answer


def resident_mb(pid: str = "self") -> float:
    """Return a process's resident size now."""
    return _size_mb(pid, "VmRSS")


def peak_mb(pid: str = "self") -> float:
    """Return a process's largest resident size so far."""
    return _size_mb(pid, "VmHWM")


def _size_mb(pid: str, size: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(size))
    return int(line.split()[1]) / 1024
