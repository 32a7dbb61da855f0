"""Whole tables, row by row, for an export."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sqlalchemy import text

from myriad.products.keeper.repository.sql import Row, fetch
from myriad.scale.data import ReadSession

_BATCH_ROWS = 1000


async def list_export_tables(session: ReadSession) -> list[Row]:
    """Return name, columns, types and SELECT of every table that has the tenant's rows."""
    return await fetch(session, "export_tables")


async def iter_batches(session: ReadSession, statement: str) -> AsyncGenerator[Sequence[Any]]:
    """Yield the rows of a statement a thousand at a time, through a cursor in the server."""
    connection = await session.connection()
    result = await connection.stream(text(statement))
    try:
        async for rows in result.partitions(_BATCH_ROWS):
            yield rows
    finally:
        await result.close()
