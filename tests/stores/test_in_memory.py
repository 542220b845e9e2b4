"""Claims about the suppression table in memory: the contract, and the laws over any history."""

import pytest
from hypothesis import given

from streams.stores.in_memory import SuppressionInMemory
from tests.stores.contract import SuppressionTableContract, verdict
from tests.stores.histories import TwoTellings, two_tellings


class TestSuppressionInMemory(SuppressionTableContract):
    @pytest.fixture
    def table(self) -> SuppressionInMemory:
        return SuppressionInMemory()


@given(two_tellings())
async def test_the_verdict_does_not_depend_on_the_order_in_which_facts_arrive(tellings: TwoTellings) -> None:
    verdicts = [await verdict(SuppressionInMemory(), *facts) for facts in tellings]
    assert verdicts[0] == verdicts[1]
