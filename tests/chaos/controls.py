"""Under which faults is each broken worker caught, whatever the seed?"""

from typing import Literal, get_args

from tests.chaos.broken_worker import SESSION_TIMEOUT_S
from tests.chaos.faults import TOPICS, Fault
from tests.chaos.run import Plan
from tests.chaos.stand import DETECT, INGEST

#: Long enough that everybody has joined and has something to lose.
SETTLED_S = 5.0
#: Long enough that a group gives a frozen worker up, and the others go on.
FROZEN_S = SESSION_TIMEOUT_S + 3

#: What can be wrong with a worker and is caught, and at last what is right, though as slow as some of the others.
Broken = Literal[
    "commit-early",
    "ignore-stamp",
    "process-before-restore",
    "wall-clock",
    "ignore-source-stamps",
    "skip-new-partitions",
    "slow-changelog",
]
RIGHT: Broken = "slow-changelog"
WRONG: tuple[Broken, ...] = tuple(how for how in get_args(Broken) if how != RIGHT)

#: Who is broken, if it is not detection.
ROLES: dict[Broken, str] = {"skip-new-partitions": INGEST}

FAULTS: dict[Broken, list[Fault]] = {
    # What was committed and not written yet is lost with the worker.
    "commit-early": [Fault(SETTLED_S, "kill", "detect-1", 0.1), Fault(SETTLED_S + 1, "kill", "detect-2", 0.1)],
    # It wakes up with a changelog still under way; then the partitions are divided anew, and restored from that.
    "ignore-stamp": [Fault(SETTLED_S, "freeze", "detect-1", FROZEN_S)],
    # It leaves, and whoever takes over does not wait for the state.
    "process-before-restore": [Fault(SETTLED_S, "terminate", "detect-1", 0.1)],
    "wall-clock": [],
    # Everything is read a second time; and what shops told twice counts twice even without a fault.
    "ignore-source-stamps": [Fault(SETTLED_S, "kill", "ingest-1", 0.1)],
    # Shops publish there before ingest has found out.
    "skip-new-partitions": [Fault(SETTLED_S, "grow", TOPICS, 0.0)],
    "slow-changelog": [Fault(SETTLED_S, "freeze", "detect-1", FROZEN_S), Fault(SETTLED_S + 2, "kill", "detect-2", 0.1)],
}


def control(how: Broken, seed: int, events: int, visitors: int) -> Plan:
    """Return a run with workers broken in this way."""
    over = max((fault.at_s + fault.lasts_s for fault in FAULTS[how]), default=0.0)
    return Plan(
        seed=seed,
        seconds=over + SETTLED_S,
        events=events,
        visitors=visitors,
        faults=FAULTS[how],
        broken={ROLES.get(how, DETECT): how},
    )


def faultless_control(how: Broken, seed: int, events: int, visitors: int) -> Plan:
    """Return a run with detection broken in this way, if it can be caught without a fault; one worker of a role will do."""
    return Plan(
        seed=seed,
        seconds=SETTLED_S,
        events=events,
        visitors=visitors,
        workers={"ingest-1": INGEST, "detect-1": DETECT},
        faults=[],
        broken={DETECT: how},
        fires_within_s=SETTLED_S,
    )
