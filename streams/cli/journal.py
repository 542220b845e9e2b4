"""What can be done with the journal?"""

import asyncio
from typing import Annotated

import typer

from streams.cli.settings import load
from streams.repartition import repartition

commands = typer.Typer(no_args_is_help=True, help="Move the journal.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="journal")


@commands.callback()
def journal() -> None:
    """Move the journal."""


@commands.command(name="repartition")
def repartition_(to: Annotated[int, typer.Option(min=1, help="Partitions of the new journal.")]) -> None:
    """Move all state to a new journal with another number of partitions; ingest and detection must have stopped.

    Example: relance journal repartition --to 48
    """
    settings = asyncio.run(repartition(load(), to))
    print("The next generation of the journal is ready. Start all workers with:")
    print(f"export RELANCE_JOURNAL_GENERATION={settings.journal_generation}")
    print(f"export RELANCE_JOURNAL_PARTITIONS={settings.journal_partitions}")
