"""Rows that could not be taken in: kept with their line and reason, and taken in again when mended.

A row stays until it is taken in again, somebody drops it, or it is older than
`MYRIAD_DATABASE__KEEP_QUARANTINED_DAYS` (`upkeep`); it is its tenant's alone and never goes to a log.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from myriad.scale.data.bulk.table import BulkTable, Column, Values
from myriad.scale.data.database import Database, ReadSession, Session
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
    return await list_quarantined_by_name(session, table.name, after=after, most=most)


async def list_quarantined_by_name(
    session: ReadSession,
    table_name: str | None,
    *,
    after: UUID = UUID(int=0),
    most: int = 100,
) -> list[QuarantinedRow]:
    """Return the same of a table by its name, or of all tables."""
    return await _sql.fetch_as(
        QuarantinedRow, session, "list_quarantined", table_name=table_name, after=after, most=most
    )


async def find_quarantined(session: ReadSession, ids: Sequence[UUID]) -> list[QuarantinedRow]:
    """Return those of the ids that are in the tenant's quarantine, oldest first."""
    return await _sql.fetch_as(QuarantinedRow, session, "find_quarantined", ids=list(ids))


async def count_quarantined(database: Database) -> list[dict[str, Any]]:
    """Return how many rows of every tenant and table are in quarantine, and since when."""
    return await database.crossing_rows(
        "rows in quarantine are counted for operators", _sql.texts["count_quarantined"]
    )


async def lock_quarantined(
    session: Session, table: BulkTable, ids: Sequence[UUID]
) -> list[tuple[UUID, Values]]:
    """Return ids and values of rows until the transaction ends; those cut short are left out."""
    rows = await _sql.fetch(session, "lock_quarantined", table_name=table.name, ids=list(ids))
    return [(row["id"], _as_values(table, row["row_json"])) for row in rows]


async def let_out(session: Session, ids: Sequence[UUID], refused: Mapping[UUID, str]) -> None:
    """Remove rows that have come in from quarantine; note why others are refused today."""
    if ids:
        await drop_quarantined_rows(session, ids)
    if refused:
        await _sql.execute(
            session, "refuse_quarantined", ids=list(refused), reasons=list(refused.values())
        )


async def drop_quarantined_rows(session: Session, ids: Sequence[UUID]) -> int:
    """Remove rows by their ids; return how many there were."""
    return await _sql.execute(session, "let_out_quarantined", ids=list(ids))


async def drop_quarantined(
    session: Session, *, older_than_days: int, table_name: str | None = None
) -> int:
    """Remove what has been in quarantine for longer, of one table or all; return how many rows."""
    return await _sql.execute(
        session, "drop_quarantined", days=older_than_days, table_name=table_name
    )


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
