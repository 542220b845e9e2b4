"""How is the Kafka Streams peer built and run?

Its jars come from Maven Central into the user's cache, it is compiled with the machine's `javac`, and runs on the machine's `java`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.local import jars
from streams.local.errors import DownloadFailed, LocalStackError
from tests.benchmarks.bench_stack import Bench
from tests.benchmarks.process import Measured

#: Kafka Streams, a fast reader of MessagePack, the hash that ids are made with, and what logs.
COORDINATES = (
    "org.apache.kafka:kafka-streams:4.3.1",
    "org.msgpack:msgpack-core:0.9.9",
    "org.bouncycastle:bcprov-jdk18on:1.80",
    "org.slf4j:slf4j-simple:1.7.36",
)
SOURCES = Path(__file__).parent
JAVA_RELEASE = 17
CACHE_BYTES = 64 << 20
#: The collector that costs this job the least of those tried (Serial, Parallel, G1), with a heap that need not grow.
OPTIONS = ("-Xms1g", "-Xmx1g", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


class NoJdk(LocalStackError):
    """The machine has no JDK, or too old a one: install it."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The peers need a JDK, {JAVA_RELEASE} or newer: {why}. "
            f"Install one, for instance the package openjdk-{JAVA_RELEASE}-jdk-headless, and have it on the PATH."
        )


@dataclass(frozen=True)
class Configuration:
    """One way to run Kafka Streams."""

    #: `memory` or `rocksdb`.
    store: str
    #: 0 turns caching off.
    cache_bytes: int
    #: `at_least_once` or `exactly_once_v2`.
    guarantee: str


class KafkaStreams(Measured):
    """The peer as a process of its own."""

    def __init__(self, stand: Bench, classpath: str, configuration: Configuration) -> None:
        super().__init__(stand.directory / "kafka-streams", {}, "kafka-streams")
        self._stand = stand
        self._classpath = classpath
        self._configuration = configuration

    def command(self) -> list[str]:
        """Return the command line."""
        settings, chosen = self._stand.settings, self._configuration
        words = (settings.kafka_bootstrap, settings.namespace, chosen.store, str(chosen.cache_bytes), chosen.guarantee)
        java = [_tool("java"), *OPTIONS, "-cp", self._classpath, "CartPeer"]
        return [*java, *words, str(self.directory / "state"), str(self.port)]


def classpath(directory: Path) -> str:
    """Compile the peer into a directory and return the class path to run it with. Raises `NoJdk` and `DownloadFailed`."""
    compiler, _ = _tool("javac"), _tool("java")
    needed = f"{_fetched()}/*"
    sources = [str(source) for source in sorted(SOURCES.glob("*.java"))]
    words = [compiler, "--release", str(JAVA_RELEASE), "-nowarn", "-cp", needed, "-d", str(directory), *sources]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoJdk(f"`{compiler}` could not compile the peer ({done.stderr.strip()})")
    return f"{directory}{os.pathsep}{needed}"


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoJdk(f"there is no `{name}` on the PATH")
    return found


def _fetched(coordinates: Sequence[str] = COORDINATES) -> Path:
    """Return the directory of jars, fetched first if it is not there."""
    kept = jars.kept_in(coordinates)
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=kept.parent, prefix="fetching-", ignore_cleanup_errors=True) as aside:
        words = [sys.executable, "-m", jars.__name__, aside, *coordinates]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        if done.returncode:
            raise DownloadFailed(done.stderr)
        Path(aside).rename(kept)
    return kept
