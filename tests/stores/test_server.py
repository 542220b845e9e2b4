"""Claims about which server may hold the suppression table."""

import pytest

from streams.stores.server import unfit

FIT: dict[str, object] = {
    "redis_version": "7.2.4",
    "role": "master",
    "cluster_enabled": 0,
    "maxmemory_policy": "noeviction",
    "aof_enabled": 1,
}


@pytest.mark.parametrize(
    "more", [{}, {"redis_version": "7.0.0"}, {"redis_version": "8.2.1"}, {"valkey_version": "9.1.0"}]
)
def test_a_primary_that_keeps_everything_is_fit(more: dict[str, object]) -> None:
    assert unfit(FIT | more) is None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"redis_version": "6.2.99"}, "install Redis or Valkey 7 or newer"),
        ({"role": "slave"}, "point RELANCE_REDIS_URL at the primary"),
        ({"cluster_enabled": 1}, "point RELANCE_REDIS_URL at one that is not"),
        ({"maxmemory_policy": "volatile-ttl"}, "set `maxmemory-policy noeviction`"),
        ({"aof_enabled": 0}, "set `appendonly yes`"),
    ],
)
def test_each_way_to_be_unfit_comes_with_what_to_do(more: dict[str, object], sentence: str) -> None:
    assert sentence in (unfit(FIT | more) or "")
