"""What did a run cost, and how do two engines compare?

Law 1  What counts is the shop's events, whatever else an engine has to read on top.
Law 2  All figures begin with the first look that saw progress. Seconds end when everything has been read and decided; CPU ends when
       everything that followed is acknowledged and the position behind it committed, so that no cache ends a run unwritten.
Law 3  A ratio compares two runs of one round; what is shown is the median and the extremes over the rounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypedDict

from rich.box import SIMPLE_HEAD
from rich.table import Table

from tests.benchmarks.process import Look

CAPTION = (
    "CPU-s/M: CPU-seconds (user and system) per million events. ratio: events per CPU-second, ours / theirs, median and extremes. "
    "warm: the same for the second half of the records."
)


class TooShort(Exception):
    """A run was half over at the first look that saw progress: measure more events."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True)
class Watched:
    """What was seen of one run; `done` counts the records read, an engine's own among them."""

    #: While it ran; the last one saw that everything had been read and decided.
    looks: Sequence[Look]
    #: When the position behind it all was committed.
    settled: Look


@dataclass(frozen=True)
class Run:
    """What one run used."""

    events_per_s: float
    cpu_s_per_million: float
    #: The same in the second half of the records: a compiler that warms up has done so.
    warm_events_per_s: float
    warm_cpu_s_per_million: float
    peak_mb: float


class Spread(TypedDict):
    """A figure over the rounds."""

    median: float
    min: float
    max: float


class Compared(TypedDict):
    """One engine's line."""

    events_per_s: int
    cpu_s_per_million: float
    warm_events_per_s: int
    warm_cpu_s_per_million: float
    peak_mb: int
    ratio: Spread
    warm_ratio: Spread


def measured(watched: Watched, events: int, peak_mb: float) -> Run:
    """Return what a run used for each of the shop's events. Raises `TooShort`."""
    end = watched.looks[-1]
    start = next(look for look in watched.looks if look.done > 0)
    if start.done > end.done / 2:
        raise TooShort
    middle = max((look for look in watched.looks if look.done <= end.done / 2), key=lambda look: look.done)

    def figures(since: Look) -> tuple[float, float]:
        done = events * (1 - since.done / end.done)
        return done / (end.at - since.at), (watched.settled.cpu_s - since.cpu_s) / done * 1e6

    speed, cost = figures(start)
    warm_speed, warm_cost = figures(middle)
    return Run(speed, cost, warm_speed, warm_cost, peak_mb)


def compared(runs: Mapping[str, Sequence[Run]], ours: str) -> dict[str, Compared]:
    """Return each engine's figures, and how many times its events per CPU-second `ours` does."""
    return {name: _line(runs[ours], theirs) for name, theirs in runs.items()}


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the extremes."""
    return {"median": round(median(values), 2), "min": round(min(values), 2), "max": round(max(values), 2)}


def table(title: str, engines: Mapping[str, Compared]) -> Table:
    """Return the comparison for a terminal."""
    shown = Table(title=title, caption=CAPTION, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("engine")
    for head in ("events/s", "CPU-s/M", "peak MB", "ratio", "warm\nCPU-s/M", "warm\nratio"):
        shown.add_column(head, justify="right", no_wrap=True)
    for name, line in engines.items():
        shown.add_row(
            name,
            f"{line['events_per_s']:,}",
            f"{line['cpu_s_per_million']:.2f}",
            f"{line['peak_mb']:,}",
            _words(line["ratio"]),
            f"{line['warm_cpu_s_per_million']:.2f}",
            _words(line["warm_ratio"]),
        )
    return shown


def _line(ours: Sequence[Run], theirs: Sequence[Run]) -> Compared:
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "events_per_s": round(median(run.events_per_s for run in theirs)),
        "cpu_s_per_million": round(median(run.cpu_s_per_million for run in theirs), 2),
        "warm_events_per_s": round(median(run.warm_events_per_s for run in theirs)),
        "warm_cpu_s_per_million": round(median(run.warm_cpu_s_per_million for run in theirs), 2),
        "peak_mb": round(max(run.peak_mb for run in theirs)),
        "ratio": spread([their.cpu_s_per_million / our.cpu_s_per_million for our, their in pairs]),
        "warm_ratio": spread([their.warm_cpu_s_per_million / our.warm_cpu_s_per_million for our, their in pairs]),
    }


def _words(figure: Spread) -> str:
    return f"{figure['median']:.2f}\n{figure['min']:.2f}–{figure['max']:.2f}"
