"""What does the whole system do with a recording?

Starts the local stack, a worker of every role and an e-mail sender, as an operator would; plays a recording at speed; and shows what
is sent and what is not. Time is compressed: the durations of the scenarios shrink by the same factor as the recording.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.live import Live

from streams import provision
from streams.demo.scrape import GROUPS, Scraped, scrape
from streams.demo.tally import READ, Tally
from streams.demo.view import view
from streams.durations import milliseconds
from streams.kafka_client import producer, reachable, reader
from streams.lane.outbox import Outbox
from streams.local.server import Server, wait_async
from streams.local.stack import LocalStack
from streams.play import play
from streams.recording import read
from streams.settings import Settings

DATA = files("streams") / "demo"
#: A recording is played so fast that it lasts no longer than this.
LASTS_SECONDS = 75.0
LOOK_SECONDS = 0.4
#: Everything is over when it has looked so for this many looks in a row.
SURE_AFTER_LOOKS = 6


class Part(Server):
    """A worker or sender, started as an operator would start it."""

    def __init__(self, directory: Path, environment: Mapping[str, str], *words: str) -> None:
        super().__init__(directory)
        self.name = "-".join(words)
        self._words = words
        self.environment = {**environment, "RELANCE_METRICS_PORT": str(self.port)}

    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "streams.cli", *self._words]


class Demo:
    """One run of the demo."""

    def __init__(self, events: Path | None, speed: float | None, *, once: bool, as_json: bool) -> None:
        """Play `events`, or the demo's own recording; at `speed`, or so that it lasts about a minute."""
        self._events = events or Path(str(DATA / "recording.jsonl"))
        self._speed = speed
        self._once = once
        self._as_json = as_json
        self._console = Console(stderr=as_json)
        self._tally = Tally()
        self._scraped = Scraped()
        self._played = 0
        self._status = "starting"
        self._started = time.time()

    async def run(self) -> None:
        """Run until everything is over (`once`), or until Ctrl-C. Raises a LocalStackError when a part cannot be had."""
        running = asyncio.ensure_future(self._run())
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, running.cancel)
        try:
            await running
        except asyncio.CancelledError:
            self._console.print("Stopped; nothing is left behind.")

    async def _run(self) -> None:
        self._measure()
        async with AsyncExitStack() as ends:
            home = Path(ends.enter_context(TemporaryDirectory(prefix="relance-demo-")))
            self._console.print(
                "Starting Kafka, Valkey and the inbox (the first time, Kafka is fetched: a minute or so) …"
            )
            self._stack = await ends.enter_async_context(LocalStack())
            environment = self._stack.environment() | self._business(home)
            settings = Settings(**{name.removeprefix("RELANCE_").lower(): value for name, value in environment.items()})  # type: ignore[arg-type]
            async with reachable(settings) as admin:
                await provision.apply(admin, settings)
            self._parts = [Part(home, environment, "worker", "all"), Part(home, environment, "sender", "email")]
            ends.push_async_callback(self._stop)
            await asyncio.gather(*[wait_async(part.starting()) for part in self._parts])
            await self._watch(settings)

    async def _stop(self) -> None:
        await asyncio.gather(*[wait_async(part.stopping()) for part in self._parts])

    def _measure(self) -> None:
        times = [line.at for line in read(self._events)]
        self._lines = len(times)
        span_s = (max(times) - min(times)) / 1000 if times else 0
        self._speed = self._speed or max(1.0, span_s / LASTS_SECONDS)

    def _business(self, home: Path) -> dict[str, str]:
        """Write the scenarios with their durations compressed, and name the files."""
        content = yaml.safe_load((DATA / "scenarios.yaml").read_text())
        for scenario in content["scenarios"]:
            every = {"min_hold": "5m", "once_per": "24h"} | scenario
            scenario |= {
                name: self._compressed(every[name]) for name in ("idle_for", "min_hold", "once_per", "expires_after")
            }
        (home / "scenarios.yaml").write_text(yaml.safe_dump(content))
        return {"RELANCE_SCENARIOS": str(home / "scenarios.yaml"), "RELANCE_SHOPS": str(DATA / "shops.yaml")}

    def _compressed(self, duration: str) -> str:
        assert self._speed is not None
        return f"{max(1, round(milliseconds(duration) / self._speed))}ms"

    async def _watch(self, settings: Settings) -> None:
        """Play and watch until it is over, or for ever."""
        live = Live(console=self._console, refresh_per_second=4) if not self._as_json else nullcontext()
        async with aiohttp.ClientSession() as session, _follower(settings) as follower, asyncio.TaskGroup() as tasks:
            with live:
                playing: asyncio.Task[int] | None = None
                over = 0
                while over < SURE_AFTER_LOOKS or not self._once:
                    await self._look(session, follower)
                    if playing is None and self._scraped.groups == GROUPS:
                        playing = tasks.create_task(self._play(settings))
                    over = over + 1 if playing is not None and playing.done() and self._is_over() else 0
                    self._status = self._words(playing, over)
                    if isinstance(live, Live):
                        live.update(self._picture())
                    await asyncio.sleep(LOOK_SECONDS)
        self._report()

    async def _play(self, settings: Settings) -> int:
        assert self._speed is not None
        outbox = Outbox(partial(producer, settings), settings.named)
        await outbox.start()
        try:
            return await play(read(self._events), outbox, speed=self._speed, progress=self._progress)
        finally:
            await outbox.stop()

    def _progress(self, played: int) -> None:
        self._played = played

    async def _look(self, session: aiohttp.ClientSession, follower: AIOKafkaConsumer) -> None:
        for part in self._parts:
            if part.pid is None:
                raise part.failed("ended by itself")
        for partition, records in (await follower.getmany(timeout_ms=0)).items():
            for record in records:
                self._tally.learn(partition.topic, record.value, dict(record.headers))
        self._scraped = await scrape(session, [part.port for part in self._parts])

    def _is_over(self) -> bool:
        """Say whether everything that was played has been read, decided, and has ended."""
        quiet = self._scraped.lag == 0 and self._scraped.pending_deadlines == 0
        return quiet and self._scraped.records_in >= self._played and self._tally.balance

    def _words(self, playing: "asyncio.Task[int] | None", over: int) -> str:
        if playing is None:
            return "workers take up their partitions"
        if not playing.done():
            return f"playing {self._events.name}, {self._speed:,.0f} times faster than it was"
        return "everything has been decided" if over >= SURE_AFTER_LOOKS else "played; deciding the rest"

    def _picture(self) -> Any:
        return view(
            played=self._played,
            of=self._lines,
            scraped=self._scraped,
            tally=self._tally,
            mails=self._mails(),
            inbox=self._stack.inbox.url,
            status=self._status,
        )

    def _mails(self) -> int:
        return len({message.message_id for message in self._stack.inbox.messages})

    def _report(self) -> None:
        if not self._as_json:
            return
        first = min((message.received_at for message in self._stack.inbox.messages), default=None)
        report = {
            "events": self._played,
            "dead_letters": self._tally.dead_letters.total(),
            "candidates": self._tally.candidates,
            "outcomes": self._tally.outcomes,
            "mails": self._mails(),
            "balance": self._tally.balance,
            "seconds_to_first_mail": None if first is None else round(first / 1000 - self._started, 1),
        }
        print(json.dumps(report), flush=True)


@asynccontextmanager
async def _follower(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that reads what the tally counts, from the beginning."""
    async with reachable(settings) as admin:
        counts = await provision.described(admin, settings)
    consumer = reader(settings)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(settings.named(topic), n) for topic in READ for n in range(counts[topic] or 0)])
        yield consumer
    finally:
        await consumer.stop()
