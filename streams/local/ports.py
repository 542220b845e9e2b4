"""Which port is free, and will still be after its server was killed?

Law 1  A port is never picked from the range that the system lends to outgoing connections: a client that redials a dead
       server could be lent the very port it dials, connect to itself, and keep the server from coming back.
"""

import random
import socket

from streams.local.errors import PortTaken

HOST = "127.0.0.1"
#: Below the range lent by Linux (from 32768), macOS and Windows (from 49152).
PICKED_FROM = range(20_000, 32_000)


def free_port() -> int:
    """Return a port of the loopback on which nothing listens."""
    for port in random.sample(PICKED_FROM, 100):
        if is_free(port):
            return port
    raise PortTaken(port)


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port; connections that are still closing do not matter."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(port: int) -> None:
    """Raise PortTaken if a server could not listen on this port."""
    if not is_free(port):
        raise PortTaken(port)


def is_answered(port: int) -> bool:
    """Say whether something accepts connections on this port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
