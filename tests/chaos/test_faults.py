"""Claims about schedules of faults."""

import pytest

from tests.chaos.faults import BROKER, JOINERS, LASTS_S, MOST, SESSION_TIMEOUT_S, TOPICS, Fault, schedule

WORKERS = ("ingest-1", "detect-1", "detect-2")


def of(seed: int, seconds: float = 90) -> list[Fault]:
    return schedule(seed, seconds, WORKERS)


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_of_fault_comes_in_a_long_run(seed: int) -> None:
    assert {fault.kind for fault in of(seed)} == LASTS_S.keys()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("seconds", [5, 12, 30, 90])
def test_every_fault_is_over_by_the_end(seed: int, seconds: float) -> None:
    assert all(fault.at_s + fault.lasts_s <= seconds for fault in of(seed, seconds))
    assert of(seed, seconds)


@pytest.mark.parametrize("seed", range(20))
def test_a_frozen_worker_is_given_up(seed: int) -> None:
    assert all(fault.lasts_s > SESSION_TIMEOUT_S for fault in of(seed) if fault.kind == "freeze")


@pytest.mark.parametrize("seed", range(20))
def test_each_fault_befalls_whom_it_can(seed: int) -> None:
    for fault in of(seed):
        if fault.kind in ("broker_kill", "broker_freeze"):
            assert fault.target == BROKER
        elif fault.kind == "storm":
            assert fault.target == JOINERS
        elif fault.kind == "grow":
            assert fault.target == TOPICS
        else:
            assert fault.target in WORKERS


@pytest.mark.parametrize("seed", range(20))
def test_a_broker_freezes_for_twenty_seconds_and_a_storm_blows_for_ten_where_there_is_room(seed: int) -> None:
    longest = {kind: max(fault.lasts_s for fault in of(seed, 200) if fault.kind == kind) for kind in LASTS_S}
    assert longest["broker_freeze"] == 20
    assert longest["storm"] == 10


@pytest.mark.parametrize("seed", range(20))
def test_topics_grow_once_or_twice(seed: int) -> None:
    assert 1 <= sum(fault.kind == "grow" for fault in of(seed)) <= MOST["grow"]


def test_a_seed_is_a_schedule() -> None:
    assert of(1) == of(1) != of(2)


def test_a_run_can_be_spared_some_kinds() -> None:
    assert {fault.kind for fault in schedule(1, 60, WORKERS, kinds=("kill", "freeze"))} == {"kill", "freeze"}
