"""One dispatcher leads: who holds the lock, on a connection that also hears of new work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from myriad.scale.jobs.store import CHANNEL

LOOK_SECONDS = 1.0
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('myriad.jobs.dispatcher', 0))"
_CONNECT_SECONDS = 5


@dataclass
class Leadership:
    """The session whose lock makes this dispatcher the leader; losing the session ends it."""

    connection: AsyncConnection[TupleRow]

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Call `hear` with the text of each notification until the session is lost.

        Raises psycopg.Error when it is.
        """
        while True:
            async for notification in self.connection.notifies(timeout=LOOK_SECONDS):
                hear(notification.payload)
            await self.connection.execute("SELECT 1")


@contextlib.asynccontextmanager
async def leading(url: str) -> AsyncIterator[Leadership]:
    """Wait until this process leads; looks once a second.

    `url` must reach PostgreSQL itself or a pooler in session mode. Raises psycopg.Error when the
    database cannot be reached.
    """
    connection = await AsyncConnection.connect(
        url,
        autocommit=True,
        connect_timeout=_CONNECT_SECONDS,
        application_name="myriad-dispatcher-leader",
        # A host that vanishes is noticed after about eleven seconds, a process that ends at once.
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
    )
    async with connection:
        while True:
            if await _has_lock(connection):
                break
            await asyncio.sleep(LOOK_SECONDS)
        await connection.execute(f"LISTEN {CHANNEL}")
        yield Leadership(connection)


async def _has_lock(connection: AsyncConnection[TupleRow]) -> bool:
    row = await (await connection.execute(_LOCK)).fetchone()
    return bool(row and row[0])
