"""Rows in quarantine by the names of their tables, taken in again a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from myriad.apps.products import PRODUCTS
from myriad.kit.errors import NotFoundError
from myriad.scale.data import Database, ReadSession
from myriad.scale.data.bulk import BulkTable, QuarantinedRow, take_in_again
from myriad.scale.data.bulk.quarantine import find_quarantined, list_quarantined_by_name
from myriad.scale.directory.audit import record_event
from myriad.scale.manifest import load
from myriad.scale.tenancy import TenantId

BATCH_ROWS = 1000
_CUT_SHORT = "it was too long to be kept whole; send what it came from again"


@dataclass
class Retried:
    """How many rows went in, how many stood there already, how many stayed by their reason."""

    new: int = 0
    known: int = 0
    stayed: Counter[str] = field(default_factory=Counter)


def declared_tables() -> dict[str, BulkTable]:
    """Return the tables that products declare for taking in again, by name."""
    tables: list[BulkTable] = [load(one) for product in PRODUCTS for one in product.bulk_tables]
    return {table.name: table for table in tables}


async def check_table(session: ReadSession, name: str | None) -> None:
    """Raise NotFoundError for a table that is not declared and of which nothing waits either."""
    tables = declared_tables()
    if name is None or name in tables or await list_quarantined_by_name(session, name, most=1):
        return
    raise NotFoundError(
        f"nothing of {name!r} is in quarantine; tables that take rows in again: "
        f"{', '.join(tables) or 'none'}"
    )


async def get_all(session: ReadSession, ids: Sequence[UUID]) -> list[QuarantinedRow]:
    """Return the rows of all ids, or raise NotFoundError for the first that is not there."""
    found = await find_quarantined(session, ids)
    known = {row.id for row in found}
    for one in ids:
        if one not in known:
            raise NotFoundError(
                f"this account has no row {one} in quarantine; "
                "`./myriad db quarantine ls` shows those that it has"
            )
    return found


async def retry_rows(database: Database, tenant_id: TenantId, ids: Sequence[UUID]) -> Retried:
    """Take rows in again, 1,000 in a transaction; NotFoundError, before any, for an unknown id."""
    async with database.read_session(tenant_id) as session:
        found = await get_all(session, ids)
    told = Retried()
    for at in range(0, len(found), BATCH_ROWS):
        await _retry(database, tenant_id, found[at : at + BATCH_ROWS], told)
    return told


async def retry_all(database: Database, tenant_id: TenantId, table: str | None) -> Retried:
    """Take in again whatever waits, of one table or all."""
    told, after = Retried(), UUID(int=0)
    async with database.read_session(tenant_id) as session:
        await check_table(session, table)
    while True:
        async with database.read_session(tenant_id) as session:
            found = await list_quarantined_by_name(session, table, after=after, most=BATCH_ROWS)
        if not found:
            return told
        await _retry(database, tenant_id, found, told)
        after = found[-1].id


async def _retry(
    database: Database, tenant_id: TenantId, rows: Sequence[QuarantinedRow], told: Retried
) -> None:
    tables = declared_tables()
    async with database.session(tenant_id) as session:
        for name in sorted({row.table_name for row in rows}):
            ids = [row.id for row in rows if row.table_name == name]
            if name not in tables:
                told.stayed[_undeclared(name)] += len(ids)
                continue
            taken = await take_in_again(session, tables[name], ids)
            told.new += taken.new
            told.known += taken.known
            record_event(session, tenant_id, "quarantine.retried", subject=name, rows=taken.new)
            for left in await find_quarantined(session, ids):
                told.stayed[left.reason if left.is_whole else _CUT_SHORT] += 1


def _undeclared(name: str) -> str:
    return f"{name} is not taken in by rows; mend what it came from and send that again"
