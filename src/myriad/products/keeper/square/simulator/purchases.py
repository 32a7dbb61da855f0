"""A purchase log, one row a purchase, served as a seller.

Each row becomes one payment and one order at local noon of its date, a row below nought a refund of
what the same customer had bought; the customer's id in Square is the log's own, so that what Keeper
exports can be laid beside the log.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from myriad.products.keeper.square.simulator import shapes
from myriad.products.keeper.square.simulator.purchase_log import (
    Purchase,
    PurchaseLog,
    PurchaseLogError,
    read_log,
)
from myriad.products.keeper.square.simulator.records import Json
from myriad.products.keeper.square.simulator.world import Seller, square_id

__all__ = ["Purchase", "PurchaseLogError", "purchases_seller", "read_purchases"]
_ZONE = "America/New_York"


def read_purchases(path: Path) -> list[Purchase]:
    """Return the rows in order of date, or raise PurchaseLogError naming the first bad line."""
    log = read_log(path, _ZONE)
    _given_back(path, log)
    return log.rows


def purchases_seller(path: Path, *, zone: str = _ZONE) -> Seller:
    """Return the seller that a purchase log describes, opened on the day of its first row."""
    log = read_log(path, zone)
    key = path.stem
    merchant_id, location_id = square_id("log", key, length=13), "L" + square_id("log", key)[:12]
    opened = datetime.combine(log.rows[0].day, time(0), ZoneInfo(zone))
    name = key.replace("_", " ").replace("-", " ").title()
    seller = Seller(
        shapes.merchant("M" + merchant_id, name, location_id, log.currency, opened),
        [shapes.location(location_id, "M" + merchant_id, name, zone, log.currency, opened)],
    )
    _fill(seller, log, _given_back(path, log), location_id, ZoneInfo(zone))
    return seller


def _given_back(path: Path, log: PurchaseLog) -> dict[int, int]:
    """Return which row, by its number, each refund takes back: that customer's newest that can."""
    left: dict[str, list[tuple[int, int]]] = {}
    found: dict[int, int] = {}
    for number, row in enumerate(log.rows):
        bought = left.setdefault(row.customer_id, [])
        if row.cents >= 0:
            bought.append((number, row.cents))
            continue
        place = next((n for n in reversed(range(len(bought))) if bought[n][1] >= -row.cents), None)
        if place is None:
            raise PurchaseLogError(
                f"{path} line {row.line}: amount is {row.cents / 100:.2f}, but customer "
                f"{row.customer_id[:40]} bought nothing of that worth before; delete the line"
            )
        paid, rest = bought[place]
        bought[place] = (paid, rest + row.cents)
        found[number] = paid
    return found


def _fill(
    seller: Seller, log: PurchaseLog, given_back: dict[int, int], location_id: str, zone: ZoneInfo
) -> None:
    known: set[str] = set()
    on_day: dict[date, int] = {}
    payments: dict[int, Json] = {}
    for number, row in enumerate(log.rows):
        order_of_day = on_day[row.day] = on_day.get(row.day, -1) + 1
        noon = datetime.combine(row.day, time(12), zone)
        at = noon + timedelta(seconds=order_of_day % 36_000)
        if number in given_back:
            _give_back(seller, payments[given_back[number]], row, number, at)
            continue
        if row.customer_id not in known:
            known.add(row.customer_id)
            body = shapes.customer(
                row.customer_id, at, "IMPORT", reference_id=row.customer_id[:100]
            )
            seller.tables["customer"].put(body)
        payments[number] = _sell(seller, row, number, at, location_id, log.currency)


def _sell(
    seller: Seller, row: Purchase, number: int, at: datetime, location_id: str, currency: str
) -> Json:
    payment_id = square_id(seller.merchant_id, "payment", number, row.customer_id, row.day)
    order_id = square_id(payment_id, "order")
    lines = [shapes.line("Purchase", max(1, row.quantity), row.cents, currency)]
    seller.tables["order"].put(
        shapes.order(order_id, location_id, at, lines, currency, customer_id=row.customer_id)
    )
    payment = shapes.payment(
        payment_id,
        at,
        row.cents,
        currency,
        location_id,
        order_id=order_id,
        customer_id=row.customer_id,
    )
    seller.tables["payment"].put(payment)
    return payment


def _give_back(seller: Seller, paid: Json, row: Purchase, number: int, at: datetime) -> None:
    refund = shapes.refund(square_id(paid["id"], number), paid, at, -row.cents, "Returned")
    before = paid.get("refunded_money", {}).get("amount", 0)
    paid["refunded_money"] = shapes.money(before - row.cents, paid["amount_money"]["currency"])
    paid["refund_ids"] = [*paid.get("refund_ids", []), refund["id"]]
    paid["updated_at"] = refund["updated_at"]
    seller.tables["refund"].put(refund)
    seller.tables["payment"].put(paid)
