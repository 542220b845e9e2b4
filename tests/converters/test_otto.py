"""Do sessions of the OTTO data become the right events?"""

import json
from pathlib import Path

import pytest

from streams.converters import BadSource, Tally
from tests.converters.conversions import converted, values

EVENTS = ("page-views", "cart-adds", "orders")


def sessions(path: Path, **events: list[tuple[int, int, str]]) -> Path:
    file = path / "sessions.jsonl"
    with file.open("w") as lines:
        for session, happened in events.items():
            described = [{"ts": ts, "aid": aid, "type": type} for ts, aid, type in happened]
            lines.write(json.dumps({"session": int(session[1:]), "events": described}) + "\n")
    return file


def test_each_type_has_its_event(tmp_path: Path) -> None:
    file = sessions(tmp_path, s4=[(100, 10, "clicks"), (101, 10, "carts"), (102, 10, "orders")])
    view, add, order = values(converted("otto", file), *EVENTS)
    assert [view["event_id"], add["event_id"], order["event_id"]] == ["session-4-0", "session-4-1", "session-4-2"]
    assert (view["visitor_id"], view["kind"], view["product_id"]) == ("s4", "product", "10")
    assert (add["visitor_id"], add["action"], add["quantity"], add["currency"]) == ("s4", "add", 1, "EUR")
    assert (order["visitor_id"], order["status"], order["order_id"]) == ("s4", "paid", "order-4-2")


def test_the_orders_of_one_session_at_one_instant_are_one_order(tmp_path: Path) -> None:
    file = sessions(
        tmp_path,
        s1=[(100, 10, "orders"), (100, 11, "orders"), (101, 12, "orders")],
        s2=[(100, 13, "orders")],
    )
    orders = values(converted("otto", file), "orders")
    assert [[line["product_id"] for line in order["lines"]] for order in orders] == [["10", "11"], ["13"], ["12"]]
    assert orders[0]["total_minor"] == sum(line["unit_price_minor"] for line in orders[0]["lines"])


def test_the_clicks_of_one_instant_stay_apart(tmp_path: Path) -> None:
    file = sessions(tmp_path, s1=[(100, 10, "clicks"), (100, 10, "clicks")])
    assert [view["event_id"] for view in values(converted("otto", file), *EVENTS)] == ["session-1-0", "session-1-1"]


def test_sessions_are_woven_into_one_stream(tmp_path: Path) -> None:
    file = sessions(
        tmp_path,
        s1=[(100, 10, "clicks"), (300, 10, "clicks"), (500, 10, "clicks")],
        s2=[(200, 10, "clicks"), (400, 10, "clicks")],
        s3=[(300, 10, "clicks")],
    )
    views = values(converted("otto", file), "page-views")
    assert [(view["occurred_at"], view["visitor_id"]) for view in views] == [
        (100, "s1"), (200, "s2"), (300, "s1"), (300, "s3"), (400, "s2"), (500, "s1"),
    ]  # fmt: skip


def test_a_session_out_of_order_arrives_late(tmp_path: Path) -> None:
    file = sessions(tmp_path, s1=[(100, 10, "clicks")], s2=[(300, 10, "clicks")], s3=[(50, 10, "clicks")])
    lines = converted("otto", file)
    views = [(line["at"], line["value"]["occurred_at"]) for line in lines if line["topic"] == "page-views"]
    assert views == [(100, 100), (100, 50), (300, 300)]


def test_a_session_s_first_event_and_every_order_name_the_contact(tmp_path: Path) -> None:
    file = sessions(tmp_path, s4=[(100, 10, "carts"), (101, 10, "clicks"), (102, 10, "orders")])
    named = [value.get("contact_id") for value in values(converted("otto", file, contacts="all"), *EVENTS)]
    assert named == ["c4", None, "c4"]


def test_rows_are_counted_as_products(tmp_path: Path) -> None:
    tally = Tally()
    file = sessions(tmp_path, s1=[(100, 10, "orders"), (100, 11, "orders"), (101, 12, "clicks")])
    converted("otto", file, tally=tally)
    assert (tally.rows, tally.written) == (3, {"catalog": 3, "orders": 1, "page-views": 1})


@pytest.mark.parametrize("line", ["1,2,3", "{}", '{"session":1,"events":[{"aid":1,"ts":2,"type":"waves"}]}'])
def test_another_kind_of_file_is_refused_with_the_line(tmp_path: Path, line: str) -> None:
    file = sessions(tmp_path, s1=[(100, 10, "clicks")])
    file.write_text(file.read_text() + line)
    with pytest.raises(BadSource, match=r'sessions\.jsonl:2: expected {"session": …, "events": \[…\]}: '):
        converted("otto", file)
