"""Claims about playing a recording: in order, as it stands, but for its times."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from streams.lane.outbox import Outbox
from streams.play import Clock, play
from streams.recording import Line

NINE = 1_793_692_800_000
MINUTE = 60_000


class Kept(Outbox):
    """An outbox that keeps what it is given, and acknowledges when it is asked to."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.records: list[tuple[str, bytes | None, bytes | None]] = []
        self.waiting: list[asyncio.Future[Any]] = []
        self._at_once = at_once

    async def one(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> "asyncio.Future[Any]":
        self.records.append((topic, key, value))
        done = asyncio.get_running_loop().create_future()
        if self._at_once:
            done.set_result(None)
        self.waiting.append(done)
        return done


def view(at: int = NINE, **fields: object) -> Line:
    value = {"v": 1, "event_id": "e", "shop_id": "s", "occurred_at": at, "visitor_id": "laptop", "kind": "page"}
    return Line("page-views", at, json.dumps(value | fields).encode())


async def played(*lines: Line, speed: float = 1e9) -> Kept:
    outbox = Kept()
    assert await play(lines, outbox, speed=speed, progress=lambda _: None) == len(lines)
    return outbox


# The clock


@pytest.mark.parametrize(("speed", "later_ms"), [(1, MINUTE), (60, 1_000), (0.5, 2 * MINUTE), (7, 8_571)])
def test_times_are_compressed_by_the_speed(speed: float, later_ms: int) -> None:
    clock = Clock(NINE, speed)
    assert clock.wall_ms(NINE + MINUTE) - clock.wall_ms(NINE) == later_ms
    assert clock.wall_ms(NINE) - clock.wall_ms(NINE - MINUTE) == later_ms


def test_a_moment_of_the_past_is_not_waited_for() -> None:
    assert Clock(NINE, 1.0).seconds_until(NINE - MINUTE) < 0


def test_a_moment_to_come_is_waited_for() -> None:
    assert 50 < Clock(NINE, 1.0).seconds_until(NINE + MINUTE) <= 60


# What is moved, and what is not


def test_the_time_of_an_event_moves_along_and_nothing_else_of_it_changes() -> None:
    clock = Clock(NINE, 60.0)
    before = {"v": 1, "occurred_at": NINE - MINUTE, "more": {"occurred_at": NINE}, "n": [1, 2.5, None, "é"]}
    after = json.loads(clock.moved(json.dumps(before).encode()) or b"")
    assert after == before | {"occurred_at": clock.wall_ms(NINE) - 1_000}


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"\xff\xfe",
        b'{"occurred_at": 17936',
        b'{"v": 1}',
        b'{"occurred_at": "1793692800000"}',
        b'{"occurred_at": true}',
        b'{"occurred_at": 1793692800000.5}',
        b'{"occurred_at": null}',
        b"[1793692800000]",
        b'{"a":' * 10_000,
    ],
)
def test_bytes_that_hold_no_time_stay_as_they_are(raw: bytes | None) -> None:
    assert Clock(NINE, 60.0).moved(raw) == raw


# The order


async def test_records_go_out_in_the_order_of_the_recording_with_a_shops_keys() -> None:
    contact = json.dumps({"shop_id": "s", "contact_id": "anna"}).encode()
    lines = [view(), Line("contacts", NINE + 1, contact), Line("orders", NINE, b"broken"), view(visitor_id="phone")]
    records = (await played(*lines)).records
    assert [topic for topic, _, _ in records] == ["page-views", "contacts", "orders", "page-views"]
    assert [key for _, key, _ in records] == [b"laptop", b"s:anna", b"", b"phone"]
    assert [value for _, _, value in records[1:3]] == [contact, b"broken"]


async def test_a_tombstone_stays_a_tombstone() -> None:
    assert (await played(Line("catalog", NINE, None))).records == [("catalog", b"", None)]


async def test_a_record_waits_for_its_moment() -> None:
    """Twenty milliseconds of the recording, at its own speed: the later record says that it happened so much later."""
    records = (await played(view(NINE), view(NINE + 20), speed=1.0)).records
    first, second = (json.loads(value or b"")["occurred_at"] for _, _, value in records)
    assert second - first == 20


async def test_a_play_is_over_when_everything_is_acknowledged() -> None:
    outbox, told = Kept(at_once=False), list[int]()
    playing = asyncio.create_task(play([view()], outbox, speed=1.0, progress=told.append))
    while not outbox.waiting:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not playing.done()
    outbox.waiting[0].set_result(None)
    assert await playing == 1
    assert told[-1] == 1


async def test_a_long_recording_is_acknowledged_along_the_way_and_counted_to_the_end() -> None:
    outbox, told = Kept(), list[int]()
    assert await play([view()] * 2_500, outbox, speed=1.0, progress=told.append) == 2_500
    assert (told[-1], told == sorted(told), len(outbox.records)) == (2_500, True, 2_500)


async def test_nothing_to_play_is_played_at_once() -> None:
    assert (await played()).records == []
