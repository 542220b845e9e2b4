"""What could not be taken in, why, and can it be put back?"""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.errors import Reason
from streams import topics
from streams.cli.mistakes import NotFound
from streams.cli.settings import load
from streams.dead_letters import DeadLetter
from streams.kafka_client import producer
from streams.lane.outbox import Outbox
from streams.reading import whole
from streams.settings import Settings

SENTENCES = {str(reason): reason.sentence for reason in Reason}

commands = typer.Typer(no_args_is_help=True, help="Look at records that were refused, and put them back.")
ID = Annotated[str, typer.Argument(help="partition:offset, as `dead-letters list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="dead-letters")


@commands.command(name="list")
def list_(
    topic: Annotated[str | None, typer.Option(help="Only those of one public topic.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only those refused for this reason.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List the dead letters, without their contents.

    Example: relance dead-letters list --topic orders
    """
    letters = asyncio.run(_all(load()))
    kept = {id: letter for id, letter in letters.items() if _wanted(letter, topic, reason)}
    if as_json:
        for id, letter in kept.items():
            print(json.dumps({"id": id, **_described(letter)}))
        return
    table = Table("id", "topic", "partition", "offset", "reason", "detail")
    for id, letter in kept.items():
        source = (letter.source_topic, str(letter.source_partition), str(letter.source_offset))
        table.add_row(id, *source, letter.reason, letter.detail)
    Console().print(table)
    print(f"{len(kept)} dead letters. `relance dead-letters show ID` shows one.")


@commands.command()
def show(id: ID, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show one dead letter with its original bytes, which may hold personal data.

    Example: relance dead-letters show 3:17
    """
    letter = _found(asyncio.run(_all(load())), id)
    if as_json:
        print(json.dumps({"id": id, **_described(letter), "key": _text(letter.key), "value": _text(letter.raw)}))
        return
    for line in _story(letter):
        print(line)


@commands.command()
def requeue(
    id: Annotated[str | None, typer.Argument(help="partition:offset, as `dead-letters list` shows it.")] = None,
    reason: Annotated[str | None, typer.Option(help="All those refused for this reason.")] = None,
) -> None:
    """Put dead letters back where they came from, bytes and key unchanged, once what refused them is mended.

    Ids make it harmless to put one back twice. Example: relance dead-letters requeue --reason unknown_version
    """
    if (id is None) == (reason is None):
        raise typer.BadParameter("name one dead letter, or give --reason")
    settings = load()
    letters = asyncio.run(_all(settings))
    wanted = [_found(letters, id)] if id else [letter for letter in letters.values() if letter.reason == reason]
    asyncio.run(_put_back(settings, wanted))
    print(f"Put back: {len(wanted)}.")


async def _all(settings: Settings) -> dict[str, DeadLetter]:
    found = {}
    async for record in whole(settings, topics.DEAD_LETTERS.name):
        found[f"{record.partition}:{record.offset}"] = DeadLetter.read(record)
    return found


async def _put_back(settings: Settings, letters: list[DeadLetter]) -> None:
    outbox = Outbox(partial(producer, settings), settings.named)
    await outbox.start()
    try:
        for letter in letters:
            await (await outbox.one(letter.source_topic, letter.key, letter.raw))
    finally:
        await outbox.stop()


def _wanted(letter: DeadLetter, topic: str | None, reason: str | None) -> bool:
    return topic in (None, letter.source_topic) and reason in (None, letter.reason)


def _found(letters: dict[str, DeadLetter], id: str) -> DeadLetter:
    if id not in letters:
        raise NotFound(f"There is no dead letter {id}. `relance dead-letters list` shows those there are.")
    return letters[id]


def _described(letter: DeadLetter) -> dict[str, object]:
    return {
        "topic": letter.source_topic,
        "partition": letter.source_partition,
        "offset": letter.source_offset,
        "at": letter.source_timestamp,
        "reason": letter.reason,
        "detail": letter.detail,
        "bytes": len(letter.raw or b""),
    }


def _story(letter: DeadLetter) -> Iterator[str]:
    at = datetime.fromtimestamp(letter.source_timestamp / 1000, UTC)
    yield f"{letter.source_topic}, partition {letter.source_partition}, offset {letter.source_offset}, {at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"Refused: {letter.reason}. {SENTENCES.get(letter.reason, '')}"
    if letter.detail:
        yield f"Where: {letter.detail}"
    yield f"Key: {_text(letter.key)}"
    yield f"Value: {_text(letter.raw)}"


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "backslashreplace")
