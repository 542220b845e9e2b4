"""Claims about the harness: it catches every kind of worker that is wrong, so that its silence about the right ones means something."""

from pathlib import Path
from uuid import uuid4

import pytest

from streams.local.kafka import LocalKafka
from tests.chaos.controls import RIGHT, Broken, control, faultless_control
from tests.chaos.report import Report
from tests.chaos.run import Plan, run

EVENTS, VISITORS = 8_000, 800


async def shown(plan: Plan, kafka: LocalKafka, directory: Path) -> Report:
    return await run(plan, kafka, directory, namespace=f"t{uuid4().hex[:8]}.")


@pytest.mark.parametrize("how", ["wall-clock", "ignore-source-stamps"])
async def test_a_worker_wrong_at_all_times_is_caught_without_a_fault(
    how: Broken, kafka: LocalKafka, tmp_path: Path
) -> None:
    report = await shown(faultless_control(how, 1, EVENTS, VISITORS), kafka, tmp_path)
    assert report.missing
    assert report.spurious
    assert report.journal_missing == report.journal_unexpected == report.journal_out_of_order == 0


@pytest.mark.long
@pytest.mark.parametrize("how", ["commit-early", "ignore-stamp", "process-before-restore", "ignore-source-stamps"])
async def test_a_worker_that_a_fault_makes_wrong_is_caught(how: Broken, kafka: LocalKafka, tmp_path: Path) -> None:
    report = await shown(control(how, 1, EVENTS, VISITORS), kafka, tmp_path)
    assert report.missing
    assert not report.is_right


@pytest.mark.long
async def test_a_worker_that_skips_what_a_new_partition_holds_is_caught(kafka: LocalKafka, tmp_path: Path) -> None:
    report = await shown(control("skip-new-partitions", 1, EVENTS, VISITORS), kafka, tmp_path)
    assert report.on_new_partitions
    assert report.journal_missing
    assert not report.is_right


@pytest.mark.long
async def test_a_worker_that_is_only_slow_is_right(kafka: LocalKafka, tmp_path: Path) -> None:
    assert (await shown(control(RIGHT, 1, EVENTS, VISITORS), kafka, tmp_path)).is_right
