"""Do rows of the Taobao data become the right events?"""

from pathlib import Path

import pytest

from streams.converters import BadSource, Tally
from tests.converters.conversions import converted, values

HEADER = "user_id,item_id,category_id,behavior,timestamp"
EVENTS = ("page-views", "cart-adds", "orders")


def rows(path: Path, *lines: str) -> Path:
    file = path / "clicks.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_each_behavior_has_its_event(tmp_path: Path) -> None:
    file = rows(tmp_path, HEADER, "1,10,7,pv,100", "1,10,7,fav,101", "1,10,7,cart,102", "1,10,7,buy,103")
    view, favourite, add, order = values(converted("taobao", file), *EVENTS)
    shared = {"v": 1, "shop_id": "taobao", "visitor_id": "u1"}
    line = {"product_id": "10", "quantity": 1, "unit_price_minor": add["unit_price_minor"]}
    seen = {"kind": "product", "product_id": "10", "url": "https://taobao.example/p/10"}
    assert view == shared | {"event_id": "row-2", "occurred_at": 100_000} | seen
    assert favourite == shared | {"event_id": "row-3", "occurred_at": 101_000} | seen
    assert add == shared | {"event_id": "row-4", "occurred_at": 102_000, "action": "add", "currency": "EUR"} | line
    paid = {"order_id": "order-5", "status": "paid", "lines": [line], "currency": "EUR"}
    total = {"total_minor": line["unit_price_minor"]}
    assert order == shared | {"event_id": "row-5", "occurred_at": 103_000} | paid | total


def test_a_file_without_a_header_is_read_from_its_first_row(tmp_path: Path) -> None:
    (view,) = values(converted("taobao", rows(tmp_path, "1,10,7,pv,100")), *EVENTS)
    assert view["event_id"] == "row-1"


def test_a_row_out_of_order_arrives_late(tmp_path: Path) -> None:
    lines = converted("taobao", rows(tmp_path, "1,10,7,pv,100", "2,10,7,pv,160", "1,10,7,pv,130", "1,10,7,pv,170"))
    times = [(line["at"], line["value"]["occurred_at"]) for line in lines if line["topic"] == "page-views"]
    assert times == [(100_000, 100_000), (160_000, 160_000), (160_000, 130_000), (170_000, 170_000)]


def test_a_product_is_described_before_it_is_first_seen_and_not_again(tmp_path: Path) -> None:
    lines = converted("taobao", rows(tmp_path, "1,10,7,pv,100", "2,10,7,pv,160", "2,11,8,pv,160"))
    assert [line["topic"] for line in lines] == ["catalog", "page-views", "page-views", "catalog", "page-views"]
    assert [product["category"] for product in values(lines, "catalog")] == ["7", "8"]


def test_a_visitor_s_first_event_and_every_order_name_the_contact(tmp_path: Path) -> None:
    file = rows(tmp_path, "1,10,7,pv,100", "1,10,7,cart,160", "1,10,7,buy,170")
    lines = converted("taobao", file, contacts="all")
    assert [line["topic"] for line in lines] == [
        "catalog", "contacts", "consent-changes", "page-views", "cart-adds", "orders",
    ]  # fmt: skip
    assert [value.get("contact_id") for value in values(lines, *EVENTS)] == ["c1", None, "c1"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,10,7,pv", "expected user_id,item_id,category_id,behavior,timestamp, found '1,10,7,pv"),
        ("1,10,7,pv,noon", "expected user_id"),
        ("1,10,7,wave,100", "behavior is one of pv, fav, cart, buy, not 'wave'"),
    ],
)
def test_another_kind_of_file_is_refused_with_the_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(BadSource) as refused:
        converted("taobao", rows(tmp_path, HEADER, row))
    assert "clicks.csv:2: " in str(refused.value)
    assert said in str(refused.value)


def test_every_row_becomes_one_event(tmp_path: Path) -> None:
    tally = Tally()
    converted("taobao", rows(tmp_path, "1,10,7,pv,100", "2,10,7,buy,160"), tally=tally)
    assert (tally.rows, tally.taken, tally.skipped.total()) == (2, 2, 0)
    assert tally.written == {"catalog": 1, "page-views": 1, "orders": 1}
