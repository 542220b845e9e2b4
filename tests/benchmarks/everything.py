"""How is everything measured, one thing after another, and kept?

Each benchmark is run as somebody would run it by hand; one that goes wrong gives no figure, and the next one begins.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

from tests.benchmarks.figures import Results, this_machine

HERE = Path(__file__).parent
RAW, PICTURE = "figures.json", "figures.png"
#: What is run, in this order: option, its size, and the least that it takes.
SIZES: dict[str, dict[str, tuple[int, int]]] = {
    "detect": {"--events": (2_000_000, 20_000)},
    "ingest": {"--events": (1_000_000, 20_000)},
    "end-to-end": {"--events": (1_000_000, 20_000)},
    "restore": {"--subjects": (1_000_000, 10_000)},
    "ticks": {"--events": (200_000, 20_000), "--pending": (3_000_000, 30_000)},
    "scale": {"--events": (2_000_000, 100_000)},
    "peers": {"--events": (2_000_000, 200_000), "--faust-events": (50_000, 10_000)},
}


def measure(directory: Path, share: float, only: Collection[str], told: Callable[[str], None]) -> Results:
    """Run the benchmarks at a share of their sizes and keep what they show in `directory`; `told` hears of each."""
    results = Results.read(directory / RAW)
    for name, sizes in SIZES.items():
        if only and name not in only:
            continue
        told(name)
        words = [
            word for option, (size, least) in sizes.items() for word in (option, f"{max(least, round(size * share))}")
        ]
        results.machine = this_machine()
        results.runs[name] = {
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "share": share,
            **_run(name, words),
        }
        results.write(directory / RAW)
    return results


def _run(name: str, words: list[str]) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.benchmarks", name, *words, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode == 0:
        return {"result": json.loads(ended.stdout.splitlines()[-1])}
    said = ended.stderr.strip().splitlines()
    return {"failed": said[-1] if said else f"ended with {ended.returncode}"}
