"""`python -m tests.chaos` lets things go wrong on a Kafka of its own, and tells what became of it.

Exit status: 0 when nothing is missing, spurious, stalled or unlike its replay; 1 when something is; 2 for a mistake on the command line.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.chaos.controls import RIGHT, WRONG, Broken, control
from tests.chaos.report import Report
from tests.chaos.run import EVENTS_PER_VISITOR, Plan, Show, run
from tests.chaos.stand import own_broker

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)

#: A little more than two million events in 90 s, those aside that are spoilt or a crawler's; by more than 100,000 visitors.
PER_SECOND = 22_800
#: Enough to catch what is broken.
OF_A_CONTROL = 20_000

Seconds = Annotated[float, typer.Option(min=5, help="How long things go wrong; what is left to do comes after.")]
Events = Annotated[
    int | None,
    typer.Option(
        min=100, help=f"Events to publish, {EVENTS_PER_VISITOR} for each visitor; {PER_SECOND:,} a second if absent."
    ),
]
Partitions = Annotated[int, typer.Option(min=1, help="Partitions of the journal.")]
Kept = Annotated[
    Path | None, typer.Option(help="Keep logs, the story, differences and Kafka's data here, in a new directory.")
]


@app.command()
def detect(
    seed: Annotated[int, typer.Option(help="Which history, and which faults; any whole number.")] = 1,
    seconds: Seconds = 90,
    events: Events = None,
    partitions: Partitions = 12,
    broken: Annotated[
        Broken | None,
        typer.Option(
            "--break",
            help="A negative control: workers that are wrong in this way, under the faults that show it, which also say how long it "
            f"takes, with {OF_A_CONTROL:,} events if --events is absent. Status 1 says that it was caught. {RIGHT} alone is right.",
        ),
    ] = None,
    directory: Kept = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Kill and freeze workers and broker while a crowd shops. Example: detect --seed 7 --seconds 90 --json"""
    plan = _plan(seed, seconds, events, partitions) if broken is None else _control(broken, seed, events)
    report = _run(plan, directory)
    if as_json:
        print(json.dumps(report.figures()))
    else:
        table = Table(title=f"seed {seed}", show_header=False)
        for name, figure in report.figures().items():
            table.add_row(name, _cell(figure))
        Console().print(table)
    sys.exit(not report.is_right)


@app.command()
def controls(seed: Annotated[int, typer.Option(help="Which history.")] = 1, events: Events = None) -> None:
    """Run every negative control, and slow workers that are right; status 1 if one is not told from the other. Example: controls --seed 3"""
    is_told = []
    for how in (*WRONG, RIGHT):
        report = _run(_control(how, seed, events), None)
        is_told.append(report.is_right == (how == RIGHT))
        words = "right" if report.is_right else "caught"
        found = (
            f"{report.missing:,} missing, {report.spurious:,} spurious, {report.journal_missing:,} not in the journal"
        )
        print(f"{how}: {words} ({found}, {report.stalled_partitions} stalled)", flush=True)
    sys.exit(not all(is_told))


#: The columns of the table, and what heads them.
COLUMNS = {
    "seed": "seed", "events": "events", "decisions": "decisions", "missing": "missing", "spurious": "spurious",
    "duplicates": "duplicates", "stalled_partitions": "stalled", "journal_missing": "journal missing",
    "journal_out_of_order": "out of order", "states_differing": "states unlike", "replay_equal": "replay equal",
    "kills": "kills", "freezes": "freezes", "terminations": "terminated", "joins": "joins", "exits": "exits",
    "broker_kills": "broker kills", "broker_freezes": "broker freezes", "grows": "grown", "recovery_seconds": "recovery, s",
}  # fmt: skip


@app.command(name="table")
def table_(
    seeds: Annotated[str, typer.Option(help="The first and the last, 1-20.")] = "1-20",
    seconds: Seconds = 90,
    events: Events = None,
    partitions: Partitions = 12,
    directory: Annotated[
        Path | None, typer.Option(help="Keep what the seeds that are not right leave behind here, a directory each.")
    ] = None,
) -> None:
    """Run many seeds and print what they showed as a Markdown table. Example: table --seeds 1-20 --seconds 90"""
    first, _, last = seeds.partition("-")
    print("|", " | ".join(COLUMNS.values()), "|")
    print("|", " | ".join("---" for _ in COLUMNS), "|", flush=True)
    are_right = []
    for seed in range(int(first), int(last or first) + 1):
        home = directory and directory / f"seed-{seed}"
        report = _run(_plan(seed, seconds, events, partitions), home)
        are_right.append(report.is_right)
        if home and report.is_right:
            rmtree(home)
        print("|", " | ".join(_cell(report.figures()[name]) for name in COLUMNS), "|", flush=True)
    sys.exit(not all(are_right))


def _cell(figure: object) -> str:
    if isinstance(figure, bool):
        return "yes" if figure else "no"
    return f"{figure:,}" if isinstance(figure, int | float) else str(figure)


def _plan(seed: int, seconds: float, events: int | None, partitions: int) -> Plan:
    count = events or round(PER_SECOND * seconds)
    return Plan(seed=seed, seconds=seconds, events=count, visitors=_visitors(count), journal_partitions=partitions)


def _control(how: Broken, seed: int, events: int | None) -> Plan:
    count = events or OF_A_CONTROL
    return control(how, seed, count, _visitors(count))


def _visitors(events: int) -> int:
    return max(10, events // EVENTS_PER_VISITOR)


def _run(plan: Plan, directory: Path | None) -> Report:
    """Run on a broker of its own, with a bar that somebody at a terminal sees."""
    bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with TemporaryDirectory(prefix="relance-chaos-") as temporary, bar:
        home = directory or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        if any(home.iterdir()):
            raise typer.BadParameter(f"{home} is not empty: another run's topics would be taken for this one's")
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
