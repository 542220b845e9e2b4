"""How fast is detection: the journal in, decisions and changelog out, `acks=all`, one process?"""

from streams import topics
from streams.core.events import CartChanged, OrderChanged, PageViewed, Record
from streams.core.identity import VISITOR, subject
from streams.journal.intake import digest_of
from streams.journal.records import encode, partition_of
from streams.local.server import wait_async
from tests.benchmarks.bench_stack import bench
from tests.benchmarks.process import Measured, speed
from tests.benchmarks.workload import SHOP, SPAN_MS, START_MS, Happening, contact_of, happenings, relaunch_ids

SOURCES = {"page": 0, "search": 0, "add": 1 << 16, "order": 2 << 16}


async def detect(events: int, visitors: int, partitions: int) -> dict[str, object]:
    """Measure; raises `AssertionError` when what was decided is not what had to be."""
    async with bench(journal_partitions=partitions, recorded_time=True) as stand:
        await stand.fill(topics.JOURNAL.name, journal_of(events, visitors, partitions))
        worker = Measured(stand.directory / "worker", stand.environment, "worker", "detect")
        await wait_async(worker.starting())
        try:
            looks = await worker.until("relance_journal_read_total", events, within_s=600)
            peak_mb = worker.peak_mb()
            expected = relaunch_ids(happenings(events, visitors))
            await stand.tick(partitions, START_MS + 2 * SPAN_MS)
            await worker.until("relance_candidates_total", len(expected), within_s=120)
            found = await stand.decided()
        finally:
            await wait_async(worker.stopping())
    if found != expected:
        raise AssertionError(f"wrong: {len(expected - found)} missing, {len(found - expected)} spurious; no figure")
    return {"events": events, "decisions": len(found), **speed(looks), "peak_mb": round(peak_mb)}


def journal_of(events: int, visitors: int, partitions: int) -> dict[int, list[tuple[bytes, bytes, int]]]:
    """Return the traffic as ingest would have written it: (key, value, append time in ms) by partition."""
    by_partition: dict[int, list[tuple[bytes, bytes, int]]] = {number: [] for number in range(partitions)}
    for event in happenings(events, visitors):
        key = subject(VISITOR, SHOP, f"v{event.visitor}")
        by_partition[partition_of(key, partitions)].append((key, encode(record_of(event)), event.at))
    return by_partition


def record_of(event: Happening) -> Record:
    """Return an event as it stands in the journal."""
    contact_id = contact_of(event.visitor)
    id, digest, at = event.id, digest_of(event.id), event.at
    source, offset = SOURCES[event.kind] | event.visitor % 12, event.number
    match event.kind:
        case "add":
            return CartChanged(
                id=id, digest=digest, at=at, source=source, offset=offset, contact_id=contact_id, action="add",
                product_id=f"p{event.number % 1000}", quantity=1, unit_price_minor=1999, currency="EUR", cart_id=None,
            )  # fmt: skip
        case "order":
            return OrderChanged(
                id=id, digest=digest, at=at, source=source, offset=offset, contact_id=contact_id,
                order_id=f"o{event.number}", status="paid",
            )  # fmt: skip
        case kind:
            return PageViewed(
                id=id, digest=digest, at=at, source=source, offset=offset, contact_id=contact_id, kind=kind,
                product_id=f"p{event.number % 1000}",
            )  # fmt: skip
