"""What is a member's as CSV: lots for the tax year, and everything as one archive.

RFC 4180, UTF-8 with a mark for spreadsheets, days as 2026-11-21, amounts with a point; no cell can
be read as a formula.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from myriad.kit.money import minor_digits
from myriad.kit.sheets import safe_cell
from myriad.products.kamioi.holding.portfolio import FIRST_DAY, Whose
from myriad.products.kamioi.holding.tax_lots import TaxLot
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.http import BoundReader

_MARK = "\ufeff"
_TAX_HEADER = (
    "lot", "ticker", "name", "opened_on", "closed_on", "shares", "cost", "proceeds", "gain",
    "term", "outcome", "currency", "cost_carried",
)  # fmt: skip
# Every file of the archive and the query that fills it.
FILES: Mapping[str, str] = {
    "member.csv": "kamioi_export_member",
    "banks.csv": "kamioi_export_banks",
    "transactions.csv": "kamioi_export_purchases",
    "round_ups.csv": "kamioi_export_round_ups",
    "pulls.csv": "kamioi_export_sweeps",
    "orders.csv": "kamioi_export_orders",
    "lots.csv": "kamioi_export_lots",
    "ledger.csv": "kamioi_export_ledger",
    "notifications.csv": "kamioi_export_notifications",
}
_AT_ONCE = 5_000


def tax_sheet(lots: Iterable[TaxLot], year: int | None = None) -> str:
    """Return lots as CSV text: of a year those that ended in it, else all."""
    rows = [
        _tax_row(one)
        for one in lots
        if year is None or (one.lot.closed_on is not None and one.lot.closed_on.year == year)
    ]
    return text_of([_TAX_HEADER, *rows])


def _tax_row(one: TaxLot) -> tuple[str, ...]:
    lot = one.lot
    return (
        str(lot.id),
        safe_cell(lot.ticker),
        safe_cell(lot.name),
        lot.opened_on.isoformat(),
        lot.closed_on.isoformat() if lot.closed_on else "",
        format(lot.qty, "f"),
        amount_of(lot.cost_minor, lot.currency),
        amount_of(one.proceeds_minor, lot.currency),
        amount_of(one.gain_minor, lot.currency),
        one.term,
        one.outcome,
        lot.currency,
        amount_of(lot.carried_minor, lot.currency),
    )


async def export(reader: BoundReader, whose: Whose) -> bytes:
    """Return everything that is kept of a member as an archive of CSV files (ZIP)."""
    target = io.BytesIO()
    moment = (whose.day.year, whose.day.month, whose.day.day, 0, 0, 0)
    with zipfile.ZipFile(target, "w") as archive:
        for name, query in FILES.items():
            content = await _read(reader, whose, query)
            # A file with facts of its own takes nothing from the archive's, its compression neither.
            file = zipfile.ZipInfo(name, moment)
            archive.writestr(file, content.encode(), zipfile.ZIP_DEFLATED, compresslevel=6)
    return target.getvalue()


async def _read(reader: BoundReader, whose: Whose, query: str) -> str:
    """Return all rows of a query as text, read in parts of 5,000."""
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {
        "member_id": whose.member_id,
        "first": FIRST_DAY,
        "last": date.max,
        "limit": _AT_ONCE,
    }
    while True:
        part = await reader.rows(QUERIES[query], {**asked, "offset": len(found)})
        found += part
        if len(part) < _AT_ONCE:
            break
    if not found:
        return _MARK
    return text_of([tuple(found[0]), *(_cells(row) for row in found)])


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    currency = row.get("currency") or "USD"
    return tuple(
        amount_of(value, currency) if _is_amount(name) else _cell(value)
        for name, value in row.items()
    )


def _is_amount(name: str) -> bool:
    return name in ("amount", "balance", "cost", "notional", "sweep_at", "guard")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | UUID):
        return str(value)
    if isinstance(value, dict | list):
        return safe_cell(json.dumps(value, ensure_ascii=False, default=str))
    return safe_cell(str(value))


def amount_of(minor: int | None, currency: str) -> str:
    """Return an amount with a point and the currency's decimals; nothing for None."""
    if minor is None:
        return ""
    digits = minor_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def text_of(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV text."""
    out = io.StringIO()
    out.write(_MARK)
    csv.writer(out).writerows(rows)
    return out.getvalue()
