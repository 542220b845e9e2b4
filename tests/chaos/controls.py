"""Under which faults is each broken worker caught, whatever the seed?"""

from tests.chaos.faults import Fault
from tests.chaos.run import Plan
from tests.chaos.stand import DETECT

#: Long enough that everybody has joined and has something to lose.
SETTLED_S = 5.0

FAULTS: dict[str, list[Fault]] = {
    # What was committed and not written yet is lost with the worker.
    "commit-early": [Fault(SETTLED_S, "kill", "detect-1", 0.1), Fault(SETTLED_S + 1, "kill", "detect-2", 0.1)],
    # It wakes up with a changelog still under way; then the partitions are divided anew, and restored from that.
    "ignore-stamp": [Fault(SETTLED_S, "freeze", "detect-1", 9.0)],
    # It leaves, and whoever takes over does not wait for the state.
    "process-before-restore": [Fault(SETTLED_S, "terminate", "detect-1", 0.1)],
    "wall-clock": [],
    # Everything is read a second time; and what shops told twice counts twice even without a fault.
    "ignore-source-stamps": [Fault(SETTLED_S, "kill", "ingest-1", 0.1)],
    # Right, though as slow as some of those above.
    "slow-changelog": [Fault(SETTLED_S, "freeze", "detect-1", 9.0), Fault(SETTLED_S + 2, "kill", "detect-2", 0.1)],
}


def control(how: str, seed: int, events: int, visitors: int, *, with_faults: bool = True) -> Plan:
    """Return a run with workers that are broken in this way; without faults, if that is enough to catch it."""
    faults = FAULTS[how] if with_faults else []
    over = max((fault.at_s + fault.lasts_s for fault in faults), default=0.0)
    return Plan(
        seed=seed, seconds=over + SETTLED_S, events=events, visitors=visitors, faults=faults, broken={DETECT: how}
    )
