"""Claims about a run without faults: what was decided live is what a replay of the journal decides."""

from tests.end_to_end.agreement import assert_agreement, decided, difference, replayed
from tests.end_to_end.installation import Installation
from tests.end_to_end.traffic import traffic


async def test_live_decisions_equal_a_replay_of_the_journal_byte_for_byte(installation: Installation) -> None:
    await installation.start(ingest="ingest", detect="detect")
    await installation.publish(traffic(1, events=1200, lasts_ms=12_000))
    await installation.until(installation.is_settled, "everything decided")
    await assert_agreement(installation)
    other = installation.write_scenarios(installation.directory / "other.yaml", idle_for="4s")
    assert difference(await decided(installation), await replayed(installation, "--scenarios", str(other))).missing
