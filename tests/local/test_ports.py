"""Claims about picked ports."""

import socket

import pytest

from streams.local.errors import PortTaken
from streams.local.ports import HOST, PICKED_FROM, free_port, is_answered, is_free, require_free


def test_a_picked_port_is_free_and_never_lent_to_outgoing_connections() -> None:
    port = free_port()
    assert port in PICKED_FROM
    assert is_free(port)
    assert not is_answered(port)


def test_a_port_is_taken_for_as_long_as_something_listens() -> None:
    with socket.create_server((HOST, free_port())) as server:
        port = server.getsockname()[1]
        assert is_answered(port)
        with pytest.raises(PortTaken, match=str(port)):
            require_free(port)
    assert is_free(port)


def test_connections_that_are_still_closing_do_not_take_the_port() -> None:
    with socket.create_server((HOST, free_port())) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)):
            server.accept()[0].close()  # closed by the server first: its side lingers in TIME_WAIT
    require_free(port)
