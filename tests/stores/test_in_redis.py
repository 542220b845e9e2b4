"""Claims about the suppression table in Redis, on a real server: the contract, and what a server can do to it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace
from redis.asyncio import Redis

from streams.local.ports import free_port
from streams.local.valkey import LocalValkey
from streams.stores.errors import StoreUnavailable, StoreUnfit
from streams.stores.facts import ContactKnown
from streams.stores.in_redis import SuppressionInRedis, connect
from streams.stores.keys import ALL, TAKEN_KEPT_MS, Keys
from streams.stores.ports import AlreadyReserved, Refused, Reserved, Verdict
from tests.stores.contract import ANNA, CART, MAIL, NOW, REQUEST, YES, SuppressionTableContract, bought, verdict
from tests.stores.histories import TwoTellings, two_tellings


@pytest.fixture
async def client(valkey: LocalValkey) -> AsyncIterator[Redis]:
    async with connect(valkey.url) as client:
        yield client


@pytest.fixture
def namespace() -> str:
    return f"t{uuid4().hex}."


@pytest.fixture
def table(client: Redis, namespace: str) -> SuppressionInRedis:
    return SuppressionInRedis(client, namespace)


class TestSuppressionInRedis(SuppressionTableContract):
    """The contract, on the fixture `table` above."""


@given(two_tellings())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_verdict_does_not_depend_on_the_order_in_which_facts_arrive(
    valkey: LocalValkey, tellings: TwoTellings
) -> None:
    async with connect(valkey.url) as client:
        verdicts = [await verdict(SuppressionInRedis(client, f"t{uuid4().hex}."), *facts) for facts in tellings]
    assert verdicts[0] == verdicts[1]


async def test_scripts_that_the_server_forgot_are_told_again(client: Redis, table: SuppressionInRedis) -> None:
    assert await verdict(table, YES) == Reserved()
    await client.script_flush()
    await table.release("r1")
    await client.script_flush()
    assert await table.reserve(REQUEST) == Reserved()
    await client.script_flush()
    assert await table.apply("orders", 0, expected=None, next_offset=1, facts=[]) == Refused(1)


async def test_installations_that_share_a_server_do_not_see_each_other(
    client: Redis, table: SuppressionInRedis
) -> None:
    assert await verdict(table, YES) == Reserved()
    other = SuppressionInRedis(client, f"t{uuid4().hex}.")
    assert await other.next_offsets("orders", [0]) == {}
    assert await verdict(other, YES) == Reserved()


async def test_every_key_is_declared_and_kept_as_long_as_it_says(
    client: Redis, table: SuppressionInRedis, namespace: str
) -> None:
    assert await verdict(table, YES, ContactKnown(ANNA, MAIL, None), bought(CART, at=0)) == Reserved()
    found = {key.decode(): await client.pttl(key) async for key in client.scan_iter(f"{namespace}*")}
    kept = {name.removeprefix(f"{namespace}relance:").split(":")[0]: ttl_ms for name, ttl_ms in found.items()}
    assert kept.keys() == {key.name for key in ALL}
    for key in ALL:
        if key.kept_ms is None:
            assert kept[key.name] == -1
        else:
            assert key.kept_ms - 60_000 < kept[key.name] <= key.kept_ms


async def test_no_longer_needed_places_in_a_window_are_cleared(
    client: Redis, table: SuppressionInRedis, namespace: str
) -> None:
    window = Keys(namespace).window(ANNA, REQUEST.scenario)
    await client.zadd(window, {"too old": NOW - TAKEN_KEPT_MS, "still kept": NOW - TAKEN_KEPT_MS + 1})
    assert await verdict(table, YES) == Reserved()
    assert await client.zrange(window, 0, -1) == [b"still kept", b"r1"]


async def test_what_is_known_of_a_subject_of_any_bytes_is_found_again(table: SuppressionInRedis) -> None:
    odd = "contact:shop:}{ é:\x00\n".encode()
    assert await verdict(table, YES, bought(odd)) == Reserved()


async def test_of_many_senders_that_ask_at_once_one_gets_the_relaunch(valkey: LocalValkey, namespace: str) -> None:
    async def ask() -> Verdict:
        async with connect(valkey.url) as client:
            return await SuppressionInRedis(client, namespace).reserve(REQUEST)

    async with connect(valkey.url) as client:
        await SuppressionInRedis(client, namespace).apply(
            "consent-changes", 0, expected=None, next_offset=1, facts=[YES]
        )
    verdicts = await asyncio.gather(*(ask() for _ in range(20)))
    assert verdicts.count(Reserved()) == 1
    assert verdicts.count(AlreadyReserved()) == 19


async def test_the_servers_of_the_local_stack_may_hold_the_table(table: SuppressionInRedis) -> None:
    await table.check_server()


async def test_nobody_listening_is_said_in_one_sentence() -> None:
    async with connect(f"redis://127.0.0.1:{free_port()}/0") as client:
        table = SuppressionInRedis(client, "")
        with pytest.raises(StoreUnavailable, match="see that RELANCE_REDIS_URL is right"):
            await table.check_server()
        with pytest.raises(StoreUnavailable):
            await table.reserve(REQUEST)


@pytest.mark.parametrize("address", ["", "localhost:6379", "http://localhost:6379", "redis://localhost:port"])
def test_an_address_that_is_none_is_said_in_one_sentence(address: str) -> None:
    with pytest.raises(StoreUnfit, match="RELANCE_REDIS_URL is no address of a Redis"):
        connect(address)


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[LocalValkey]:
    """A server that a test may spoil."""
    with LocalValkey(tmp_path, password="open sesame") as server:
        yield server


@pytest.fixture
async def own_client(own_valkey: LocalValkey) -> AsyncIterator[Redis]:
    async with connect(own_valkey.url) as client:
        yield client


@pytest.mark.parametrize("password", ["", ":wrong@"])
async def test_a_wrong_password_is_said_in_one_sentence_without_the_password(
    own_valkey: LocalValkey, password: str
) -> None:
    async with connect(f"redis://{password}127.0.0.1:{own_valkey.port}/0") as client:
        with pytest.raises(StoreUnfit, match="refused the user or password in RELANCE_REDIS_URL") as refusal:
            await SuppressionInRedis(client, "").check_server()
    assert "wrong@" not in str(refusal.value)


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("maxmemory-policy", "allkeys-lru", "set `maxmemory-policy noeviction`"),
        ("appendonly", "no", "set `appendonly yes`"),
    ],
)
async def test_a_server_that_may_forget_is_refused(own_client: Redis, setting: str, value: str, sentence: str) -> None:
    await own_client.config_set(setting, value)
    with pytest.raises(StoreUnfit, match=sentence):
        await SuppressionInRedis(own_client, "").check_server()


async def test_a_replica_is_refused_and_cannot_be_written_to(own_client: Redis) -> None:
    await own_client.replicaof("127.0.0.1", str(free_port()))
    table = SuppressionInRedis(own_client, "")
    with pytest.raises(StoreUnfit, match="point RELANCE_REDIS_URL at the primary"):
        await table.check_server()
    with pytest.raises(StoreUnavailable):
        await table.reserve(REQUEST)


async def test_a_full_server_gives_no_verdict(own_client: Redis) -> None:
    table = SuppressionInRedis(own_client, "")
    assert await verdict(table, YES) == Reserved()
    await own_client.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable):
        await table.reserve(replace(REQUEST, relaunch_id="r2"))
    with pytest.raises(StoreUnavailable):
        await table.apply("orders", 0, expected=1, next_offset=2, facts=[bought()])
    await own_client.config_set("maxmemory", 0)
    assert await table.next_offsets("orders", [0]) == {0: 1}


async def test_a_user_who_may_not_run_scripts_is_told_what_is_missing(own_client: Redis) -> None:
    await own_client.acl_setuser("default", enabled=True, categories=["-@scripting"])
    with pytest.raises(StoreUnfit, match="lacks a permission"):
        await SuppressionInRedis(own_client, "").reserve(REQUEST)


async def test_a_frozen_server_gives_no_verdict(own_client: Redis) -> None:
    await own_client.client_pause(60_000)
    with pytest.raises(StoreUnavailable, match="nothing within"):
        await SuppressionInRedis(own_client, "", answer_within_s=0.1).reserve(REQUEST)


async def test_who_gives_up_waiting_is_let_go_at_once(table: SuppressionInRedis) -> None:
    async def ask_for_ever() -> None:
        while True:
            await table.next_offsets("orders", [0])

    for turns in range(60):
        asking = asyncio.create_task(ask_for_ever())
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        done, _ = await asyncio.wait([asking], timeout=5)
        assert asking in done
