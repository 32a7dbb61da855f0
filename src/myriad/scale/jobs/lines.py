"""The dispatcher's own connections: its statements without a transaction's round trips."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection, Error
from psycopg.rows import namedtuple_row

from myriad.kit.errors import UnavailableError
from myriad.scale.jobs.store import QUERIES

_CONNECT_SECONDS = 5
# A table whose size changes a thousandfold between two looks of ANALYZE misleads the planner; each
# statement here has one good plan, by index.
_SETTINGS = (
    "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off; "
    "SET enable_mergejoin = off; SET enable_bitmapscan = off; SET enable_sort = off; "
    "SET plan_cache_mode = force_generic_plan"
)
_SETTINGS_BESIDE = "SET synchronous_commit = off"


@dataclass
class Line:
    """A connection for short statements that commit without waiting for the disk."""

    url: str
    settings: str = _SETTINGS
    _connection: AsyncConnection[Any] | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def connected(self) -> AsyncConnection[Any]:
        """Return the open connection, or raise UnavailableError."""
        async with self._opening:
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> AsyncConnection[Any]:
        try:
            connection = await AsyncConnection.connect(
                self.url,
                autocommit=True,
                connect_timeout=_CONNECT_SECONDS,
                application_name="myriad-dispatcher",
            )
            await connection.execute(self.settings)
        except Error as error:
            raise UnavailableError(f"PostgreSQL cannot be reached: {error}") from error
        return connection

    async def rows(self, query: str, **facts: Any) -> list[Any]:
        """Return the rows of a named query."""
        connection = await self.connected()
        async with connection.cursor(row_factory=namedtuple_row) as cursor:
            await cursor.execute(QUERIES[query], facts, prepare=True)
            return await cursor.fetchall() if cursor.description else []

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()


@dataclass
class Lines:
    """A few such connections, used in turn, and one beside them for what may take longer."""

    all: tuple[Line, ...]
    beside: Line

    @classmethod
    def to(cls, url: str, number: int) -> Lines:
        """Return `number` connections and the one beside, each opened at its first use."""
        return cls(tuple(Line(url) for _ in range(number)), Line(url, _SETTINGS_BESIDE))

    def of(self, turn: int) -> Line:
        """Return the connection whose turn it is."""
        return self.all[turn % len(self.all)]

    async def close(self) -> None:
        """Close the connections."""
        for line in (*self.all, self.beside):
            await line.close()
