"""What do the workers' metrics say?"""

from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

GROUPS = frozenset({"ingest", "detect", "suppress"})


@dataclass(frozen=True)
class Scraped:
    """A look at all parts at once."""

    #: Records that ingest has read.
    records_in: float = 0
    #: Episodes that ended with an order, or with an empty cart: nothing was ever noticed.
    ordered: float = 0
    emptied: float = 0
    crawlers: float = 0
    #: Records that wait, over all groups and partitions.
    lag: float = 0
    #: Groups that have their partitions.
    groups: frozenset[str] = frozenset()
    pending_deadlines: float = 0
    #: Means over the run; 0 before the first.
    fence_ms: float = 0
    deadline_to_smtp_ms: float = 0


async def scrape(session: aiohttp.ClientSession, ports: list[int]) -> Scraped:
    """Read the metrics of the parts that answer."""
    found: list[tuple[str, dict[str, str], float]] = []
    for port in ports:
        try:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                text = await answer.text()
        except aiohttp.ClientError:
            continue
        found += [
            (sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]
    return _summed(found)


def _summed(samples: list[tuple[str, dict[str, str], float]]) -> Scraped:
    def total(name: str, **labels: str) -> float:
        return sum(value for found, said, value in samples if found == name and labels.items() <= said.items())

    def mean_ms(name: str) -> float:
        return 1000 * total(f"{name}_sum") / max(1, total(f"{name}_count"))

    return Scraped(
        records_in=total("relance_records_in_total"),
        ordered=total("relance_episodes_ended_total", how="ordered"),
        emptied=total("relance_episodes_ended_total", how="emptied"),
        crawlers=total("relance_bots_dropped_total"),
        lag=total("relance_lag_records"),
        groups=frozenset(said["group"] for name, said, _ in samples if name == "relance_lag_records"),
        pending_deadlines=total("relance_pending_deadlines"),
        fence_ms=mean_ms("relance_fence_seconds"),
        deadline_to_smtp_ms=mean_ms("relance_deadline_to_smtp_seconds"),
    )
