"""What do the tests of the whole stand on?"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.local.kafka import LocalKafka
from streams.local.valkey import LocalValkey
from tests.end_to_end.installation import Installation


@pytest.fixture
async def installation(kafka: LocalKafka, valkey: LocalValkey, tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation with topics and scenarios; its workers end with the test, and a test that fails shows their logs."""
    own = Installation(kafka.bootstrap, valkey.url, tmp_path)
    own.write_scenarios()
    await own.provision()
    try:
        yield own
    finally:
        await own.stop()
        print(own.logs())
