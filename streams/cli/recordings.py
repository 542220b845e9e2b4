"""What can be done with recorded events: play them, replay them, make them?"""

import asyncio
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from streams import provision, topics
from streams.cli.mistakes import BadSettings
from streams.cli.settings import load
from streams.converters import Tally, convert
from streams.core.decisions import Decision
from streams.core.visitor import Rules
from streams.kafka_client import producer, reachable, reader
from streams.lane.outbox import Outbox
from streams.play import play
from streams.recording import read
from streams.replay import Removed, of_journal, of_recording
from streams.scenarios import load_rules
from streams.settings import Settings

FILE = Annotated[Path, typer.Argument(help="A recording: JSON Lines of topic, at and value.")]

#: Offline, fingerprints of addresses are compared with each other only.
OFFLINE_SECRET = b"offline"

_json = msgspec.json.Encoder().encode


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="play")(play_)
    app.command()(replay)
    app.command()(record)


def play_(
    file: FILE,
    speed: Annotated[float, typer.Option(min=0.001, help="How many times faster than it was recorded.")] = 1.0,
) -> None:
    """Publish a recording to Kafka, as if it happened now.

    Example: relance play recording.jsonl --speed 60
    """
    settings = load()
    lines = sum(1 for _ in read(file))
    print(f"Played {asyncio.run(_play(settings, file, speed, lines))} records.")


def replay(
    out: Annotated[Path, typer.Option(help="Where to write the decisions, JSON Lines.")],
    events: Annotated[Path | None, typer.Option(help="A recording to replay.")] = None,
    journal: Annotated[bool, typer.Option("--journal", help="Replay `relance.journal` from Kafka instead.")] = False,
    scenarios: Annotated[Path | None, typer.Option(help="The scenarios; RELANCE_SCENARIOS if absent.")] = None,
    drain: Annotated[bool, typer.Option("--drain", help="At the end, move time on until nothing is pending.")] = False,
) -> None:
    """Decide again, offline: same rules, no side effects, no clock but the records'.

    Example: relance replay --events recording.jsonl --scenarios scenarios.yaml --out decisions.jsonl --drain
    """
    if journal == (events is not None):
        raise typer.BadParameter("give either --events FILE or --journal")
    settings = load()
    rules = load_rules(scenarios or settings.scenarios)
    if events is not None:
        count = _write(out, _with_progress(events, rules, drain))
    else:
        count = _write(out, asyncio.run(_replay_journal(settings, rules)))
    print(f"Wrote {count} decisions to {out}.")


def record(
    file: Annotated[Path, typer.Argument(help="The data set.")],
    source: Annotated[Literal["taobao", "otto", "retail"], typer.Option("--from", help="Which data set it is.")],
    to: Annotated[Path, typer.Option(help="Where to write the recording.")],
    contacts: Annotated[
        Literal["all", "half", "none"], typer.Option(help="Which visitors get a made-up, consenting contact.")
    ] = "none",
) -> None:
    """Convert a data set of shop events to a recording.

    Example: relance record sessions.jsonl --from otto --to recording.jsonl --contacts all
    """
    tally = Tally()
    written = _write_raw(to, convert(source, file, contacts=contacts, tally=tally))
    skipped = ", ".join(f"{count} skipped: {why}" for why, count in tally.skipped.items())
    print(f"Wrote {written} records to {to}, from {tally.rows} rows" + (f" ({skipped})." if skipped else "."))


async def _play(settings: Settings, file: Path, speed: float, lines: int) -> int:
    async with reachable(settings) as admin:
        await provision.require(admin, settings)
    outbox = Outbox(partial(producer, settings), settings.named)
    await outbox.start()
    try:
        with _progress() as progress:
            task = progress.add_task("Playing", total=lines)
            return await play(
                read(file), outbox, speed=speed, progress=lambda done: progress.update(task, completed=done)
            )
    finally:
        await outbox.stop()


def _progress() -> Progress:
    """Return a bar that only somebody at a terminal sees."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _with_progress(events: Path, rules: Rules, drain: bool) -> Iterable[Decision]:
    with _progress() as progress:
        lines = progress.track(list(read(events)), description="Replaying")
        yield from of_recording(lines, rules, OFFLINE_SECRET, drain=drain)


async def _replay_journal(settings: Settings, rules: Rules) -> list[Decision]:
    if settings.journal_generation > 1:
        raise Removed(
            "this journal started with state from an earlier generation; only the first can be replayed whole"
        )
    async with reachable(settings) as admin:
        await provision.require(admin, settings)
        count = (await provision.described(admin, settings))[topics.JOURNAL.name] or 0
    consumer = reader(settings)
    await consumer.start()
    try:
        journal = settings.named(topics.JOURNAL.name)
        return await of_journal(consumer, journal, count, rules, forget_after_ms=settings.forget_after)
    finally:
        await consumer.stop()


def _write(out: Path, decisions: Iterable[Decision]) -> int:
    return _write_raw(out, (_json(decision) + b"\n" for decision in decisions))


def _write_raw(out: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with ExitStack() as files:
        try:
            file = files.enter_context(out.open("wb"))
        except OSError as error:
            raise BadSettings(f"{out} cannot be written: {error.strerror}") from error
        for line in lines:
            file.write(line)
            count += 1
    return count
