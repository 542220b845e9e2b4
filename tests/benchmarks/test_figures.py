"""Does the table say truly what is required and met?"""

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.figures import FIGURES, Figure, Results, Row, markdown, number
from tests.benchmarks.picture import draw

LEAST = Figure("restore", ("speed",), "restoring", "/s", at_least=300)
MOST = Figure("ticks", ("late", "p99"), "late", " ms", at_most=250)
MACHINE = {"cpu": "a CPU", "cores": 2, "python": "3.11.0", "kafka": "4.3.1"}


@pytest.mark.parametrize(("measured", "is_met"), [(299.9, False), (300, True), (300.1, True)])
def test_what_must_be_reached_is_met_when_it_is_reached_exactly(measured: float, is_met: bool) -> None:
    assert Row(LEAST, measured).is_met is is_met


@pytest.mark.parametrize(("measured", "is_met"), [(0, True), (249.9, True), (250, True), (250.1, False)])
def test_what_must_not_be_exceeded_is_met_up_to_the_bound(measured: float, is_met: bool) -> None:
    assert Row(MOST, measured).is_met is is_met


def test_what_nobody_requires_is_neither_met_nor_missed() -> None:
    assert Row(Figure("detect", ("speed",), "detection"), 5).is_met is None


def test_what_was_not_measured_is_neither_met_nor_missed_but_what_went_wrong_is_missed() -> None:
    assert Row(LEAST, None).cells == ("restoring", "not measured", "at least 300/s", "–")
    assert Row(LEAST, None, "wrong: 3 missing").cells == ("restoring", "wrong: 3 missing", "at least 300/s", "no")


def test_a_figure_is_found_where_it_stands() -> None:
    assert MOST.measured({"late": {"p99": 7}}) == 7
    assert MOST.measured({"late": 7}) is None
    assert MOST.measured({}) is None


@pytest.mark.parametrize(
    ("value", "written"),
    [(300_000, "300,000"), (1234.5, "1,234"), (249.55, "249.6"), (1.2, "1.20"), (7, "7"), (0, "0")],
)
def test_numbers_are_written_as_precisely_as_they_can_be_read(value: float, written: str) -> None:
    assert number(value) == written


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert Results.read(tmp_path / "none.json") == Results()
    results = _results()
    results.write(tmp_path / "some.json")
    assert Results.read(tmp_path / "some.json") == results


def test_the_table_has_a_line_for_every_figure_and_every_other_engine() -> None:
    lines = markdown(_results()).splitlines()
    assert sum(line.startswith("| ") for line in lines) == 2 + len(FIGURES) + 2
    assert "| restoring | 600,000 subjects/s | at least 300,000 subjects/s | yes |" in lines
    assert "| events per CPU second, against other | 2.50 times | at least 1 times | yes |" in lines
    assert "| events per CPU second, against other, once warm | 0.90 times | – | – |" in lines
    assert "| public topics to decisions | wrong: 2 missing | at least 40,000 events/s | no |" in lines
    assert lines[-1].startswith("Measured 2026-01-01 to 2026-01-02 on a CPU, 2 cores")


def test_a_trial_is_called_one() -> None:
    runs: dict[str, dict[str, Any]] = {"detect": {"date": "2026-01-01", "share": 0.05, "result": {}}}
    assert markdown(Results(MACHINE, runs)).splitlines()[-1].startswith("A trial with 5% of the events. Measured 2026")


def test_table_and_picture_are_made_from_what_was_kept(tmp_path: Path) -> None:
    for results in (_results(), Results()):
        draw(results, tmp_path / "figures.png")
        assert (tmp_path / "figures.png").read_bytes().startswith(b"\x89PNG")
        assert markdown(results)


def _results() -> Results:
    ours = {"cpu_s_per_million": 5.0, "ratio": {"median": 1.0, "min": 1.0, "max": 1.0}, "warm_ratio": {"median": 1.0}}
    other = {"cpu_s_per_million": 12.4, "ratio": {"median": 2.5, "min": 2.1, "max": 2.9}, "warm_ratio": {"median": 0.9}}
    runs: dict[str, dict[str, Any]] = {
        "restore": {"date": "2026-01-01", "result": {"subjects_per_s": 600_000}},
        "end-to-end": {"date": "2026-01-01", "failed": "wrong: 2 missing"},
        "peers": {"date": "2026-01-02", "result": {"engines": {"relance": ours, "other": other}}},
    }
    return Results(machine=MACHINE, runs=runs)
