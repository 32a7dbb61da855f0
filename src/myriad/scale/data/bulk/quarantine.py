"""Rows that could not be taken in: kept with their line and reason, and taken in again when mended.

A row stays until it is taken in again or `drop_quarantined` removes it by age; it is its tenant's
alone and never goes to a log.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from myriad.scale.data.bulk.table import BulkTable, Column, Values
from myriad.scale.data.database import ReadSession, Session
from myriad.scale.data.tenant_queries import TenantQueries

_LONGEST_ROW = 20_000
_sql = TenantQueries.load("myriad.scale.data.bulk")

_READERS: dict[str, Callable[[Any], Any]] = {
    "uuid": UUID,
    "numeric": Decimal,
    "date": dt.date.fromisoformat,
    "timestamptz": dt.datetime.fromisoformat,
    "bytea": base64.b64decode,
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was refused: its line, why, its values."""

    line: int
    reason: str
    row: Values


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row in quarantine; `row_json` is what it held, cut where it was too long (`is_whole`)."""

    id: UUID
    table_name: str
    source: str
    line: int
    reason: str
    row_json: str
    is_whole: bool
    created_at: dt.datetime


async def quarantine(
    session: Session, table: BulkTable, source: str, refused: Sequence[Refused]
) -> None:
    """Keep refused rows, in one round trip."""
    if not refused:
        return
    written = [_as_text(one.row) for one in refused]
    await _sql.execute(
        session,
        "insert_quarantined",
        table_name=table.name,
        source=source,
        lines=[one.line for one in refused],
        reasons=[one.reason for one in refused],
        rows=[text[:_LONGEST_ROW] for text in written],
        whole=[len(text) <= _LONGEST_ROW for text in written],
    )


async def list_quarantined(
    session: ReadSession, table: BulkTable, *, after: UUID = UUID(int=0), most: int = 100
) -> list[QuarantinedRow]:
    """Return the rows of `table` in quarantine, oldest first, behind the row `after`."""
    return await _sql.fetch_as(
        QuarantinedRow, session, "list_quarantined", table_name=table.name, after=after, most=most
    )


async def take_quarantined(
    session: Session, table: BulkTable, ids: Sequence[UUID]
) -> list[tuple[str, int, Values]]:
    """Remove rows from quarantine and return source, line and values; those cut short stay."""
    rows = await _sql.fetch(session, "take_quarantined", table_name=table.name, ids=list(ids))
    return [(row["source"], row["line"], _as_values(table, row["row_json"])) for row in rows]


async def drop_quarantined(session: Session, *, older_than_days: int) -> int:
    """Remove what has been in quarantine for longer; return how many rows."""
    return await _sql.execute(session, "drop_quarantined", days=older_than_days)


def _as_text(row: Values) -> str:
    return json.dumps(list(row), default=_plain, separators=(",", ":"))


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _as_values(table: BulkTable, text: str) -> Values:
    found = json.loads(text)
    pairs = zip(table.columns, found, strict=False)
    # A row with too many or too few values stays so, and is refused again for it.
    return [*(_value(*pair) for pair in pairs), *found[len(table.columns) :]]


def _value(column: Column, value: Any) -> Any:
    read = _READERS.get(column.type)
    if read is None or value is None:
        return value
    try:
        return read(value)
    except (ValueError, TypeError, ArithmeticError):
        return value
