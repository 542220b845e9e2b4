"""`python -m tests.benchmarks` measures, one thing at a time; run nothing beside it."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tests.benchmarks.detect import detect
from tests.benchmarks.ingest import ingest

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
Events = Annotated[int, typer.Option(min=1000, help="How many events.")]
Visitors = Annotated[int, typer.Option(min=1, help="How many visitors.")]
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


def _show(name: str, measured: "Coroutine[Any, Any, dict[str, object]]", as_json: bool) -> None:
    figures = asyncio.run(measured)
    if as_json:
        print(json.dumps({"benchmark": name, **figures}))
        return
    table = Table(title=name, show_header=False)
    for figure, value in figures.items():
        table.add_row(figure, f"{value:,}" if isinstance(value, int | float) else str(value))
    Console().print(table)


app()
