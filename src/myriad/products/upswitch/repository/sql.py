"""The named SQL of a tenant's sessions, run within the caller's transaction and tenant."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from myriad.scale.data import NamedQueries, ReadSession, Session
from myriad.scale.tenancy import current_tenant

QUERIES = NamedQueries.load("myriad.products.upswitch.repository")

Row = dict[str, Any]


def bound(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return `parameters` with the tenant added and mappings as jsonb."""
    values = {
        key: Jsonb(value) if isinstance(value, dict) else value for key, value in parameters.items()
    }
    return {"tenant_id": current_tenant(), **values}


async def fetch(session: ReadSession, name: str, /, **parameters: Any) -> list[Row]:
    """Return the rows of the query `name`."""
    connection = await session.connection()
    result = await connection.exec_driver_sql(QUERIES[name], bound(parameters))
    return [dict(row) for row in result.mappings()]


async def find(session: ReadSession, name: str, /, **parameters: Any) -> Row | None:
    """Return the first row of the query `name`, or None."""
    rows = await fetch(session, name, **parameters)
    return rows[0] if rows else None


async def execute(session: Session, name: str, /, **parameters: Any) -> int:
    """Run the statement `name` and return how many rows it touched."""
    connection = await session.connection()
    return (await connection.exec_driver_sql(QUERIES[name], bound(parameters))).rowcount
