"""The named SQL of valuations, run within the caller's transaction and tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from myriad.scale.data import NamedQueries, ReadSession, Session
from myriad.scale.tenancy import current_tenant

QUERIES = NamedQueries.load("myriad.products.upswitch.valuations")

Row = dict[str, Any]


async def fetch(session: ReadSession, name: str, /, **parameters: Any) -> list[Row]:
    """Return the rows of the query `name`."""
    connection = await session.connection()
    result = await connection.exec_driver_sql(QUERIES[name], _bound(parameters))
    return [dict(row) for row in result.mappings()]


async def find(session: ReadSession, name: str, /, **parameters: Any) -> Row | None:
    """Return the first row of the query `name`, or None."""
    rows = await fetch(session, name, **parameters)
    return rows[0] if rows else None


async def execute(session: Session, name: str, /, **parameters: Any) -> int:
    """Run the statement `name` and return how many rows it touched."""
    connection = await session.connection()
    return (await connection.exec_driver_sql(QUERIES[name], _bound(parameters))).rowcount


async def execute_many(session: Session, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run the statement `name` once for each of `rows`."""
    if rows:
        connection = await session.connection()
        await connection.exec_driver_sql(QUERIES[name], [_bound(row) for row in rows])


class SessionRows:
    """Reads SQL that names its own parameters within a transaction, as a request's reader does."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of a query."""
        connection = await self._session.connection()
        result = await connection.exec_driver_sql(sql, dict(parameters or {}))
        return [dict(row) for row in result.mappings()]


def _bound(parameters: Mapping[str, Any]) -> Row:
    """Return the parameters with the tenant; mappings and lists of them become JSON."""
    values = {name: _as_json(value) for name, value in parameters.items()}
    return {"tenant_id": current_tenant(), **values}


def _as_json(value: Any) -> Any:
    is_document = isinstance(value, dict) or (
        isinstance(value, list) and all(isinstance(item, dict) for item in value)
    )
    # A number that is none becomes null; PostgreSQL has no word for it either.
    return Jsonb(value, dumps=msgspec.json.encode) if is_document else value
