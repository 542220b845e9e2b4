"""Claims about the crowd: what it does is as hard as it says, and beyond doubt."""

import json
from collections import Counter, defaultdict
from itertools import islice
from typing import Any

from schemas.decoding import decode
from schemas.errors import Undecodable
from tests.chaos.crowd import Crowd, Published
from tests.chaos.intake_oracle import TOPICS
from tests.chaos.oracle_wire import is_valid

NOW = 1_793_692_800_000
VISITORS = 1_000


def said(count: int = 20_000, seed: int = 1) -> list[Published]:
    crowd = Crowd(seed, VISITORS)
    return list(islice(iter(lambda: crowd.next(NOW), None), count))


def values(published: list[Published]) -> list[dict[str, Any]]:
    return [json.loads(one.value) for one in published]


def is_taken_in(one: Published) -> bool:
    try:
        decode(one.topic, one.value, arrived_at=NOW, key=one.key)
    except Undecodable:
        return False
    return True


def test_a_seed_is_a_history() -> None:
    assert said(100) == said(100) != said(100, seed=2)


def test_the_oracle_and_the_wire_agree_on_what_is_valid() -> None:
    told = said()
    verdicts = [is_valid(json.loads(one.value), topic=one.topic, now=NOW) for one in told]
    assert verdicts == [is_taken_in(one) for one in told]
    assert 0 < verdicts.count(False) < len(told) / 50


def test_every_topic_is_told_and_some_of_it_twice() -> None:
    told = said()
    assert {one.topic for one in told} == set(TOPICS)
    ids = Counter(value["event_id"] for value in values(told))
    assert 0.02 < sum(count - 1 for count in ids.values()) / len(told) < 0.05


def test_some_is_late_some_in_advance() -> None:
    times = [value["occurred_at"] for value in values(said()) if isinstance(value["occurred_at"], int)]
    assert any(at > NOW for at in times)
    assert sum(at < NOW for at in times) / len(times) > 0.1


def test_three_visitors_in_ten_have_a_contact_and_contacts_several_devices() -> None:
    devices = defaultdict(set)
    visitors = set()
    for value in values(said()):
        if "visitor_id" in value:
            visitors.add(value["visitor_id"])
            if "contact_id" in value:
                devices[value["contact_id"]].add(value["visitor_id"])
    linked = set().union(*devices.values())
    assert 0.2 < len(linked) / len(visitors) <= 0.3
    assert max(map(len, devices.values())) == 3


def test_orders_are_made_under_every_kind_of_name() -> None:
    named = Counter(
        tuple(name for name in ("visitor_id", "contact_id", "email", "phone") if name in json.loads(one.value))
        for one in said()
        if one.topic == "orders"
    )
    assert named.keys() == {("visitor_id",), ("visitor_id", "contact_id"), ("contact_id",), ("email", "phone")}
