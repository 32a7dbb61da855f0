"""One batch into its table: staged by COPY and joined against what is known, or as arrays.

PostgreSQL refuses COPY into a table under row security, so rows wait in a temporary table of the
connection and are inserted from there as the application's own role: all of a batch that looks new,
what is not known of one that looks known. When a row is doubled within a batch, or by somebody who
writes at the same time, the batch is inserted again in the way that asks at every conflict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import AsyncConnection, AsyncCopy, AsyncRawCursor
from psycopg import Error as PsycopgError
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from myriad.scale.data.bulk import statements
from myriad.scale.data.bulk.table import BulkTable, Values
from myriad.scale.tenancy import current_tenant

# Below this many rows one statement with arrays is quicker than a COPY (specs: crossing at 500).
FEW_ROWS = 500
# So many are looked at and written while they are in the processor's cache.
_BLOCK_ROWS = 500
_LOOKS = 16


class NotPlainError(ValueError):
    """A row holds something that is not of its column's very type."""


async def insert(
    driver: AsyncConnection[Any],
    table: BulkTable,
    batch: Sequence[Values],
    *,
    is_sifted: bool = False,
) -> int:
    """Insert a batch and return how many rows were new; on an error nothing has happened.

    Rows that nobody has sifted are looked at on the way; NotPlainError for those that need it.
    """
    cursor = AsyncRawCursor(driver)
    await cursor.execute("SAVEPOINT intake")
    try:
        if len(batch) < FEW_ROWS:
            new = await _insert_few(cursor, table, batch, is_sifted=is_sifted)
        else:
            new = await _insert_staged(cursor, table, batch, is_sifted=is_sifted)
    except (PsycopgError, TypeError, ValueError, OverflowError):
        await cursor.execute("ROLLBACK TO SAVEPOINT intake")
        raise
    await cursor.execute("RELEASE SAVEPOINT intake")
    return new


async def _insert_few(
    cursor: AsyncRawCursor[Any], table: BulkTable, batch: Sequence[Values], *, is_sifted: bool
) -> int:
    if not is_sifted and not table.is_plain(batch):
        raise NotPlainError
    columns = [
        [_as_document(value) for value in values] if column.type == "jsonb" else list(values)
        for column, values in zip(table.columns, zip(*batch, strict=True), strict=True)
    ]
    await cursor.execute(statements.insert_few(table), [current_tenant(), *columns])
    return cursor.rowcount


def _as_document(value: Any) -> Any:
    return None if value is None else Jsonb(value)


async def _insert_staged(
    cursor: AsyncRawCursor[Any], table: BulkTable, batch: Sequence[Values], *, is_sifted: bool
) -> int:
    await _ensure_empty_staging(cursor, table)
    async with cursor.copy(statements.copy_in(table)) as copy:
        copy.set_types(table.types)
        for at in range(0, len(batch), _BLOCK_ROWS):
            block = batch[at : at + _BLOCK_ROWS]
            if not is_sifted and not table.is_plain(block):
                raise NotPlainError
            await _write(copy, block)
            # Whoever else waits for an answer, as the other loader, has it now.
            await asyncio.sleep(0)
    return await _insert_from_staging(cursor, table, batch)


async def _ensure_empty_staging(cursor: AsyncRawCursor[Any], table: BulkTable) -> None:
    """Have the temporary table of this connection with nothing in it.

    TRUNCATE makes new files, which costs a twelfth of a batch; the end of a transaction empties
    the table without, so only the second batch of one finds something to throw away.
    """
    await cursor.execute(statements.make_staging(table))
    found = await (await cursor.execute(statements.is_staging_used(table))).fetchone()
    if found and found[0]:
        await cursor.execute(statements.empty_staging(table))


async def _write(copy: AsyncCopy, rows: Sequence[Values]) -> None:
    """Write rows by asking the formatter itself: `copy.write_row` makes a coroutine of every row."""
    write_row = copy.formatter.write_row
    for row in rows:
        if written := write_row(row):
            await copy.writer.write(written)


async def _insert_from_staging(
    cursor: AsyncRawCursor[Any], table: BulkTable, batch: Sequence[Values]
) -> int:
    """Insert what waits in the way that suits it; return how many rows were new.

    A batch of which a few looks know nothing is most likely new as a whole: it goes in at once, and
    the unique index tells when it was not.
    """
    tenant = current_tenant()
    known = await cursor.execute(statements.find_known(table), [tenant, *_looks(table, batch)])
    found = await known.fetchone()
    likely = statements.insert_unknown if found and found[0] else statements.insert_all
    await cursor.execute("SAVEPOINT staged")
    try:
        await cursor.execute(likely(table), [tenant])
    except UniqueViolation:
        await cursor.execute("ROLLBACK TO SAVEPOINT staged")
        await cursor.execute(statements.insert_unless_known(table), [tenant])
    return cursor.rowcount


def _looks(table: BulkTable, batch: Sequence[Values]) -> Iterator[list[Any]]:
    """Return the natural keys of a few rows from all over a batch, one list a column."""
    few = [*batch[:: max(1, len(batch) // _LOOKS)], batch[-1]]
    places = {column.name: place for place, column in enumerate(table.columns)}
    return ([row[places[name]] for row in few] for name in table.key)
