"""Do invoices of the Online Retail data become the right orders?"""

from pathlib import Path

import pytest

from streams.converters import BadSource, Tally
from tests.converters.conversions import converted, values

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
NINE_IN_WINTER = 1_294_131_600_000


def rows(path: Path, *lines: str, header: str = HEADER) -> Path:
    file = path / "invoices.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


def test_the_lines_of_an_invoice_are_one_paid_order_of_the_customer(tmp_path: Path) -> None:
    file = rows(
        tmp_path,
        "1,A,BAG  RED ,10,2011-01-04 09:00:00,1.95,13313.0,United Kingdom",
        "1,B,LAMP,2,2011-01-04 09:00:00,12.5,13313.0,United Kingdom",
    )
    lines = converted("retail", file)
    assert values(lines, "orders") == [
        {
            "v": 1,
            "event_id": "invoice-1",
            "shop_id": "retail",
            "occurred_at": NINE_IN_WINTER,
            "order_id": "1",
            "status": "paid",
            "contact_id": "13313",
            "lines": [
                {"product_id": "A", "quantity": 10, "unit_price_minor": 195},
                {"product_id": "B", "quantity": 2, "unit_price_minor": 1250},
            ],
            "total_minor": 4450,
            "currency": "GBP",
            "sales_channel": "web",
        }
    ]
    titles = [(product["title"], product["price_minor"]) for product in values(lines, "catalog")]
    assert titles == [("BAG RED", 195), ("LAMP", 1250)]


def test_the_clock_is_the_british_one(tmp_path: Path) -> None:
    file = rows(
        tmp_path,
        "1,A,BAG,1,2011-01-04 09:00:00,1,7,UK",
        "2,A,BAG,1,2011-03-27 00:59:00,1,7,UK",
        "3,A,BAG,1,2011-03-27 02:00:00,1,7,UK",
    )
    winter, before, after = (order["occurred_at"] for order in values(converted("retail", file), "orders"))
    assert winter == NINE_IN_WINTER
    assert after - before == 60_000


def test_an_invoice_that_takes_back_is_a_refunded_order_of_its_own(tmp_path: Path) -> None:
    file = rows(tmp_path, "C9,A,BAG,-3,2011-01-04 09:00:00,1.95,7.0,UK")
    (order,) = values(converted("retail", file), "orders")
    assert (order["order_id"], order["status"], order["total_minor"]) == ("C9", "refunded", 585)
    assert order["lines"] == [{"product_id": "A", "quantity": 3, "unit_price_minor": 195}]


def test_an_invoice_in_two_places_is_one_order_at_its_first_line_s_time(tmp_path: Path) -> None:
    file = rows(
        tmp_path,
        "1,A,BAG,1,2011-01-04 09:00:00,1,7,UK",
        "2,A,BAG,1,2011-01-04 09:01:00,1,8,UK",
        "1,B,LAMP,1,2011-01-04 09:01:00,1,7,UK",
    )
    first, second = values(converted("retail", file), "orders")
    assert (first["order_id"], len(first["lines"]), first["occurred_at"]) == ("1", 2, NINE_IN_WINTER)
    assert second["order_id"] == "2"


def test_orders_come_in_the_order_of_time(tmp_path: Path) -> None:
    file = rows(tmp_path, "2,A,BAG,1,2011-01-05 09:00:00,1,7,UK", "1,A,BAG,1,2011-01-04 09:00:00,1,7,UK")
    lines = converted("retail", file, contacts="all")
    assert [line["topic"] for line in lines] == ["catalog", "contacts", "consent-changes", "orders", "orders"]
    assert [order["order_id"] for order in values(lines, "orders")] == ["1", "2"]


def test_what_names_no_customer_or_corrects_the_stock_is_skipped_and_counted(tmp_path: Path) -> None:
    tally = Tally()
    file = rows(
        tmp_path,
        "1,A,BAG,1,2011-01-04 09:00:00,1,,UK",
        "2,A,,-7,2011-01-04 09:00:00,0,7,UK",
        "3,A,,0,2011-01-04 09:00:00,0,7,UK",
        "4,A,,1,2011-01-04 09:00:00,-1,7,UK",
        "5,A,,1,2011-01-04 09:00:00,0,7,UK",
    )
    lines = converted("retail", file, contacts="all", tally=tally)
    assert [order["order_id"] for order in values(lines, "orders")] == ["5"]
    assert tally.skipped == {"no customer": 1, "correction of the stock": 3}
    assert (tally.rows, tally.taken) == (5, 1)


def test_a_product_without_a_description_has_a_title_all_the_same(tmp_path: Path) -> None:
    lines = converted("retail", rows(tmp_path, "5,BANK CHARGES, ,1,2011-01-04 09:00:00,0,7,UK"))
    (product,) = values(lines, "catalog")
    assert (product["title"], product["url"]) == ("Article BANK CHARGES", "https://retail.example/p/BANK%20CHARGES")


@pytest.mark.parametrize(
    "row",
    [
        "1,A,BAG,1,04/01/2011 09:00,1.95,7,UK",
        "1,A,BAG,some,2011-01-04 09:00:00,1.95,7,UK",
        "1,A,BAG,1,2011-01-04 09:00:00,NaN,7,UK",
        "1,A,BAG,1,2011-01-04 09:00:00,Infinity,7,UK",
        "1,A,BAG",
    ],
)
def test_a_row_of_another_kind_is_refused_with_the_line(tmp_path: Path, row: str) -> None:
    with pytest.raises(BadSource, match=r"invoices\.csv:2: expected InvoiceNo,StockCode,"):
        converted("retail", rows(tmp_path, row))


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"invoices\.csv:2: expected InvoiceNo,.*KeyError"):
        converted("retail", rows(tmp_path, "1,2", header="user_id,item_id"))
