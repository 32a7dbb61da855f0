"""The named SQL of Google's connection, run within the caller's transaction and tenant."""

from __future__ import annotations

from typing import Any

from myriad.products.keeper.repository.sql import execute_text, fetch_text
from myriad.scale.data import NamedQueries, ReadSession, Session

_QUERIES = NamedQueries.load("myriad.products.keeper.google")


async def ask(session: ReadSession, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
    """Return the rows of the named query."""
    return await fetch_text(session, _QUERIES[name], parameters)


async def run(session: Session, name: str, /, **parameters: Any) -> int:
    """Run the named statement and return how many rows it touched."""
    return await execute_text(session, _QUERIES[name], parameters)


async def find_readers(crossing: ReadSession, account: str) -> list[dict[str, Any]]:
    """Return (tenant_id, id) of the connections to an account; needs to cross tenants."""
    connection = await crossing.connection()
    found = await connection.exec_driver_sql(_QUERIES["find_google_readers"], {"account": account})
    return [dict(row) for row in found.mappings()]
