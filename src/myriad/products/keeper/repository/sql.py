"""Keeper's named SQL, run within the caller's transaction and tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from myriad.scale.data import NamedQueries, ReadSession, Session, find_driver
from myriad.scale.tenancy import current_tenant

QUERIES = NamedQueries.load("myriad.products.keeper.repository")

Row = dict[str, Any]


def bound(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return `parameters` with the tenant added and mappings as jsonb."""
    values = {
        key: Jsonb(value) if isinstance(value, dict) else value for key, value in parameters.items()
    }
    return {"tenant_id": current_tenant(), **values}


async def fetch(session: ReadSession, name: str, /, **parameters: Any) -> list[Row]:
    """Return the rows of the query `name`."""
    return await fetch_text(session, QUERIES[name], parameters)


async def fetch_text(session: ReadSession, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a query that was put together from named ones."""
    driver = await find_driver(session)
    if driver is None:
        result = await (await session.connection()).exec_driver_sql(sql, bound(parameters))
        names, rows = tuple(result.keys()), [tuple(row) for row in result.all()]
    else:
        cursor = await driver.execute(sql, bound(parameters))
        names = tuple(column.name for column in cursor.description or ())
        rows = await cursor.fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


async def fetch_all(
    session: ReadSession, asked: Mapping[str, Mapping[str, Any]], /
) -> dict[str, list[Row]]:
    """Return the rows of several named queries, sent together: one round trip for all of them."""
    return await fetch_texts(
        session, {name: (QUERIES[name], parameters) for name, parameters in asked.items()}
    )


async def fetch_texts(
    session: ReadSession, asked: Mapping[str, tuple[str, Mapping[str, Any]]], /
) -> dict[str, list[Row]]:
    """Return the rows of several queries by their keys, sent together: one round trip for all."""
    driver = await find_driver(session)
    if driver is None:
        return {key: await fetch_text(session, *query) for key, query in asked.items()}
    cursors: dict[str, AsyncCursor[Row]] = {}
    async with driver.pipeline():
        for key, (sql, parameters) in asked.items():
            cursors[key] = driver.cursor(row_factory=dict_row)
            await cursors[key].execute(sql, bound(parameters))
    return {key: await cursor.fetchall() for key, cursor in cursors.items()}


async def find(session: ReadSession, name: str, /, **parameters: Any) -> Row | None:
    """Return the first row of the query `name`, or None."""
    rows = await fetch(session, name, **parameters)
    return rows[0] if rows else None


async def get(session: ReadSession, name: str, /, **parameters: Any) -> Row:
    """Return the only row of a query that always has one."""
    return (await fetch(session, name, **parameters))[0]


async def execute(session: Session, name: str, /, **parameters: Any) -> int:
    """Run the statement `name` and return how many rows it touched."""
    return await execute_text(session, QUERIES[name], parameters)


async def execute_text(session: Session, sql: str, parameters: Mapping[str, Any]) -> int:
    """Run a statement that was put together from a named one; return how many rows it touched."""
    driver = await find_driver(session)
    if driver is None:
        return (await (await session.connection()).exec_driver_sql(sql, bound(parameters))).rowcount
    return (await driver.execute(sql, bound(parameters))).rowcount


async def execute_rows(
    session: Session, name: str, rows: Sequence[Mapping[str, Any]], /, **parameters: Any
) -> int:
    """Run a statement that takes all `rows` as one JSON document: one round trip at any size."""
    document = Jsonb(list(rows), dumps=_as_json)
    return await execute(session, name, rows=document, **parameters)


def _as_json(rows: Any) -> bytes:
    return msgspec.json.encode(rows, enc_hook=_plain)


def _plain(value: Any) -> Any:
    """Return what JSON has no word for as a number, where it is one, or as text."""
    return float(value) if isinstance(value, float) else str(value)


async def execute_many(session: Session, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run the statement `name` once for each of `rows`, sent together."""
    if not rows:
        return
    driver = await find_driver(session)
    if driver is None:
        connection = await session.connection()
        await connection.exec_driver_sql(QUERIES[name], [bound(row) for row in rows])
        return
    async with driver.cursor() as cursor:
        await cursor.executemany(QUERIES[name], [bound(row) for row in rows])
