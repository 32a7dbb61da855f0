"""Hot reads: one query as rows, its tenant set and its transaction closed in a single pipeline.

Row security itself is nearly free; its round trips are not. BEGIN, set_config, the query and
COMMIT go out together, so a read costs one round trip and stays safe behind a transaction pooler.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from myriad.scale.tenancy import TenantId

_BEGIN_FOR = (
    "SELECT set_config('app.tenant_id', %s, true), set_config('statement_timeout', %s, true)"
)


class Reader:
    """Runs named SQL for one tenant at a time under row security, each for a bounded time."""

    def __init__(
        self,
        url: str,
        size: int,
        *,
        prepare_threshold: int | None = 5,
        statement_timeout_seconds: int = 60,
    ) -> None:
        self._timeout = f"{statement_timeout_seconds}s"
        self._pool = AsyncConnectionPool[AsyncConnection[DictRow]](
            url,
            min_size=1,
            max_size=size,
            open=False,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": prepare_threshold,
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
        async with self._pool.connection() as connection:
            async with connection.pipeline():
                await connection.execute("BEGIN READ ONLY")
                await connection.execute(_BEGIN_FOR, [str(tenant_id), self._timeout])
                cursor = await connection.execute(sql, parameters)
                await connection.execute("COMMIT")
            return await cursor.fetchall()

    async def row(
        self, tenant_id: TenantId, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Return the first row of `sql`, or None."""
        found = await self.rows(tenant_id, sql, parameters)
        return found[0] if found else None
