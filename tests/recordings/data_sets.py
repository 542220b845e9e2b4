"""Where are the data sets that recordings are made from, if they are here at all?

Their size or licence keeps them out of the project; tests on them are skipped where they are missing.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "data"
SESSIONS = FOLDER / "sessions.jsonl"
CLICKSTREAM = FOLDER / "clickstream.csv.gz"
INVOICES = FOLDER / "orders.csv.gz"

needs_data_sets = pytest.mark.skipif(not FOLDER.is_dir(), reason="the data sets are not beside the project")
