"""Claims about the oracle of journals: it and the core, written apart, follow the same rules."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.partition import Partition
from streams.journal.records import encode
from tests.chaos.journal_layout import decode
from tests.chaos.journal_oracle import JournalOracle
from tests.chaos.journal_people import Scenario
from tests.core.small_shop import RULES, journals
from tests.core.story import Written

SCENARIOS = [
    Scenario(
        name=rules.name,
        idle_for=rules.idle_for_ms,
        min_hold=rules.min_hold_ms,
        once_per=rules.once_per_ms,
        expires_after=rules.expires_after_ms,
    )
    for rules in RULES
]
FOREVER = 1 << 60


@settings(max_examples=300)
@given(journals, st.sampled_from([FOREVER, FOREVER, 40, 15]))
def test_the_core_decides_and_tells_what_the_oracle_expects(records: list[Written], forget_after: int) -> None:
    oracle = JournalOracle(SCENARIOS, forget_after)
    for record in records:
        oracle.read(0, record.timestamp, record.key, decode(record.value))
    partition = Partition(RULES, forget_after_ms=forget_after)
    told = partition.apply(records)
    assert oracle.expected.decisions == {msgspec.json.encode(decision) for decision in told.decisions}
    assert oracle.expected.relaunches == {msgspec.json.encode(relaunch) for relaunch in told.relaunches}
    assert bool(oracle.pending()) == (partition.pending > 0)
    assert oracle.expected.notices == {(key, encode(notice)) for key, notice in told.notices}
