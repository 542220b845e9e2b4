"""Which settings are in force?"""

import json
import re
from typing import Annotated

import typer
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from rich.console import Console
from rich.table import Table

from streams.cli.mistakes import BadSettings
from streams.settings import Settings

SHORTEST_SECRET = 32

#: An address whose parts can be told apart for sure; options, which may hold a password, are not shown.
_REDIS_URL = re.compile(
    r"(?P<scheme>rediss?)://(?P<user>[^/?#]*@)?(?P<server>[\w.-]+(:\d+)?(/\d*)?)(\?[^@]*)?", re.ASCII
)


def load() -> Settings:
    """Read the settings from the environment; raises `BadSettings` with the variable's name, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        raise BadSettings("\n".join(_told(each) for each in error.errors(include_input=False))) from None


def secret_of(settings: Settings) -> bytes:
    """Return the installation's secret; raises `BadSettings` without one that is long enough."""
    secret = settings.secret.get_secret_value() if settings.secret else ""
    if len(secret) < SHORTEST_SECRET:
        raise BadSettings(
            f"RELANCE_SECRET must hold at least {SHORTEST_SECRET} characters, the same for every worker and sender. "
            "Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return secret.encode()


def shown(settings: Settings) -> dict[str, str]:
    """Return each setting as it would be written, secrets masked."""
    written = settings.model_dump(mode="json")
    return {
        f"RELANCE_{name.upper()}": _masked(name, getattr(settings, name), written[name])
        for name in Settings.model_fields
    }


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(name="settings")
    def settings_(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
        """Show the settings in force, secrets masked, each with its sentence.

        Example: RELANCE_KAFKA_BOOTSTRAP=kafka:9092 relance settings
        """
        settings = load()
        if as_json:
            print(json.dumps(shown(settings)))
            return
        table = Table("setting", "value", "meaning")
        for (name, field), value in zip(Settings.model_fields.items(), shown(settings).values(), strict=True):
            table.add_row(f"RELANCE_{name.upper()}", value, field.description)
        Console().print(table)


def _told(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    return f"RELANCE_{name.upper()}: {error['msg']}. {Settings.model_fields[name].description}"


def _masked(name: str, value: object, written: object) -> str:
    if isinstance(value, SecretStr):
        if name != "redis_url":
            return "***"
        found = _REDIS_URL.fullmatch(value.get_secret_value())
        return "***" if found is None else f"{found['scheme']}://{'***@' if found['user'] else ''}{found['server']}"
    return "" if written is None else str(written)
