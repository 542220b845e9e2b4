"""Claims about `relance demo`: what it reports is what happened, and it leaves nothing behind."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from streams.converters.people import consent, contact
from streams.converters.record import Record
from streams.demo.run import Demo
from streams.recording import written

EXPECTED = Path(__file__).parents[1] / "recordings" / "expected_demo.json"
SHOP = "boutique"
#: Of the recording below.
BEGINS_MS, MINUTE_MS = 1_700_000_000_000, 60_000
#: Half an hour of idling passes in three seconds.
SPEED = 600
#: What Ctrl-C may take, on a slow machine.
STOPS_WITHIN_S = 25.0
ENDS_WITHIN_S = 150.0


def short_recording() -> Iterator[tuple[int, Record]]:
    """Yield minutes and records: one leaves a cart, one buys in a store, one never agreed, one is unknown, one line is bad."""
    yield 0, Record("catalog", "p", 0, {"product_id": "lamp", "title": "Lampe", "url": "https://boutique.example/lamp",
                                        "price_minor": 4990, "currency": "EUR"})  # fmt: skip
    for name in ("leaves", "buys", "refuses"):
        yield 0, contact(name, 0)
        if name != "refuses":
            yield 0, consent(name, 0, state="granted")
    for name in ("leaves", "buys", "refuses", "unknown"):
        who = {"visitor_id": f"visitor-{name}"} | ({} if name == "unknown" else {"contact_id": name})
        yield 1, Record("cart-adds", f"add-{name}", 0, {**who, "action": "add", "product_id": "lamp", "quantity": 1})
    yield 2, Record("cart-adds", "bad", 0, {"visitor_id": "visitor-leaves", "action": "steal"})
    bought = [{"product_id": "lamp", "quantity": 1, "unit_price_minor": 4990}]
    yield 10, Record("orders", "order", 0, {"order_id": "o1", "status": "paid", "contact_id": "buys", "lines": bought,
                                            "total_minor": 4990, "currency": "EUR", "sales_channel": "store"})  # fmt: skip


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "recording.jsonl"
    with file.open("wb") as lines:
        for minutes, record in short_recording():
            at = BEGINS_MS + minutes * MINUTE_MS
            value = {"v": 1, "event_id": record.event_id, "shop_id": SHOP, "occurred_at": at, **record.fields}
            lines.write(written(record.topic, at, value))
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the demo makes its temporary directories."""
    home = tmp_path / "temporary"
    home.mkdir()
    return home


@asynccontextmanager
async def demo(home: Path, *words: str) -> AsyncIterator[Process]:
    """Start `relance demo`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", "demo", *words,
        env={**os.environ, "TMPDIR": str(home)}, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_once_reports_what_happened_and_leaves_nothing_behind(home: Path, recording: Path) -> None:
    async with demo(home, "--once", "--json", "--events", str(recording), "--speed", str(SPEED)) as process:
        said, complained = await asyncio.wait_for(process.communicate(), ENDS_WITHIN_S)
    assert process.returncode == 0, complained.decode()
    report = json.loads(said.splitlines()[-1])
    seconds = report.pop("seconds_to_first_mail")
    assert report == {
        "events": sum(1 for _ in short_recording()),
        "dead_letters": 1,
        "candidates": 4,
        "outcomes": {"sent": 1, "suppressed(no_consent)": 1, "suppressed(no_contact)": 1, "suppressed(purchased)": 1},
        "mails": 1,
        "balance": True,
    }
    assert 0 < seconds < ENDS_WITHIN_S
    assert left_behind(home) == []


@pytest.mark.parametrize("at", ["kafka.log", "worker-all.log"], ids=["while the stack starts", "while it works"])
async def test_ctrl_c_ends_everything_within_seconds_and_leaves_nothing_behind(
    home: Path, recording: Path, at: str
) -> None:
    async with demo(home, "--json", "--events", str(recording), "--speed", str(SPEED)) as process:
        async with asyncio.timeout(ENDS_WITHIN_S):
            while not is_there(home, at):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, complained = await asyncio.wait_for(process.communicate(), STOPS_WITHIN_S)
    assert process.returncode == 0, complained.decode()
    assert b"Traceback" not in complained
    assert left_behind(home) == []


def is_there(home: Path, file: str) -> bool:
    """Say whether a file is somewhere below a directory."""
    return any(home.rglob(file))


def left_behind(home: Path) -> list[str]:
    """Return the files and the processes that have to do with a directory."""
    processes = [process for process in Path("/proc").glob("[0-9]*") if is_about(process, str(home))]
    return [str(path) for path in (*home.iterdir(), *processes)]


def is_about(process: Path, directory: str) -> bool:
    """Say whether a process names a directory in its command or in its environment."""
    try:
        return any(directory.encode() in (process / what).read_bytes() for what in ("cmdline", "environ"))
    except OSError:  # no process, not ours, or gone
        return False


@pytest.mark.long
async def test_the_built_in_recording_writes_to_whom_it_should_and_to_nobody_else(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: dict[str, Any] = json.loads(EXPECTED.read_text())
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    watched = Demo(None, None, once=True, as_json=True)
    await watched.run()
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    written_to = Counter(address.split("@")[0] for mail in watched._stack.inbox.messages for address in mail.to)
    assert written_to == Counter(expected["written_to_once"])
    assert not written_to.keys() & expected["not_written_to"].keys()
    suppressed = Counter(reason for reason in expected["not_written_to"].values() if " " not in reason)
    suppressed["pressure"] = len(expected["suppressed_by_pressure_besides"])
    suppressed["no_contact"] = len(expected["visitors_without_contact"])
    outcomes = report["outcomes"]
    assert outcomes.pop("sent") == report["mails"] == len(expected["written_to_once"])
    for reason, people in suppressed.items():
        assert outcomes.pop(f"suppressed({reason})") >= people
    assert outcomes == {}
    assert report["balance"] is True
    assert report["dead_letters"] == expected["dead_letters"]
