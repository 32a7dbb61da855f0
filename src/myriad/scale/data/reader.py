"""Hot reads: one query as rows, its tenant set and its transaction closed in a single pipeline.

Row security itself is nearly free; its round trips are not. The tenant and the queries go out
together, and what goes out together is one transaction to PostgreSQL: a read costs one round trip
and stays safe behind a transaction pooler.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from myriad.scale.data.idleness import IDLE_SECONDS
from myriad.scale.data.liveness import has_ended
from myriad.scale.data.together import together
from myriad.scale.tenancy import TenantId

# Both end with the transaction that the sync behind the last query ends.
_BEGIN_FOR = (
    "SELECT set_config('transaction_read_only', 'on', true), "
    "set_config('app.tenant_id', %s, true), set_config('statement_timeout', %s, true)"
)
# Planning is the larger part of what most screens ask, and they ask more than psycopg's hundred.
_PREPARED_FROM, _PREPARED_STATEMENTS = 1, 500
Asked = Mapping[str, tuple[str, Mapping[str, Any] | None]]


async def _keep_statements(connection: AsyncConnection[Any]) -> None:
    connection.prepared_max = _PREPARED_STATEMENTS


class Reader:
    """Runs named SQL for one tenant at a time under row security, each for a bounded time."""

    def __init__(
        self,
        url: str,
        size: int,
        *,
        statement_timeout_seconds: int = 60,
        wait_seconds: float = 30.0,
        prepare: bool = True,
    ) -> None:
        self._timeout = f"{statement_timeout_seconds}s"
        self._wait_seconds = wait_seconds
        self._pool = AsyncConnectionPool[AsyncConnection[DictRow]](
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=wait_seconds,
            max_idle=IDLE_SECONDS,
            configure=_keep_statements,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": _PREPARED_FROM if prepare else None,
                "application_name": "myriad-reader",
            },
        )

    async def open(self) -> None:
        """Open the pool without waiting for its connections."""
        await self._pool.open()

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def rows(
        self, tenant_id: TenantId, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of `sql` as this tenant sees them, in a read-only transaction."""
        return (await self.rows_of_all(tenant_id, {"rows": (sql, parameters)}))["rows"]

    async def rows_of_all(
        self, tenant_id: TenantId, asked: Asked
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of several queries by their keys, in one read-only transaction."""
        async with self._connection() as connection:
            async with together(connection):
                await connection.execute(_BEGIN_FOR, [str(tenant_id), self._timeout])
                cursors = {
                    key: await connection.execute(sql, parameters)
                    for key, (sql, parameters) in asked.items()
                }
            return {key: await cursor.fetchall() for key, cursor in cursors.items()}

    async def row(
        self, tenant_id: TenantId, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Return the first row of `sql`, or None."""
        found = await self.rows(tenant_id, sql, parameters)
        return found[0] if found else None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[DictRow]]:
        """Lend a living connection; after a failover the next one is taken without a pause.

        The pool's own check would wait a second and longer after each dead one.
        """
        deadline = monotonic() + self._wait_seconds
        connection = await self._pool.getconn()
        while has_ended(connection):
            await connection.close()
            await self._pool.putconn(connection)
            connection = await self._pool.getconn(deadline - monotonic())
        try:
            yield connection
        finally:
            await self._pool.putconn(connection)
