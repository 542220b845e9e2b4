"""What can somebody at a terminal ask of Relance?

One typer app; each group of commands has its file. A mistake somebody can mend is one message and exit status 1, never a traceback.
"""

import logging
import sys

import typer

from streams.cli import dead_letters, explain, journal, recordings, running, settings, topics
from streams.cli.mistakes import MISTAKES

app = typer.Typer(
    name="relance",
    help="Writes to the visitors of a shop who left something behind, and never to those it should not write to.\n\n"
    "Try it: relance demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
running.add_to(app)
topics.add_to(app)
recordings.add_to(app)
dead_letters.add_to(app)
settings.add_to(app)
explain.add_to(app)
journal.add_to(app)


def main() -> None:
    """Run the command line."""
    # Else Python prints what the client library logs on the way to a mistake; a worker gives it a handler of its own.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        app()
    except MISTAKES as mistake:
        print(f"relance: {mistake}", file=sys.stderr)
        sys.exit(1)
