"""How does an invoice of the Online Retail data become an order of a shop?

A row is one line of an invoice (`InvoiceDate` in British time, `UnitPrice` in pounds). All lines of an invoice make one
order, paid at its first line's time. An invoice whose number starts with C takes goods back: it does not say of which
order, so it becomes one of its own number that is `refunded`, with quantities above zero. `CustomerID` is the contact;
rows without one, and rows that correct the stock (quantity below one, price below zero), are skipped and counted.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.converters.people import People, Share
from streams.converters.products import Product, Shelf
from streams.converters.record import BadSource, Record, Tally
from streams.recording import opened

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
_BRITAIN = ZoneInfo("Europe/London")
_PENCE = 100


class _Row(NamedTuple):
    invoice: str
    is_refund: bool
    product: Product
    quantity: int
    occurred_at: int
    customer: str


@dataclass
class _Invoice:
    first: _Row
    rows: list[_Row] = field(default_factory=list)


def convert(path: Path, contacts: Share, tally: Tally) -> Iterator[Record]:
    """Make the records of a file; a customer is introduced by the first order."""
    people, shelf = People(contacts), Shelf("https://retail.example")
    for invoice in _invoices(path, tally):
        at, customer = invoice.first.occurred_at, invoice.first.customer
        for row in invoice.rows:
            yield from shelf.introduced(row.product, at)
        yield from people.introduced(customer, at)
        tally.taken += len(invoice.rows)
        yield _order(invoice)


def _order(invoice: _Invoice) -> Record:
    first = invoice.first
    lines = [
        {"product_id": row.product.product_id, "quantity": row.quantity, "unit_price_minor": row.product.price_minor}
        for row in invoice.rows
    ]
    fields: dict[str, object] = {
        "order_id": first.invoice,
        "status": "refunded" if first.is_refund else "paid",
        "contact_id": first.customer,
        "lines": lines,
        "total_minor": sum(row.quantity * row.product.price_minor for row in invoice.rows),
        "currency": "GBP",
        "sales_channel": "web",
    }
    return Record("orders", f"invoice-{first.invoice}", first.occurred_at, fields)


def _invoices(path: Path, tally: Tally) -> list[_Invoice]:
    invoices: dict[str, _Invoice] = {}
    for row in _rows(path):
        if reason := _why_not(row):
            tally.skipped[reason] += 1
        else:
            invoices.setdefault(row.invoice, _Invoice(row)).rows.append(row)
    return sorted(invoices.values(), key=lambda invoice: invoice.first.occurred_at)


def _why_not(row: _Row) -> str | None:
    if not row.customer:
        return "no customer"
    if row.quantity < 1 or row.product.price_minor < 0:
        return "correction of the stock"
    return None


def _rows(path: Path) -> Iterator[_Row]:
    with TextIOWrapper(opened(path), "utf-8", errors="replace", newline="") as text:
        reader = csv.DictReader(text, restval="")
        for cells in reader:
            try:
                yield _row(cells)
            except (ValueError, LookupError, ArithmeticError) as error:
                raise BadSource(f"{path}:{reader.line_num}: expected {','.join(COLUMNS)}: {error!r}") from error


def _row(cells: dict[str, str]) -> _Row:
    invoice, code, title, quantity, date, price, customer = (cells[column] for column in COLUMNS)
    is_refund = invoice.startswith("C")
    pence = int(Decimal(price) * _PENCE)
    product = Product(code, " ".join(title.split()) or f"Article {code}", pence, "GBP")
    occurred_at = datetime.fromisoformat(date).replace(tzinfo=_BRITAIN).timestamp()
    units = -int(quantity) if is_refund else int(quantity)
    return _Row(invoice, is_refund, product, units, int(occurred_at) * 1000, customer.removesuffix(".0"))
