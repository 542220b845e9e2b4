"""`python -m tests.chaos detect` lets things go wrong, and tells what became of it."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.chaos.controls import FAULTS, control
from tests.chaos.report import Report
from tests.chaos.run import EVENTS_PER_VISITOR, Plan, Show, run
from tests.chaos.stand import own_broker

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)

#: Two million events in 90 s.
PER_SECOND = 22_500
#: Enough to catch what is broken.
OF_A_CONTROL = 20_000

Seconds = Annotated[float, typer.Option(min=5, help="How long things go wrong.")]
Events = Annotated[int | None, typer.Option(min=100, help=f"Events to publish; {PER_SECOND:,} a second if absent.")]
Partitions = Annotated[int, typer.Option(min=1, help="Partitions of the journal.")]
Kept = Annotated[Path | None, typer.Option(help="Keep logs, differences and Kafka's data here.")]


@app.command()
def detect(
    seed: Annotated[int, typer.Option(help="Which history, and which faults.")] = 1,
    seconds: Seconds = 90,
    events: Events = None,
    partitions: Partitions = 12,
    broken: Annotated[
        str | None, typer.Option("--break", help=f"Break detection so that it is caught: {', '.join(FAULTS)}.")
    ] = None,
    directory: Kept = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Kill and freeze workers and broker while a crowd shops. Example: detect --seed 7 --seconds 90 --json"""
    plan = _plan(seed, seconds, events, partitions)
    if broken is not None:
        count = events or OF_A_CONTROL
        plan = control(broken, seed, count, _visitors(count))
    report = _run(plan, directory)
    if as_json:
        print(json.dumps(report.figures()))
    else:
        table = Table(title=f"seed {seed}", show_header=False)
        for name, figure in report.figures().items():
            table.add_row(name, _cell(figure))
        Console().print(table)
    sys.exit(not report.is_right)


#: The columns of the table, and what heads them.
COLUMNS = {
    "seed": "seed", "events": "events", "decisions": "decisions", "missing": "missing", "spurious": "spurious",
    "duplicates": "duplicates", "stalled_partitions": "stalled", "journal_missing": "journal missing",
    "journal_out_of_order": "out of order", "replay_equal": "replay equal", "kills": "kills", "freezes": "freezes",
    "terminations": "terminated", "joins": "joins", "broker_kills": "broker kills", "broker_freezes": "broker freezes",
    "recovery_seconds": "recovery, s",
}  # fmt: skip


@app.command(name="table")
def table_(
    seeds: Annotated[str, typer.Option(help="The first and the last, 1-20.")] = "1-20",
    seconds: Seconds = 90,
    events: Events = None,
    partitions: Partitions = 12,
) -> None:
    """Run many seeds and print what they showed as a Markdown table. Example: table --seeds 1-20 --seconds 90"""
    first, _, last = seeds.partition("-")
    print("|", " | ".join(COLUMNS.values()), "|")
    print("|", " | ".join("---" for _ in COLUMNS), "|", flush=True)
    are_right = []
    for seed in range(int(first), int(last or first) + 1):
        report = _run(_plan(seed, seconds, events, partitions), None)
        are_right.append(report.is_right)
        print("|", " | ".join(_cell(report.figures()[name]) for name in COLUMNS), "|", flush=True)
    sys.exit(not all(are_right))


def _cell(figure: object) -> str:
    if isinstance(figure, bool):
        return "yes" if figure else "no"
    return f"{figure:,}" if isinstance(figure, int | float) else str(figure)


def _plan(seed: int, seconds: float, events: int | None, partitions: int) -> Plan:
    count = events or round(PER_SECOND * seconds)
    return Plan(seed=seed, seconds=seconds, events=count, visitors=_visitors(count), journal_partitions=partitions)


def _visitors(events: int) -> int:
    return max(10, events // EVENTS_PER_VISITOR)


def _run(plan: Plan, directory: Path | None) -> Report:
    """Run on a broker of its own, with a bar that somebody at a terminal sees."""
    bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with TemporaryDirectory(prefix="relance-chaos-") as temporary, bar:
        home = directory or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        task = bar.add_task(f"seed {plan.seed}: starting Kafka", total=None)

        def show(words: str, share: float | None) -> None:
            bar.update(task, description=f"seed {plan.seed}: {words}", completed=share or 0, total=share and 1)

        return asyncio.run(_on_own_broker(plan, home, show))


async def _on_own_broker(plan: Plan, home: Path, show: Show) -> Report:
    async with own_broker(home) as kafka:
        return await run(plan, kafka, home, show=show)


if __name__ == "__main__":
    # Else Python prints what the client library says of a broker that is down, as it has to be.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    app()
