"""Runs a package's named SQL within the caller's transaction, for the caller's tenant.

`tenant_id` is always bound. A parameter that its SQL casts, `%(rows)s::jsonb`, is sent as JSON; no
other is, whatever its type, so what becomes a document is read where the column stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from numbers import Integral, Real
from typing import Any, Self, TypeVar

import msgspec
from psycopg import AsyncRawCursor
from psycopg.types.json import Jsonb

from myriad.scale.data.database import ReadSession, Session
from myriad.scale.data.outbox import Statement, statement_of
from myriad.scale.data.queries import NamedQueries
from myriad.scale.data.work import BRIEF, find_outbox
from myriad.scale.tenancy import current_tenant

Row = dict[str, Any]
Parameters = Mapping[str, Any]
RowT = TypeVar("RowT")

_DOCUMENT = re.compile(r"%\((\w+)\)s::jsonb\b(?!\[)")


class TenantQueries:
    """The named SQL of one package, run on psycopg itself where the session allows it.

    On sessions of `WorkSessions` errors come as psycopg's own, elsewhere in SQLAlchemy's wrapping.
    Raises UnknownQueryError for a name that no file has, NoTenantError outside of a tenant.
    """

    def __init__(self, texts: NamedQueries) -> None:
        self.texts = texts

    @classmethod
    def load(cls, package: str) -> Self:
        """Read every `.sql` file in `queries` of `package`."""
        return cls(NamedQueries.load(package))

    async def fetch(self, session: ReadSession, name: str, /, **parameters: Any) -> list[Row]:
        """Return the rows of the query `name`."""
        return await self.fetch_text(session, self.texts[name], parameters)

    async def fetch_as(
        self, kind: type[RowT], session: ReadSession, name: str, /, **parameters: Any
    ) -> list[RowT]:
        """Return the rows of the query `name` as `kind`, whose fields are named as the columns.

        Raises TypeError when a column is missing or one too many.
        """
        return [kind(**row) for row in await self.fetch(session, name, **parameters)]

    async def find(self, session: ReadSession, name: str, /, **parameters: Any) -> Row | None:
        """Return the first row of the query `name`, or None."""
        rows = await self.fetch(session, name, **parameters)
        return rows[0] if rows else None

    async def get(self, session: ReadSession, name: str, /, **parameters: Any) -> Row:
        """Return the only row of a query that always has one."""
        return (await self.fetch(session, name, **parameters))[0]

    async def fetch_all(
        self, session: ReadSession, asked: Mapping[str, Parameters], /
    ) -> dict[str, list[Row]]:
        """Return the rows of several named queries, sent together: one round trip for all."""
        return await self.fetch_texts(
            session, {name: (self.texts[name], parameters) for name, parameters in asked.items()}
        )

    async def execute(self, session: Session, name: str, /, **parameters: Any) -> int:
        """Run the statement `name` and return how many rows it touched."""
        return await self.execute_text(session, self.texts[name], parameters)

    async def execute_all(
        self, session: Session, asked: Mapping[str, Parameters], /
    ) -> dict[str, int]:
        """Run several named statements in their order, sent together: one round trip for all.

        Returns how many rows each touched.
        """
        outbox = await find_outbox(session)
        if outbox is None:
            return {
                name: await self.execute(session, name, **facts) for name, facts in asked.items()
            }
        cursors = await outbox.send(
            [_statement(self.texts[name], facts) for name, facts in asked.items()]
        )
        return {name: cursor.rowcount for name, cursor in zip(asked, cursors, strict=True)}

    async def execute_soon(self, session: Session, name: str, /, **parameters: Any) -> None:
        """Run the statement `name` with the next one of the transaction, or with its COMMIT.

        It costs no round trip of its own; its errors are raised where it is sent.
        """
        outbox = await find_outbox(session)
        if outbox is None:
            await self.execute(session, name, **parameters)
        else:
            outbox.add(_statement(self.texts[name], parameters))

    async def fetch_last(
        self, session: Session, name: str, asked: Sequence[Parameters], /
    ) -> list[list[Row]]:
        """Return the rows of the query `name` for each of `asked`, sent together with COMMIT.

        Nothing may be asked of this transaction after it.
        """
        sql = self.texts[name]
        outbox = await find_outbox(session)
        if outbox is None:
            return [await self.fetch_text(session, sql, parameters) for parameters in asked]
        cursors = await outbox.finish([_statement(sql, parameters) for parameters in asked])
        return [await _rows(cursor) for cursor in cursors]

    async def execute_rows(
        self, session: Session, name: str, rows: Sequence[Parameters], /, **parameters: Any
    ) -> int:
        """Run a statement that takes all of `rows` as one document: one round trip at any size."""
        return await self.execute(session, name, rows=list(rows), **parameters)

    async def execute_many(self, session: Session, name: str, rows: Sequence[Parameters]) -> None:
        """Run the statement `name` once for each of `rows`, sent together."""
        if not rows:
            return
        sql = self.texts[name]
        outbox = await find_outbox(session)
        if outbox is None:
            values = [bound(sql, row) for row in rows]
            await (await session.connection()).exec_driver_sql(sql, values)
        else:
            await outbox.send([_statement(sql, row) for row in rows])

    async def fetch_text(
        self, session: ReadSession, sql: str, parameters: Parameters, /
    ) -> list[Row]:
        """Return the rows of a query that was put together from named ones."""
        if BRIEF in session.info:
            return (await self.fetch_texts(session, {"rows": (sql, parameters)}))["rows"]
        outbox = await find_outbox(session)
        if outbox is not None:
            return await _rows((await outbox.send([_statement(sql, parameters)]))[0])
        connection = await session.connection()
        result = await connection.exec_driver_sql(sql, bound(sql, parameters))
        names = tuple(result.keys())
        return [dict(zip(names, row, strict=True)) for row in result.all()]

    async def fetch_texts(
        self, session: ReadSession, asked: Mapping[str, tuple[str, Parameters]], /
    ) -> dict[str, list[Row]]:
        """Return the rows of several queries by their keys, sent together: one round trip."""
        if (brief := session.info.get(BRIEF)) is not None:
            reader, tenant_id = brief
            texts = {key: (sql, bound(sql, given)) for key, (sql, given) in asked.items()}
            found: dict[str, list[Row]] = await reader.rows_of_all(tenant_id, texts)
            return found
        outbox = await find_outbox(session)
        if outbox is None:
            return {key: await self.fetch_text(session, *query) for key, query in asked.items()}
        cursors = await outbox.send([_statement(*query) for query in asked.values()])
        return {key: await _rows(cursor) for key, cursor in zip(asked, cursors, strict=True)}

    async def execute_text(self, session: Session, sql: str, parameters: Parameters, /) -> int:
        """Run a statement put together from a named one; return how many rows it touched."""
        outbox = await find_outbox(session)
        if outbox is not None:
            return (await outbox.send([_statement(sql, parameters)]))[0].rowcount
        values = bound(sql, parameters)
        return (await (await session.connection()).exec_driver_sql(sql, values)).rowcount


def _statement(sql: str, parameters: Parameters) -> Statement:
    return statement_of(sql, bound(sql, parameters))


async def _rows(cursor: AsyncRawCursor[Any]) -> list[Row]:
    found = cursor.pgresult
    if found is None:
        return []
    # `description` would look up the type of every column.
    names = [(found.fname(place) or b"").decode() for place in range(found.nfields)]
    return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]


def bound(sql: str, parameters: Parameters) -> Row:
    """Return `parameters` as `sql` takes them: with the tenant, documents as JSON.

    None stays NULL, and what already is a Jsonb stays as it is.
    """
    values = {"tenant_id": current_tenant(), **parameters}
    for name in documents_of(sql):
        if name in values and not isinstance(values[name], Jsonb | None):
            values[name] = Jsonb(values[name], dumps=as_json)
    return values


@lru_cache(maxsize=4096)
def documents_of(sql: str) -> tuple[str, ...]:
    """Return the names of the parameters that `sql` casts to jsonb."""
    return tuple(dict.fromkeys(_DOCUMENT.findall(sql)))


def as_json(value: Any) -> bytes:
    """Return `value` as JSON: decimals and times as text, a number that is none (NaN) as null."""
    return msgspec.json.encode(value, enc_hook=_plain)


def _plain(value: Any) -> Any:
    """Return an array library's number as JSON's own, what has no word in JSON as text."""
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else str(value)
