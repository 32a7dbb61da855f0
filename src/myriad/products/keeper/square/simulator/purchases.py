"""A purchase log, one row a purchase, served as a seller.

Columns customer_id, date (YYYYMMDD or ISO), quantity, amount; others are ignored. Each row
becomes one payment and one order at local noon of its date; the customer's id in Square is the
log's own, so that what Keeper exports can be laid beside the log.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.square.simulator import shapes
from myriad.products.keeper.square.simulator.world import Seller, square_id

COLUMNS = ("customer_id", "date", "quantity", "amount")
_CURRENCY = "USD"
_LONGEST_ID = 100
_MOST_CENTS = 10**11


class PurchaseLogError(InvalidInputError):
    """The purchase log cannot be used; says which line and what was expected."""

    code = "keeper_purchase_log"
    title = "Unusable purchase log"


@dataclass(frozen=True)
class Purchase:
    """One row: who, on which day, how many items, and the amount in cents."""

    customer_id: str
    day: date
    quantity: int
    cents: int


def read_purchases(path: Path) -> list[Purchase]:
    """Return the rows in order of date, or raise PurchaseLogError naming the first bad line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(path, file))
    except UnicodeDecodeError:
        raise PurchaseLogError(f"{path} is not UTF-8 text; save it as CSV in UTF-8") from None
    except (csv.Error, OSError) as error:
        raise PurchaseLogError(f"cannot read {path}: {error}; give a CSV file") from None
    if not rows:
        raise PurchaseLogError(f"{path} has no purchases below its header; give at least one row")
    return sorted(rows, key=lambda row: row.day)


def _rows(path: Path, lines: Iterator[str]) -> Iterator[Purchase]:
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise PurchaseLogError(
            f"{path} line 1: expected the columns {', '.join(COLUMNS)}; "
            f"missing: {', '.join(missing)}; add them to the header"
        )
    for row in reader:
        yield _purchase(row, f"{path} line {reader.line_num}")


def _purchase(row: dict[str, str | None], where: str) -> Purchase:
    customer_id = (row["customer_id"] or "").strip()
    if not customer_id or len(customer_id) > _LONGEST_ID or not customer_id.isprintable():
        raise PurchaseLogError(
            f"{where}: customer_id is {customer_id[:40]!r}; expected 1 to {_LONGEST_ID} characters"
        )
    return Purchase(
        customer_id,
        _day(row["date"] or "", where),
        _quantity(row["quantity"] or "", where),
        _cents(row["amount"] or "", where),
    )


def _day(text: str, where: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise PurchaseLogError(
            f"{where}: date is {text!r}; expected YYYYMMDD or YYYY-MM-DD, such as 19970131"
        ) from None
    if not date(1970, 1, 1) <= day <= datetime.now(UTC).date() + timedelta(days=1):
        raise PurchaseLogError(f"{where}: date is {text!r}; expected a day from 1970 to today")
    return day


def _quantity(text: str, where: str) -> int:
    try:
        quantity = int(text)
    except ValueError:
        quantity = -1
    if quantity < 0:
        raise PurchaseLogError(f"{where}: quantity is {text!r}; expected a whole number from 0")
    return quantity


def _cents(text: str, where: str) -> int:
    try:
        cents = Decimal(text.strip()) * 100
        if cents == cents.to_integral_value() and 0 <= cents < _MOST_CENTS:
            return int(cents)
    except InvalidOperation:
        pass
    raise PurchaseLogError(
        f"{where}: amount is {text!r}; expected dollars and cents from 0, such as 29.33"
    )


def purchases_seller(path: Path, *, zone: str = "America/New_York") -> Seller:
    """Return the seller that a purchase log describes, opened on the day of its first row."""
    rows = read_purchases(path)
    key = path.stem
    merchant_id, location_id = square_id("log", key, length=13), "L" + square_id("log", key)[:12]
    opened = datetime.combine(rows[0].day, time(0), ZoneInfo(zone))
    name = key.replace("_", " ").replace("-", " ").title()
    seller = Seller(
        shapes.merchant("M" + merchant_id, name, location_id, _CURRENCY, opened),
        [shapes.location(location_id, "M" + merchant_id, name, zone, _CURRENCY, opened)],
    )
    _fill(seller, rows, location_id, ZoneInfo(zone))
    return seller


def _fill(seller: Seller, rows: list[Purchase], location_id: str, zone: ZoneInfo) -> None:
    known: set[str] = set()
    on_day: dict[date, int] = {}
    for number, row in enumerate(rows):
        order_of_day = on_day[row.day] = on_day.get(row.day, -1) + 1
        noon = datetime.combine(row.day, time(12), zone)
        at = noon + timedelta(seconds=order_of_day % 36_000)
        if row.customer_id not in known:
            known.add(row.customer_id)
            body = shapes.customer(
                row.customer_id, at, "IMPORT", reference_id=row.customer_id[:100]
            )
            seller.tables["customer"].put(body)
        _sell(seller, row, number, at, location_id)


def _sell(seller: Seller, row: Purchase, number: int, at: datetime, location_id: str) -> None:
    payment_id = square_id(seller.merchant_id, "payment", number, row.customer_id, row.day)
    order_id = square_id(payment_id, "order")
    lines = [shapes.line("Purchase", max(1, row.quantity), row.cents, _CURRENCY)]
    seller.tables["order"].put(
        shapes.order(order_id, location_id, at, lines, _CURRENCY, customer_id=row.customer_id)
    )
    seller.tables["payment"].put(
        shapes.payment(
            payment_id,
            at,
            row.cents,
            _CURRENCY,
            location_id,
            order_id=order_id,
            customer_id=row.customer_id,
        )
    )
