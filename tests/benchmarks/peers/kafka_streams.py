"""How is the Kafka Streams peer built and run?

Its jars come from Maven Central into the user's cache, it is compiled with the machine's `javac`, and runs on the machine's `java`.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.bench_stack import Bench
from tests.benchmarks.process import Measured

#: Kafka Streams, the fastest way to read the journal, the hash that ids are made with, and what logs.
COORDINATES = (
    "org.apache.kafka:kafka-streams:4.3.1",
    "org.msgpack:msgpack-core:0.9.9",
    "org.bouncycastle:bcprov-jdk18on:1.80",
    "org.slf4j:slf4j-simple:1.7.36",
)
SOURCES = Path(__file__).parent
CACHE_BYTES = 64 << 20
OPTIONS = ("-Xmx1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=info")


class NoJdk(Exception):
    """The machine has no JDK. Tell whoever measures."""


@dataclass(frozen=True)
class Configuration:
    """One way to run Kafka Streams."""

    #: `memory` or `rocksdb`.
    store: str
    cache_bytes: int
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
    """Compile the peer into a directory and return the class path to run it with. Raises `NoJdk`."""
    compiler, jars = _tool("javac"), f"{_jars()}/*"
    sources = [str(source) for source in sorted(SOURCES.glob("*.java"))]
    subprocess.run([compiler, "-nowarn", "-cp", jars, "-d", str(directory), *sources], check=True, capture_output=True)
    return f"{directory}{os.pathsep}{jars}"


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoJdk(f"The peers need a JDK, 17 or newer: there is no `{name}` on the PATH.")
    return found


def _jars() -> Path:
    """Return the directory of jars, fetched first if it is not there; it exists only whole (see `streams/local/jars.py`)."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = caches / "relance" / "+".join(each.split(":", 1)[1].replace(":", "-") for each in COORDINATES)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept.parent, prefix="fetching-") as aside:
            _fetch(Path(aside))
            Path(aside).rename(kept)
            Path(aside).mkdir()  # for the context to remove
    return kept


def _fetch(directory: Path) -> None:
    import jgo.maven  # only here: the extra `local` may not be installed

    context = jgo.maven.MavenContext(repo_cache=directory / "repository")
    chosen, needed = context.resolver.resolve([context.create_dependency(each) for each in COORDINATES])
    for each in (*chosen, *(each for each in needed if each.scope in ("compile", "runtime"))):
        shutil.move(each.artifact.resolve(), directory)
    shutil.rmtree(directory / "repository")
