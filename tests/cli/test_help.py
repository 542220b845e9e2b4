"""Does the command line explain itself?"""

import re
from importlib.metadata import entry_points

import pytest

from tests.cli.terminal import Terminal
from tests.contracts.commands import commands, parse

COMMANDS = {" ".join(words): command for words, command in commands()}
#: Of these a program may want to read what they print, or what they print is for nobody but a terminal or a log.
WITHOUT_JSON = {
    "up",
    "worker",
    "sender email",
    "play",
    "replay",
    "record",
    "dead-letters requeue",
    "journal repartition",
}


def example(help: str | None) -> str:
    """Return the example of a command's help."""
    (found,) = re.findall(r"Example: (.*)", help or "")
    return str(found)


def test_relance_alone_helps() -> None:
    said = Terminal().process()
    assert said.status == 2
    assert all(name.split()[0] in said.out + said.err for name in COMMANDS)
    assert "Try it: relance demo" in said.out + said.err
    assert "Traceback" not in said.err


def test_help_is_asked_for_with_success() -> None:
    said = Terminal().process("topics", "apply", "--help")
    assert (said.status, said.err) == (0, "")
    assert "Create the topics that are missing" in said.out
    assert "Example: relance topics apply" in said.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_sentence_and_an_example_of_itself_that_it_takes(name: str) -> None:
    help = COMMANDS[name].help or ""
    assert help.partition("\n")[0].endswith(".")
    assert parse(example(help)) == name.split()[-1]
    assert f"relance {name}" in example(help)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    assert all(getattr(option, "help", "") for option in COMMANDS[name].params)


def test_what_a_program_may_read_is_there_as_json() -> None:
    with_json = {
        name for name, command in COMMANDS.items() if any("--json" in option.opts for option in command.params)
    }
    assert with_json == COMMANDS.keys() - WITHOUT_JSON


def test_an_unknown_command_is_a_mistake_in_the_line() -> None:
    said = Terminal().here("dance")
    assert said.status == 2
    assert "dance" in said.err
    assert "Traceback" not in said.err


def test_the_command_is_called_relance() -> None:
    (script,) = entry_points(group="console_scripts", name="relance")
    assert script.value == "streams.cli:main"
