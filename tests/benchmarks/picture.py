"""How do the figures look?"""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from tests.benchmarks.figures import OURS, Result, Results, Row, described

OUR_COLOUR, OTHER_COLOUR, MET, MISSED, INK = "#0b6e6e", "#b8c2c8", "#0b6e6e", "#c8502d", "#2b2f33"
#: A bar that is longer than so many times what is required is cut there.
LONGEST = 4.0


def draw(results: Results, file: Path) -> None:
    """Write a picture: who does how much with a CPU second, and what is measured against what is required."""
    canvas = Canvas(figsize=(15, 5.6), dpi=110, facecolor="white", layout="constrained")
    FigureCanvasAgg(canvas)
    left, right = canvas.subplots(1, 2, width_ratios=(1, 1))
    _engines(left, results.engines())
    _required(right, [row for row in results.rows() if row.figure.benchmark != "peers" and row.is_met is not None])
    canvas.supxlabel(described(results), fontsize=9, color=INK)
    canvas.savefig(file)


def _engines(axes: Axes, engines: Mapping[str, Result]) -> None:
    axes.set_title("The same job: thousand events per CPU second", loc="left", fontsize=12, color=INK)
    if not engines:
        axes.text(0.5, 0.5, "not measured", ha="center", va="center", color=INK, transform=axes.transAxes)
        axes.set_axis_off()
        return
    ordered = sorted(engines, key=lambda name: engines[name]["ratio"]["median"], reverse=True)
    ours = 1000 / engines[OURS]["cpu_s_per_million"]
    for place, name in enumerate(ordered):
        ratio = engines[name]["ratio"]
        typical, least, most = ours / ratio["median"], ours / ratio["max"], ours / ratio["min"]
        axes.barh(place, typical, color=OUR_COLOUR if name == OURS else OTHER_COLOUR, height=0.62)
        if name != OURS:
            axes.errorbar(typical, place, xerr=[[typical - least], [most - typical]], color=INK, capsize=3, lw=1)
        shown = f"{typical:.0f}" if typical >= 10 else f"{typical:.1f}"
        words = shown if name == OURS else f"{shown}   (÷ {ratio['median']:.1f})"
        axes.annotate(words, (most, place), (7, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    _plain(axes, ordered, 1.22 * ours)
    axes.set_xlabel("bars: median; lines: least and most, against Relance in the same round", fontsize=9, color=INK)


def _required(axes: Axes, rows: list[Row]) -> None:
    axes.set_title("What is required: how many times as good it is", loc="left", fontsize=12, color=INK)
    rows = rows[::-1]
    for place, row in enumerate(rows):
        _, measured, required, _ = row.cells
        ratio = 0.0 if row.measured is None else row.figure.ratio(row.measured) or 0.0
        axes.barh(place, min(ratio, LONGEST), color=MET if row.is_met else MISSED, height=0.62)
        words = f"{'≫ ' if ratio > LONGEST else ''}{measured}; {required}"
        at = (min(ratio, LONGEST), place)
        axes.annotate(words, at, (7, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    axes.axvline(1, color=INK, lw=1, ls=(0, (4, 3)))
    _plain(axes, [row.figure.name for row in rows], 1.75 * LONGEST)
    axes.set_xticks([0, 1, 2, 3, 4])
    axes.set_xlabel("dashed: exactly as required; beyond it, better", fontsize=9, color=INK)


def _plain(axes: Axes, names: list[str], right: float) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=9, color=INK)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8, colors=INK)
    axes.set_xlim(0, right)
    axes.spines[["top", "right", "left"]].set_visible(False)
