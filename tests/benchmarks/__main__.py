"""`python -m tests.benchmarks` measures, one thing at a time; run nothing beside it."""

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from streams.local.errors import LocalStackError
from tests.benchmarks.detect import detect
from tests.benchmarks.end_to_end import end_to_end
from tests.benchmarks.everything import HERE, PICTURE, RAW, SIZES, measure
from tests.benchmarks.figures import Results, table
from tests.benchmarks.ingest import ingest
from tests.benchmarks.peers.figures import TooShort
from tests.benchmarks.peers.figures import table as compared
from tests.benchmarks.peers.race import THEIRS, peers
from tests.benchmarks.picture import draw
from tests.benchmarks.restore import restore
from tests.benchmarks.scale import scale
from tests.benchmarks.ticks import ticks

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
Events = Annotated[int, typer.Option(min=1000, help="How many events.")]
Visitors = Annotated[int, typer.Option(min=1, help="How many visitors.")]
Directory = Annotated[Path, typer.Option(help="Where raw results, picture and Markdown are kept.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command(name="detect")
def detect_(
    events: Events = 2_000_000,
    visitors: Visitors = 100_000,
    partitions: Annotated[int, typer.Option(min=1, help="Partitions of the journal.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Detection with the cart scenario, one process, changelog included. Example: detect --events 2000000 --json"""
    _show("detect", detect(events, visitors, partitions), as_json)


@app.command(name="ingest")
def ingest_(events: Events = 1_000_000, visitors: Visitors = 100_000, as_json: AsJson = False) -> None:
    """Ingest, one process. Example: ingest --events 1000000 --json"""
    _show("ingest", ingest(events, visitors), as_json)


@app.command(name="peers")
def peers_(
    events: Annotated[int, typer.Option(min=200_000, help="How many events.")] = 2_000_000,
    visitors: Visitors = 100_000,
    faust_events: Annotated[
        int, typer.Option(min=10_000, help="How many events for stock Faust, which is slow.")
    ] = 50_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each engine runs.")] = 5,
    only: Annotated[list[str] | None, typer.Option(help="A peer, by a part of its name; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """The same job on Relance, Kafka Streams and stock Faust; needs a JDK. Example: peers --rounds 1 --only "exactly once" """
    names = [name for name in THEIRS if only is None or any(part in name for part in only)]
    if not names:
        raise typer.BadParameter(f"No peer is called so. There are: {'; '.join(THEIRS)}.", param_hint="--only")
    try:
        engines = asyncio.run(peers(events, visitors, faust_events, rounds, names))
    except (AssertionError, LocalStackError, TooShort) as error:
        print(f"peers: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        given = {"events": events, "visitors": visitors, "faust_events": faust_events, "rounds": rounds}
        print(json.dumps({"benchmark": "peers", **given, "engines": engines}))
        return
    Console().print(compared(f"peers: {events:,} events, {rounds} rounds", engines))


@app.command(name="restore")
def restore_(
    subjects: Annotated[int, typer.Option(min=10_000, help="How many visitors have a state.")] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """How fast state comes back, how large it is, and how soon a killed worker is replaced. Example: restore --subjects 1000000 --json"""
    _show("restore", restore(subjects), as_json)


@app.command(name="ticks")
def ticks_(
    events: Annotated[
        int, typer.Option(min=1000, help="How many events in each pass beside pending deadlines.")
    ] = 200_000,
    deadlines: Annotated[int, typer.Option(min=10, help="How many carts fall due on a quiet journal.")] = 400,
    pending: Annotated[int, typer.Option(min=30, help="The most deadlines that are pending meanwhile.")] = 3_000_000,
    as_json: AsJson = False,
) -> None:
    """What pending deadlines cost, and how exactly they are met. Example: ticks --pending 3000000 --deadlines 400 --json"""
    _show("ticks", ticks(events, deadlines, pending), as_json)


@app.command(name="all")
def all_(
    share: Annotated[float, typer.Option(min=0.001, max=1, help="This share of the events only, to try it out.")] = 1.0,
    only: Annotated[list[str] | None, typer.Option(help="One of them, by its name; may be repeated.")] = None,
    directory: Directory = HERE,
    as_json: AsJson = False,
) -> None:
    """Everything, one after another, and what is required of it. Example: all --share 0.05 --only ticks --directory build"""
    if unknown := set(only or ()) - set(SIZES):
        raise typer.BadParameter(
            f"There is no {', '.join(sorted(unknown))}, but: {', '.join(SIZES)}.", param_hint="--only"
        )
    told = Console(stderr=True)
    results = measure(directory, share, only or (), lambda name: told.print(f"{name} …"))
    _present(results, directory, as_json)


@app.command(name="show")
def show_(directory: Directory = HERE, as_json: AsJson = False) -> None:
    """Table and picture of what was measured before, made again. Example: show --json"""
    _present(Results.read(directory / RAW), directory, as_json)


def _present(results: Results, directory: Path, as_json: bool) -> None:
    """Show the table, and end with a failure when something is not as required."""
    draw(results, directory / PICTURE)
    rows = results.rows()
    if as_json:
        keys = ("figure", "measured", "required", "met")
        print(json.dumps({"benchmark": "all", "figures": [dict(zip(keys, row.cells, strict=True)) for row in rows]}))
    else:
        Console().print(table(results))
    if any(row.is_met is False for row in rows):
        raise typer.Exit(1)


@app.command(name="end-to-end")
def end_to_end_(events: Events = 1_000_000, visitors: Visitors = 100_000, as_json: AsJson = False) -> None:
    """From public topics to decisions, ingest and detection in a process each. Example: end-to-end --events 1000000 --json"""
    _show("end-to-end", end_to_end(events, visitors), as_json)


@app.command(name="scale")
def scale_(events: Events = 2_000_000, visitors: Visitors = 100_000, as_json: AsJson = False) -> None:
    """Detection with one process and with two. Example: scale --events 2000000 --json"""
    _show("scale", scale(events, visitors), as_json)


def _show(name: str, measured: "Coroutine[Any, Any, dict[str, object]]", as_json: bool) -> None:
    try:
        figures = asyncio.run(measured)
    except AssertionError as wrong:
        print(f"{name}: {wrong}", file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({"benchmark": name, **figures}))
        return
    table = Table(title=name, show_header=False)
    for figure, value in figures.items():
        table.add_row(figure, f"{value:,}" if isinstance(value, int | float) else str(value))
    Console().print(table)


# Else Python prints what the client library says of a group that a new broker does not know yet.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())
app()
