"""How is each part started?"""

import asyncio
import gc
import signal
from pathlib import Path
from typing import Annotated, Literal

import faust
import typer

from senders.shops import load_shops
from streams import logs, provision
from streams.app import ROLES, check_suppression_table, send_email, suppression_table, worker
from streams.cli.mistakes import BadSettings
from streams.cli.settings import load, secret_of
from streams.demo.run import Demo
from streams.kafka_client import reachable
from streams.lane.lean_records import use_lean_records
from streams.local.stack import LocalStack
from streams.metrics import Metrics
from streams.scenarios import load_rules
from streams.settings import Settings

Role = Literal["ingest", "detect", "suppress", "all"]

senders = typer.Typer(no_args_is_help=True, help="Start a sender service.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="demo")(demo)
    app.command()(up)
    app.command(name="worker")(worker_)
    app.add_typer(senders, name="sender")


def demo(
    events: Annotated[Path | None, typer.Option(help="Play this recording instead of the demo's own.")] = None,
    speed: Annotated[float | None, typer.Option(min=0.001, help="How many times faster than it was recorded.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when everything has been decided and sent.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line, no table.")] = False,
) -> None:
    """Start everything on this machine, play recorded shop sessions, and show what is sent and what is not, and why.

    Example: relance demo --once --json
    """
    asyncio.run(Demo(events, speed, once=once, as_json=as_json).run())


def up(
    directory: Annotated[
        Path | None, typer.Option(help="Keep the data here; in a temporary directory if absent.")
    ] = None,
) -> None:
    """Start Kafka, Valkey and an SMTP inbox on this machine, until Ctrl-C, and print the settings to use them.

    Example: relance up
    """
    asyncio.run(_up(directory))


def worker_(role: Annotated[Role, typer.Argument(help="What the worker does.")]) -> None:
    """Start a Faust worker; scale by starting more.

    Example: relance worker detect
    """
    settings = load()
    secret, rules = secret_of(settings), load_rules(settings.scenarios)
    roles = ROLES if role == "all" else (role,)
    asyncio.run(_require(settings, table="suppress" in roles))
    logs.configure()
    metrics = _listening(settings)
    app = worker(settings, roles, rules=rules, secret=secret, table=suppression_table(settings), metrics=metrics)
    # A batch makes thousands of records that die together: looking through everything else meanwhile finds nothing.
    gc.freeze()
    gc.set_threshold(500_000, 50, 100)
    use_lean_records()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True, loop=loop).execute_from_commandline()


@senders.command()
def email() -> None:
    """Start an e-mail sender; scale by starting more.

    Example: relance sender email
    """
    settings = load()
    asyncio.run(_send(settings, secret_of(settings)))


async def _send(settings: Settings, secret: bytes) -> None:
    shops = load_shops(settings.shops)
    await _require(settings, table=True)
    logs.configure()
    stopping = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, stopping.set)
    await send_email(
        settings,
        shops=shops,
        secret=secret,
        table=suppression_table(settings),
        metrics=_listening(settings),
        stopping=stopping,
    )


async def _require(settings: Settings, *, table: bool) -> None:
    """Raise what somebody can mend, before anything is started."""
    async with reachable(settings) as admin:
        await provision.require(admin, settings)
    if table:
        await check_suppression_table(settings)


def _listening(settings: Settings) -> Metrics:
    metrics = Metrics()
    try:
        metrics.listen(settings.metrics_host, settings.metrics_port)
    except OSError as error:
        raise BadSettings(
            f"metrics cannot be served at {settings.metrics_host}:{settings.metrics_port} ({error.strerror}): "
            "give each worker and sender a RELANCE_METRICS_PORT of its own, or 0 for none."
        ) from error
    return metrics


async def _up(directory: Path | None) -> None:
    async with LocalStack(directory) as stack:
        print("# Kafka, Valkey and an SMTP inbox are running. In another terminal:")
        for name, value in stack.environment().items():
            print(f"export {name}={value}")
        print(f"# Inbox: {stack.inbox.url}   Ctrl-C stops everything.", flush=True)
        await _until_stopped()


async def _until_stopped() -> None:
    stopping = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, stopping.set)
    await stopping.wait()
