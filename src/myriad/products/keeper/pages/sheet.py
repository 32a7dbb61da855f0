"""Lists as CSV for a spreadsheet (RFC 4180), safe to open: no cell can be read as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace

from starlette.responses import Response

from myriad.kit.money import Money, minor_digits
from myriad.kit.sheets import safe_cell
from myriad.products.keeper.repository.customers import list_customers
from myriad.products.keeper.views import CustomerFilter, CustomerRow
from myriad.scale.data import ReadSession

_PAGE = 1000
_MOST = 100_000
_HEADER = (
    "person_id", "name", "email", "phone", "state", "visits", "last_visit_on", "usual_gap_days",
    "no_visit_in_60_days", "worth_12_months", "at_stake", "currency",
)  # fmt: skip


async def customers(session: ReadSession, asked: CustomerFilter) -> tuple[str, int]:
    """Return everybody who matches as CSV text, at most 100,000 people, and how many they are."""
    view = await list_customers(session, replace(asked, after=None, limit=_PAGE))
    rows = [_customer(row, view.currency) for row in view.rows]
    while view.next_after and len(rows) < _MOST:
        view = await list_customers(session, replace(asked, after=view.next_after, limit=_PAGE))
        rows += [_customer(row, view.currency) for row in view.rows]
    return text([_HEADER, *rows]), len(rows)


def _customer(row: CustomerRow, currency: str) -> tuple[str, ...]:
    return (
        str(row.person_id),
        safe_cell(row.name),
        safe_cell(row.email or ""),
        safe_cell(row.phone or ""),
        row.state,
        str(row.visits),
        row.last_visit_on.isoformat() if row.last_visit_on else "",
        _number(row.usual_gap_days, 1),
        _number(row.churn_60, 4),
        _amount(row.clv_12m),
        _amount(row.value_at_risk),
        currency,
    )


def text(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as CSV text."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def answer(name: str, content: str) -> Response:
    """Return the text as a file to keep, marked as UTF-8 for spreadsheets."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response("\ufeff" + content, media_type="text/csv; charset=utf-8", headers=headers)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _amount(value: Money | None) -> str:
    if value is None:
        return ""
    digits = minor_digits(value.currency)
    return f"{value.minor / 10**digits:.{digits}f}"
