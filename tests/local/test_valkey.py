"""Claims about the local Valkey, on real ones."""

from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from streams.local.ports import HOST, is_free
from streams.local.valkey import LocalValkey
from tests.local.test_server import is_gone


def test_it_is_a_valkey_that_evicts_nothing_and_keeps_what_it_is_told(valkey: LocalValkey) -> None:
    with Redis.from_url(valkey.url, decode_responses=True) as client:
        assert "valkey_version" in client.info("server")
        assert client.config_get("maxmemory-policy", "appendonly") == {
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
        }


def test_it_listens_on_the_loopback_only(valkey: LocalValkey) -> None:
    with Redis.from_url(valkey.url, decode_responses=True) as client:
        assert client.config_get("bind") == {"bind": HOST}


def test_what_was_acknowledged_survives_a_kill_on_the_same_port(tmp_path: Path) -> None:
    with LocalValkey(tmp_path, fsync="always") as own:
        url = own.url
        with Redis.from_url(url) as client:
            client.set("suppressed", "yes")
        own.kill()
        own.start()
        assert own.url == url
        with Redis.from_url(url) as client:
            assert client.get("suppressed") == b"yes"


def test_a_stopped_server_is_gone_and_keeps_its_data(tmp_path: Path) -> None:
    with LocalValkey(tmp_path) as own:
        pid = own.pid
        with Redis.from_url(own.url) as client:
            client.set("suppressed", "yes")
    assert pid
    assert is_gone(pid)
    assert is_free(own.port)
    with LocalValkey(tmp_path) as next_one, Redis.from_url(next_one.url) as client:
        assert client.get("suppressed") == b"yes"


@pytest.mark.parametrize("password", ["simple", 'spaces "quotes" \\ % / é @:'])
def test_with_a_password_only_those_who_have_the_url_come_in(tmp_path: Path, password: str) -> None:
    with LocalValkey(tmp_path, password=password) as own:
        with Redis.from_url(own.url) as client:
            assert client.ping()
        with (
            Redis(host=HOST, port=own.port, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(AuthenticationError),
        ):
            stranger.ping()
        assert (tmp_path / "valkey.conf").stat().st_mode & 0o077 == 0
