"""What was measured, what is required of it, and is it met?

The raw results stand in a file, so that table and picture can be made again without measuring.
"""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from streams.local.jars import COORDINATES

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """One number that a benchmark gives, and its bound if there is one."""

    benchmark: str
    #: Where it stands in the result.
    path: tuple[str, ...]
    name: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    def measured(self, result: Result) -> float | None:
        """Return the number; None when it was not measured."""
        found: Any = result
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return None if found is None else float(found)

    def ratio(self, measured: float) -> float | None:
        """Return how many times as good as required it is; None when nothing is required."""
        if self.at_least is not None:
            return measured / self.at_least
        if self.at_most is not None:
            return self.at_most / measured if measured else float("inf")
        return None

    @property
    def required(self) -> str:
        """What is required, in words."""
        if self.at_least is not None:
            return f"at least {number(self.at_least)}{self.unit}"
        if self.at_most is not None:
            return f"at most {number(self.at_most)}{self.unit}"
        return "–"


FIGURES = (
    Figure("detect", ("events_per_s",), "detection, one process", " events/s", at_least=100_000),
    Figure("detect", ("cpu_s_per_million",), "detection, CPU for a million events", " s", at_most=12),
    Figure("ingest", ("events_per_s",), "ingest, one process", " events/s", at_least=60_000),
    Figure("ingest", ("cpu_s_per_million",), "ingest, CPU for a million events", " s"),
    Figure("end-to-end", ("events_per_s",), "public topics to decisions", " events/s", at_least=40_000),
    Figure("end-to-end", ("cpu_s_per_million",), "public topics to decisions, CPU for a million events", " s"),
    Figure("restore", ("subjects_per_s",), "restoring", " subjects/s", at_least=300_000),
    Figure("restore", ("grown_mb_per_million",), "memory for a million subjects", " MB", at_most=350),
    Figure("restore", ("back_seconds",), "a killed worker is replaced", " s", at_most=20),
    Figure("ticks", ("cpu_flatness",), "an event beside 3 M deadlines, against 0.1 M", " times", at_most=1.2),
    Figure("ticks", ("late_ms", "p99"), "deadline to decision, 99 of 100", " ms", at_most=250),
    Figure("ticks", ("ticks_per_deadline",), "ticks for a deadline", "", at_most=1.02),
    Figure("scale", ("speedup",), "detection with two processes, against one", " times"),
    Figure("scale", ("processes", "2", "process_lag_ratio"), "two processes: larger lag, against the mean", " times"),
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    figure: Figure
    measured: float | None
    #: Why there is no number.
    failed: str | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether it is as required; None when nothing is, or nothing was measured and nothing went wrong."""
        if self.failed is not None:
            return False
        ratio = None if self.measured is None else self.figure.ratio(self.measured)
        return None if ratio is None else ratio >= 1

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Figure, measured, required, met."""
        shown = "not measured" if self.measured is None else f"{number(self.measured)}{self.figure.unit}"
        return self.figure.name, self.failed or shown, self.figure.required, _MET[self.is_met]


_MET = {True: "yes", False: "no", None: "–"}


@dataclass
class Results:
    """All raw results, each with the day it was measured, and the machine."""

    machine: dict[str, Any] = field(default_factory=dict)
    #: By benchmark: `date`, the `share` of its size, and `result` or `failed`.
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> "Results":
        """Return what a file holds; nothing when it is not there."""
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def write(self, file: Path) -> None:
        """Write it down."""
        file.write_text(json.dumps({"machine": self.machine, "runs": self.runs}, indent=1) + "\n")

    def result(self, benchmark: str) -> Result:
        """Return the figures of a benchmark; none when it was not run, or went wrong."""
        result: Result = self.runs.get(benchmark, {}).get("result", {})
        return result

    def engines(self) -> Mapping[str, Result]:
        """Return what engines that do the same job showed, ours among them."""
        engines: Mapping[str, Result] = self.result("peers").get("engines", {})
        return engines

    def rows(self) -> list[Row]:
        """Return the lines of the table: our own figures, then the other engines."""
        return list(self._rows())

    def _rows(self) -> Iterator[Row]:
        for figure in (*FIGURES, *self._compared()):
            failed = self.runs.get(figure.benchmark, {}).get("failed")
            yield Row(figure, figure.measured(self.result(figure.benchmark)), failed)

    def _compared(self) -> Iterator[Figure]:
        for name in self.engines():
            if name != OURS:
                against, least = f"events per CPU second, against {name}", AGAINST.get(name, 1)
                yield Figure("peers", ("engines", name, "ratio", "median"), against, " times", at_least=least)
                yield Figure("peers", ("engines", name, "warm_ratio", "median"), f"{against}, once warm", " times")
        if "failed" in self.runs.get("peers", {}):
            yield Figure("peers", (), "events per CPU second, against other engines")


#: What Relance is called among the engines.
OURS = "relance"
#: How many times the events per CPU second of an engine are required, if not just as many.
AGAINST = {"kafka streams, memory, cache, exactly once": 1.5, "stock faust, table": 20}


def number(value: float) -> str:
    """Write a number as precisely as it can be read."""
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:,.2f}"


def this_machine() -> dict[str, Any]:
    """Describe the machine."""
    info = Path("/proc/cpuinfo").read_text()
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kafka": COORDINATES[0].rpartition(":")[2],
    }


def table(results: Results) -> Table:
    """Return the table for a terminal."""
    shown = Table("figure", "measured", "required", "met", title="Relance, measured", caption=described(results))
    for row in results.rows():
        shown.add_row(*row.cells, style="red" if row.is_met is False else None)
    return shown


def markdown(results: Results) -> str:
    """Return the table for the README."""
    lines = ["| figure | measured | required | met |", "| --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row.cells)} |" for row in results.rows()]
    return "\n".join([*lines, "", described(results), ""])


def described(results: Results) -> str:
    """Say when, and on which machine."""
    dates = sorted({run["date"] for run in results.runs.values()})
    machine = results.machine
    if not dates:
        return "Nothing has been measured."
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    share = min(run.get("share", 1) for run in results.runs.values())
    trial = "" if share == 1 else f"A trial with {share:.0%} of the events. "
    return (
        f"{trial}Measured {when} on {machine['cpu']}, {machine['cores']} cores, broker included; "
        f"Apache Kafka {machine['kafka']}, Python {machine['python']}."
    )
