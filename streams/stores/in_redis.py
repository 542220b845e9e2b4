"""How does the suppression table live in Redis?

One primary (Redis or Valkey, 7 or newer), asked by Lua scripts that the server runs one at a time; see `ports.py` for
the laws and `keys.py` for the keys.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, assert_never, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from streams.core.decisions import Reason
from streams.core.visitor import STOPPING
from streams.stores.errors import StoreUnavailable, StoreUnfit
from streams.stores.facts import Consent, ContactErased, ContactKnown, Fact, Purchase
from streams.stores.keys import PURCHASES_KEPT_MS, TAKEN_KEPT_MS, Keys
from streams.stores.ports import (
    MOST_ORDERS,
    AlreadyReserved,
    AlreadySettled,
    Applied,
    Refused,
    Request,
    Reserved,
    Suppressed,
    Verdict,
)
from streams.stores.server import unfit

#: No single answer takes longer; a sender that waits longer than a lease has nothing to gain.
ANSWER_WITHIN_S = 5.0

REASONS = {str(reason): reason for reason in Reason}

#: Key, what is written, and two arguments: one line of `lua/apply.lua`.
Write = tuple[bytes, str, str | bytes, str | bytes]


def connect(url: str) -> Redis:
    """Return a client that connects at its first command. It never asks twice: the second answer would be "taken".

    Raises `StoreUnfit` for an address that is none.
    """
    try:
        # With a socket_timeout redis-py sends under asyncio.wait_for, which before Python 3.12 swallows cancellations.
        return Redis.from_url(url, socket_timeout=None, retry=Retry(NoBackoff(), 0))
    except ValueError:
        # Without its cause, which may quote a part of the password.
        raise StoreUnfit(
            "RELANCE_REDIS_URL is no address of a Redis: write redis://:password@host:6379/0, "
            "with %40, %2F and so on for what is no letter or digit in the password."
        ) from None


class SuppressionInRedis:
    """The suppression table on a real server."""

    def __init__(self, client: Redis, namespace: str, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._client = client
        self._answer_within_s = answer_within_s
        self._keys = Keys(namespace)
        self._stopping = f"|{'|'.join(sorted(STOPPING))}|"
        self._apply = self._script("apply")
        self._reserve = self._script("reserve")
        self._release = self._script("release")

    async def check_server(self) -> None:
        """Raise `StoreUnfit` or `StoreUnavailable`, with what to do about it, unless the server may hold the table."""
        async with self._answering():
            info = await self._client.info()
        if complaint := unfit(info):
            raise StoreUnfit(complaint)

    async def next_offsets(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Return the next offset to apply of each partition; one that was never applied is absent."""
        asked = list(partitions)
        if not asked:
            return {}
        fields = [_field(topic, partition) for partition in asked]
        async with self._answering():
            # redis-py declares one type for its blocking and its asyncio client
            found = await cast(Awaitable[list[bytes | None]], self._client.hmget(self._keys.watermarks(), fields))
        return {partition: int(offset) for partition, offset in zip(asked, found, strict=True) if offset is not None}

    async def apply(
        self, topic: str, partition: int, *, expected: int | None, next_offset: int, facts: Sequence[Fact]
    ) -> Applied | Refused:
        """Write facts and move the watermark, provided that it is `expected`: None if there is none yet."""
        writes = [write for fact in facts for write in _writes(self._keys, fact)]
        answer = await self._run(
            self._apply,
            [self._keys.watermarks(), *(key for key, *_ in writes)],
            _field(topic, partition), "" if expected is None else expected, next_offset,
            MOST_ORDERS, PURCHASES_KEPT_MS, self._stopping, *(part for _, *rest in writes for part in rest),
        )  # fmt: skip
        if answer == [b"applied"]:
            return Applied()
        return Refused(int(answer[1]) if answer[1] else None)

    async def reserve(self, request: Request) -> Verdict:
        """Check everything that could speak against a relaunch and reserve it, in one step."""
        keys, contact = self._keys, request.contact
        answer = await self._run(
            self._reserve,
            [
                keys.reservation(request.relaunch_id), keys.card(contact), keys.consent(contact),
                keys.window(contact, request.scenario),
                *(keys.purchases(subject) for subject in (contact, *request.identities)),
            ],
            request.relaunch_id, request.trigger_at, f"{request.channel}/marketing", request.once_per_ms,
            request.now_ms, TAKEN_KEPT_MS, self._stopping,
        )  # fmt: skip
        return _verdict([part.decode() for part in answer])

    async def taken(self, relaunch_id: str) -> AlreadyReserved | AlreadySettled | None:
        """Return what reserving would find of an earlier reservation, without reserving; None if there is none."""
        key = self._keys.reservation(relaunch_id)
        async with self._answering():
            # redis-py declares one type for its blocking and its asyncio client
            window, result = await cast(Awaitable[list[bytes | None]], self._client.hmget(key, ["window", "result"]))
        if result is not None:
            return AlreadySettled(result.decode())
        return AlreadyReserved() if window is not None else None

    async def settle(self, relaunch_id: str, result: str) -> None:
        """Note what became of a reserved relaunch. The first result stays."""
        key = self._keys.reservation(relaunch_id)
        async with self._answering(), self._client.pipeline(transaction=True) as pipe:
            pipe.hsetnx(key, "result", result)
            pipe.pexpire(key, TAKEN_KEPT_MS)
            await pipe.execute()

    async def release(self, relaunch_id: str) -> None:
        """Give a reservation back, with its place in the window. A settled one stays."""
        await self._run(self._release, [self._keys.reservation(relaunch_id)], relaunch_id)

    def _script(self, name: str) -> AsyncScript:
        """Read a script. Its `#!lua` makes a replica or a full server refuse it whole, before its first command."""
        source = (files(__package__) / "lua" / f"{name}.lua").read_text("utf-8")
        return self._client.register_script(source)

    async def _run(self, script: AsyncScript, keys: Sequence[bytes], *arguments: Any) -> Any:
        async with self._answering():
            return await script(keys=keys, args=arguments)

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._answer_within_s):
                yield
        except AuthenticationError as error:
            raise StoreUnfit(
                f"Redis refused the user or password in RELANCE_REDIS_URL ({error}): correct it."
            ) from error
        except NoPermissionError as error:
            raise StoreUnfit(f"The Redis user in RELANCE_REDIS_URL lacks a permission ({error}): grant it.") from error
        except (RedisError, TimeoutError) as error:
            said = str(error) or f"nothing within {self._answer_within_s} s"
            raise StoreUnavailable(
                f"Redis does not answer as it should ({said}): see that RELANCE_REDIS_URL is right."
            ) from error


def _field(topic: str, partition: int) -> str:
    return f"{topic}/{partition}"


def _writes(keys: Keys, fact: Fact) -> Iterator[Write]:
    match fact:
        case Purchase():
            entry = f"{fact.at} {fact.status} {fact.event_id}"
            for subject in fact.identities:
                yield keys.purchases(subject), "purchase", fact.order_id, entry
        case Consent():
            entry = f"{fact.at} {fact.state} {fact.event_id}"
            yield keys.consent(fact.contact), "consent", f"{fact.channel}/{fact.purpose}", entry
        case ContactKnown():
            mail, phone = (keys.purchases(subject) if subject else b"" for subject in (fact.mail, fact.phone))
            yield keys.card(fact.contact), "contact", mail, phone
        case ContactErased():
            yield keys.card(fact.contact), "erased", b"", b""
        case _:
            assert_never(fact)


def _verdict(answer: Sequence[str]) -> Verdict:
    match answer:
        case ["reserved"]:
            return Reserved()
        case ["taken"]:
            return AlreadyReserved()
        case ["settled", result]:
            return AlreadySettled(result)
        case [reason, *evidence]:
            return Suppressed(REASONS[reason], tuple(evidence))
    raise AssertionError(answer)
