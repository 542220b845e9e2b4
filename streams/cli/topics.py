"""Are the topics there?"""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams import provision, topics
from streams.cli.settings import load
from streams.kafka_client import reachable
from streams.settings import Settings

commands = typer.Typer(no_args_is_help=True, help="Create and list Kafka topics.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="topics")


@commands.command()
def apply(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Create the topics that are missing; change none that is there.

    Example: relance topics apply
    """
    created = asyncio.run(_apply(load()))
    if as_json:
        print(json.dumps({"created": created}))
    else:
        print(f"Created: {', '.join(created)}" if created else "Nothing to create: all topics are there.")


@commands.command(name="list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List the topics, what they are for, and whether they exist.

    Example: relance topics list
    """
    settings = load()
    counts = asyncio.run(_counts(settings))
    if as_json:
        print(json.dumps({settings.named(name): count for name, count in counts.items()}))
        return
    table = Table("topic", "key", "partitions", "about")
    for topic in topics.ALL:
        count = counts[topic.name]
        table.add_row(settings.named(topic.name), topic.key, "missing" if count is None else str(count), topic.about)
    Console().print(table)


async def _apply(settings: Settings) -> list[str]:
    async with reachable(settings) as admin:
        return [settings.named(topic.name) for topic in await provision.apply(admin, settings)]


async def _counts(settings: Settings) -> dict[str, int | None]:
    async with reachable(settings) as admin:
        return await provision.described(admin, settings)
