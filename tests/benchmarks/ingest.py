"""How fast is ingest: public JSON in, journal out, `acks=all`, one process?"""

import json
from typing import Any

from streams import topics
from streams.local.server import wait_async
from tests.benchmarks.bench_stack import Bench, bench
from tests.benchmarks.process import Measured, speed
from tests.benchmarks.workload import SHOP, Happening, contact_of, happenings

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.{}.0.0 Safari/537.36"
)
TOPICS = {
    "page": topics.PAGE_VIEWS.name,
    "search": topics.PAGE_VIEWS.name,
    "add": topics.CART_ADDS.name,
    "order": topics.ORDERS.name,
}


async def ingest(events: int, visitors: int) -> dict[str, object]:
    """Measure; raises `AssertionError` when anything was refused or is missing from the journal."""
    async with bench(journal_partitions=24, recorded_time=False) as stand:
        entries = await publish(stand, events, visitors)
        worker = Measured(stand.directory / "worker", stand.environment, "worker", "ingest")
        await wait_async(worker.starting())
        try:
            looks = await worker.until("relance_records_in_total", events, within_s=600)
            peak_mb = worker.peak_mb()
        finally:
            await wait_async(worker.stopping())
        found, dead = await stand.count(topics.JOURNAL.name), await stand.count(topics.DEAD_LETTERS.name)
    if found != entries or dead:
        raise AssertionError(f"wrong: {found} journal records instead of {entries}, {dead} dead letters; no figure")
    return {"events": events, "journal_records": found, **speed(looks), "peak_mb": round(peak_mb)}


async def publish(stand: Bench, events: int, visitors: int) -> int:
    """Publish the traffic; return how many journal records it must give: an order goes to visitor and contact."""
    filled: dict[str, dict[int, list[tuple[bytes, bytes, int]]]] = {
        topic: {number: [] for number in range(12)} for topic in TOPICS.values()
    }
    entries = 0
    for event in happenings(events, visitors):
        value = _value(event)
        record = (f"v{event.visitor}".encode(), json.dumps(value).encode(), event.at)
        filled[TOPICS[event.kind]][event.visitor % 12].append(record)
        entries += 2 if event.kind == "order" and "contact_id" in value else 1
    for topic, by_partition in filled.items():
        await stand.fill(topic, by_partition)
    return entries


def _value(event: Happening) -> dict[str, Any]:
    value: dict[str, Any] = {
        "v": 1, "event_id": event.id, "shop_id": SHOP, "occurred_at": event.at, "visitor_id": f"v{event.visitor}",
    }  # fmt: skip
    contact_id = contact_of(event.visitor)
    if contact_id is not None:
        value["contact_id"] = contact_id
    product_id = f"p{event.number % 1000}"
    match event.kind:
        case "add":
            return value | {
                "action": "add", "product_id": product_id, "quantity": 1, "unit_price_minor": 1999, "currency": "EUR",
            }  # fmt: skip
        case "order":
            line = {"product_id": product_id, "quantity": 1, "unit_price_minor": 1999}
            order = {
                "order_id": f"o{event.number}",
                "status": "paid",
                "lines": [line],
                "total_minor": 1999,
                "currency": "EUR",
            }
            return value | order
        case "search":
            return value | {"kind": "search", "query": "lampe", "results": 12, "user_agent": _browser(event)}
        case _:
            url = f"https://boutique.example/p/{product_id}"
            return value | {"kind": "product", "url": url, "product_id": product_id, "user_agent": _browser(event)}


def _browser(event: Happening) -> str:
    return BROWSER.format(event.visitor % 200)
