"""What does a run say about itself?"""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from tests.chaos.verdict import Verdict


@dataclass(kw_only=True)
class Report:
    """The figures of a run."""

    seed: int
    #: Public events that were published and valid.
    events: int
    #: Decisions, the negative ones included.
    decisions: int
    #: Decisions, relaunches and notices that follow from the journal and are not there, or are there and do not follow.
    missing: int
    spurious: int
    #: Decisions told again with the same id and bytes: harmless.
    duplicates: int
    kills: int
    freezes: int
    terminations: int
    joins: int
    #: Workers that ended by themselves and were started again.
    exits: int
    broker_kills: int
    broker_freezes: int
    #: How often the public topics got more partitions, and how many records came to stand there.
    grows: int
    on_new_partitions: int
    #: Partitions that still had something to do long after the last fault.
    stalled_partitions: int
    #: From the last fault until nothing was behind.
    recovery_seconds: float
    #: Public records that were acknowledged and could not be found: without them, the rest says nothing.
    unread: int
    #: Valid public events that the journal lacks, that it holds without reason, or behind a later one of the same source and subject.
    journal_missing: int
    journal_unexpected: int
    journal_out_of_order: int
    #: Subjects whose newest record in the changelog is not what the journal leads to.
    states_differing: int
    #: Whether `relance replay --journal` decides the same, byte for byte.
    replay_equal: bool
    by_decision: dict[str, int]

    @classmethod
    def of(
        cls,
        seed: int,
        verdict: Verdict,
        counts: Counter[str],
        *,
        acknowledged: int,
        stalled: int,
        recovery_s: float,
        replayed: bytes,
        states_differing: int,
    ) -> "Report":
        """Put a report together."""
        return cls(
            seed=seed,
            events=verdict.events,
            decisions=verdict.decisions.total(),
            missing=verdict.missing,
            spurious=verdict.spurious,
            duplicates=verdict.duplicates,
            kills=counts["kills"],
            freezes=counts["freezes"],
            terminations=counts["terminates"],
            joins=counts["joins"],
            exits=counts["exits"],
            broker_kills=counts["broker_kills"],
            broker_freezes=counts["broker_freezes"],
            grows=counts["grows"],
            on_new_partitions=verdict.on_new_partitions,
            stalled_partitions=stalled,
            recovery_seconds=round(recovery_s, 1),
            unread=max(0, acknowledged - verdict.published),
            journal_missing=verdict.journal_missing,
            journal_unexpected=verdict.journal_unexpected,
            journal_out_of_order=verdict.journal_out_of_order,
            states_differing=states_differing,
            replay_equal=replayed == verdict.live,
            by_decision=dict(sorted(verdict.decisions.items())),
        )

    @property
    def is_right(self) -> bool:
        """Whether all is as promised, and there was something to promise: a run without decisions shows nothing."""
        wrong = (
            self.missing, self.spurious, self.stalled_partitions, self.unread, self.states_differing,
            self.journal_missing, self.journal_unexpected, self.journal_out_of_order,
        )  # fmt: skip
        return self.decisions > 0 and self.replay_equal and not any(wrong)

    def figures(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)
