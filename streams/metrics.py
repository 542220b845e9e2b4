"""What can operations see?

One catalogue: every metric is declared here with its sentence. No personal data, no unbounded label.
"""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


@dataclass(frozen=True)
class Described:
    """One row of the catalogue."""

    name: str
    kind: str
    labels: tuple[str, ...]
    about: str


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.catalogue: list[Described] = []
        self.records_in = self._counter("relance_records_in", "Records read from public topics by ingest.", "topic")
        self.dead_letters = self._counter(
            "relance_dead_letters", "Records that ingest refused, by reason.", "topic", "reason"
        )
        self.bots_dropped = self._counter(
            "relance_bots_dropped", "Page views of crawlers, counted and dropped.", "topic"
        )
        self.journal_read = self._counter("relance_journal_read", "Journal records that detection applied.")
        self.episodes_ended = self._counter(
            "relance_episodes_ended", "Cart episodes that ended: abandoned, ordered or emptied.", "how"
        )
        self.candidates = self._counter(
            "relance_candidates", "Candidates decided, by decision: relaunch, or the reason why not.", "decision"
        )
        self.outcomes = self._counter(
            "relance_outcomes",
            "What became of relaunches at the sender, by outcome and reason.",
            "channel",
            "outcome",
            "reason",
        )
        self.lag = self._gauge(
            "relance_lag_records",
            "Records between this worker's position and the end of the partition.",
            "group",
            "topic",
            "partition",
        )
        self.stream_time_age = self._gauge(
            "relance_stream_time_age_seconds",
            "Wall clock less stream time; large on a quiet partition, and that is fine.",
            "partition",
        )
        self.pending_deadlines = self._gauge(
            "relance_pending_deadlines", "Deadlines armed and not yet reached.", "partition"
        )
        self.ticks = self._counter("relance_ticks", "Ticks appended so that a deadline on a quiet partition can fire.")
        self.restore_seconds = self._histogram(
            "relance_restore_seconds", "Time to restore the partitions of one assignment."
        )
        self.changelog_rewrites = self._counter(
            "relance_changelog_rewrites",
            "State records written again because an older one stood above; a zombie wrote.",
        )
        self.commit_refused = self._counter(
            "relance_commit_refused",
            "Commits refused because the partition had moved to another worker; harmless.",
            "group",
        )
        self.suppress_refused = self._counter(
            "relance_suppress_refused",
            "Writes that the suppression table refused because its watermark was elsewhere; the reader rewinds.",
            "topic",
        )
        self.fence_seconds = self._histogram(
            "relance_fence_seconds", "Time from appending a fence to the suppression table having passed it."
        )
        self.fence_timeouts = self._counter(
            "relance_fence_timeouts", "Fences that were not passed in time: messages were deferred, none was sent."
        )
        self.deferred = self._gauge(
            "relance_deferred_messages", "Relaunches that wait in a sender for a fence or for the relay.", "channel"
        )
        self.deadline_to_smtp = self._histogram(
            "relance_deadline_to_smtp_seconds",
            "Time from the deadline of an episode to the relay's acceptance of the message.",
        )
        self.build_info = self._gauge("relance_build_info", "Always 1; the labels say what runs.", "version", "role")

    def listen(self, host: str, port: int) -> None:
        """Serve this process's metrics; port 0 serves nothing."""
        if port:
            start_http_server(port, host, self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        self.catalogue.append(Described(name + "_total", "counter", labels, about))
        return Counter(name, about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        self.catalogue.append(Described(name, "gauge", labels, about))
        return Gauge(name, about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        self.catalogue.append(Described(name, "histogram", labels, about))
        return Histogram(name, about, labels, registry=self.registry, buckets=SECONDS)
