"""Claims about detection when things go wrong: nothing is missing, nothing spurious, and everything goes on afterwards.

The long run is `python -m tests.chaos detect`; these are short ones, whose groups wait less long for a member that is gone.
"""

from pathlib import Path
from uuid import uuid4

import pytest

from streams.local.kafka import LocalKafka
from tests.chaos.broken_worker import SESSION_TIMEOUT_S
from tests.chaos.faults import TOPICS, Fault, Kind, schedule
from tests.chaos.run import EVENTS_PER_VISITOR, Plan, run
from tests.chaos.stand import DETECT, INGEST, own_broker

WORKERS = {"ingest-1": INGEST, "detect-1": DETECT, "detect-2": DETECT}
OF_WORKERS: tuple[Kind, ...] = ("kill", "freeze", "terminate")
OF_THE_BROKER: tuple[Kind, ...] = ("kill", "broker_kill", "broker_freeze")


def short(seed: int, seconds: float, kinds: tuple[Kind, ...], *, events: int) -> Plan:
    return Plan(
        seed=seed,
        seconds=seconds,
        events=events,
        visitors=events // EVENTS_PER_VISITOR,
        workers=WORKERS,
        faults=schedule(
            seed, seconds, list(WORKERS), kinds=kinds, session_timeout_s=SESSION_TIMEOUT_S, gap_s=(0.5, 3.0)
        ),
        broken={INGEST: "impatient", DETECT: "impatient"},
    )


async def test_workers_killed_frozen_and_coming_and_going_change_no_decision(kafka: LocalKafka, tmp_path: Path) -> None:
    plan = short(8, 10, OF_WORKERS, events=20_000)
    assert {fault.kind for fault in plan.faults or ()} >= {"kill", "freeze"}
    report = await run(plan, kafka, tmp_path, namespace=f"t{uuid4().hex[:8]}.")
    assert report.is_right, report
    assert report.kills
    assert report.freezes
    assert report.decisions > 1_000


async def test_a_broker_killed_and_frozen_changes_no_decision(tmp_path: Path) -> None:
    plan = short(1, 7, OF_THE_BROKER, events=10_000)
    async with own_broker(tmp_path) as kafka:
        report = await run(plan, kafka, tmp_path)
    assert report.is_right, report
    assert report.broker_kills
    assert report.decisions > 500


async def test_nothing_is_skipped_on_partitions_that_public_topics_get_in_traffic(
    kafka: LocalKafka, tmp_path: Path
) -> None:
    faults = [Fault(1, "grow", TOPICS, 0), Fault(2, "kill", "ingest-1", 0.5), Fault(4, "grow", TOPICS, 0)]
    plan = Plan(
        seed=5,
        seconds=6,
        events=6_000,
        visitors=300,
        workers={"ingest-1": INGEST, "detect-1": DETECT},
        faults=faults,
        broken={INGEST: "impatient"},
    )
    report = await run(plan, kafka, tmp_path, namespace=f"t{uuid4().hex[:8]}.")
    assert report.is_right, report
    assert report.grows == 2
    assert report.on_new_partitions > 500


@pytest.mark.long
@pytest.mark.parametrize("seed", [3, 4])
async def test_everything_going_wrong_for_a_while_changes_no_decision(seed: int, tmp_path: Path) -> None:
    plan = Plan(seed=seed, seconds=45, events=100_000, visitors=5_000)
    async with own_broker(tmp_path) as kafka:
        report = await run(plan, kafka, tmp_path)
    assert report.is_right, report
