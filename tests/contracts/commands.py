"""Is something a command line that `relance` takes?"""

import shlex
from collections.abc import Iterator

import typer
from typer.core import TyperCommand, TyperGroup

from streams.cli import app

Command = TyperCommand | TyperGroup


def commands() -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    """Yield every command, by its words."""
    return _within(_root(), ())


def parse(line: str) -> str:
    """Return the name of the command that a line calls; raises when it would not take the line. Nothing is run."""
    words = [word for word in shlex.split(line, comments=True) if not word.startswith("RELANCE_")]
    assert words[0] == "relance", line
    command: Command = _root()
    words = words[1:]
    while isinstance(command, TyperGroup):
        found = command.commands.get(words[0] if words else "")
        assert isinstance(found, Command), f"no such command: {line}"
        command, words = found, words[1:]
    command.make_context(str(command.name), words)
    return str(command.name)


def _root() -> TyperGroup:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return root


def _within(group: TyperGroup, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _within(command, (*words, name))
        else:
            assert isinstance(command, TyperCommand)
            yield (*words, name), command
