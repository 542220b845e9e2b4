"""What does one process use, and how far has it come?

CPU seconds are user and system of the process itself (Linux, /proc); progress is read from its metrics.
"""

import asyncio
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from streams.demo.run import Part

LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Look:
    """One look at a process."""

    #: By the monotonic clock.
    at: float
    cpu_s: float
    done: float


class Measured(Part):
    """A worker of Relance, measured from outside."""

    async def metric(self, session: aiohttp.ClientSession, name: str) -> float:
        """Return the sum of a metric over its labels."""
        async with session.get(f"http://127.0.0.1:{self.port}/metrics") as answer:
            text = await answer.text()
        families = text_string_to_metric_families(text)
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

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
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


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
