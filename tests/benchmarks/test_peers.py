"""Are the peers given the same rules, and compared by the right arithmetic? Nothing is timed here, and no JDK is needed."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from streams.core import cart, events, memory, visitor
from streams.core.scenarios.cart import CartRules
from tests.benchmarks import workload
from tests.benchmarks.peers import kafka_streams
from tests.benchmarks.peers.figures import Run, TooShort, Watched, compared, measured, spread
from tests.benchmarks.process import Look

ROOT = Path(__file__).parents[2]
RULES = CartRules(name=workload.SCENARIO)
NUMBER = re.compile(r"static final (?:int|long) (\w+) = ([\d_ *]+);")


def numbers(java: str) -> dict[str, int]:
    """Return the numeric constants of a Java file, by name."""
    text = (kafka_streams.SOURCES / java).read_text()
    return {name: math.prod(int(factor) for factor in product.split("*")) for name, product in NUMBER.findall(text)}


def test_the_peer_in_java_has_the_constants_of_the_rules() -> None:
    assert numbers("Visitor.java") == {
        "IDLE_MS": RULES.idle_for_ms,
        "MIN_HOLD_MS": RULES.min_hold_ms,
        "MAX_RECENT": memory.MAX_RECENT,
        "MAX_LINES": cart.MAX_LINES,
        "MAX_ORDERS": visitor.MAX_ORDERS,
    }
    assert RULES.idle_for_ms == workload.IDLE_MS


def test_the_peer_in_java_knows_the_same_orders_and_the_same_scenario() -> None:
    [words] = re.findall(r"STOPPING = Set\.of\((.*)\);", (kafka_streams.SOURCES / "Visitor.java").read_text())
    assert set(re.findall(r'"(\w+)"', words)) == visitor.STOPPING
    assert f'SCENARIO = "{workload.SCENARIO}";' in (kafka_streams.SOURCES / "Candidate.java").read_text()


def test_the_peer_in_java_reads_the_tags_of_the_journal() -> None:
    tags = {"VIEW": events.PageViewed, "CART": events.CartChanged, "ORDER": events.OrderChanged, "TICK": events.Tick}
    assert numbers("Journal.java") == {name: kind.__struct_config__.tag for name, kind in tags.items()}


def test_a_run_is_measured_from_the_first_progress_to_the_last_decision_and_its_cpu_to_the_commit() -> None:
    looks = [Look(0, 1, 0), Look(1, 2, 200), Look(2, 4, 600), Look(3, 5, 900), Look(6, 7, 1200)]
    run = measured(Watched(looks, settled=Look(9, 8, 1200)), events=600, peak_mb=50)
    assert run.events_per_s == pytest.approx(500 / 5)
    assert run.cpu_s_per_million == pytest.approx((8 - 2) / 500 * 1e6)
    assert run.warm_events_per_s == pytest.approx(300 / 4)
    assert run.warm_cpu_s_per_million == pytest.approx((8 - 4) / 300 * 1e6)
    assert run.peak_mb == 50


def test_a_run_that_was_half_over_at_the_first_look_gives_no_figure() -> None:
    with pytest.raises(TooShort, match="more events"):
        measured(Watched([Look(0, 1, 0), Look(1, 2, 700), Look(2, 3, 1200)], Look(3, 3, 1200)), 1200, 50)


def test_a_ratio_compares_the_runs_of_one_round() -> None:
    ours = [run(cost=8.0, warm=4.0), run(cost=4.0, warm=2.0), run(cost=5.0, warm=5.0)]
    theirs = [run(cost=8.0, warm=8.0), run(cost=12.0, warm=2.0), run(cost=10.0, warm=15.0)]
    line = compared({"ours": ours, "theirs": theirs}, "ours")["theirs"]
    assert line["ratio"] == {"median": 2.0, "min": 1.0, "max": 3.0}
    assert line["warm_ratio"] == {"median": 2.0, "min": 1.0, "max": 3.0}
    assert line["cpu_s_per_million"] == 10.0


def test_a_spread_is_the_median_between_the_extremes() -> None:
    assert spread([3.0, 1.0, 2.0, 10.0]) == {"median": 2.5, "min": 1.0, "max": 10.0}


def test_without_a_jdk_one_message_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "peers"],
        env={**os.environ, "PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "JDK, 17 or newer" in done.stderr
    assert "openjdk-17-jdk-headless" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def run(*, cost: float, warm: float) -> Run:
    return Run(1e5, cost, 1e5, warm, 100)
