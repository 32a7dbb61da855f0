"""Sessions of jobs and of reads, short and frequent: as few round trips as a transaction can have.

A transaction takes its connection at its first statement. BEGIN and the tenant go out together,
and the last statement goes out together with COMMIT. Whether an idle connection still lives is
read from its socket, which costs no round trip.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from psycopg import AsyncClientCursor, AsyncConnection
from sqlalchemy import Connection, event
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import SessionTransaction

from myriad.scale.data.settings import DatabaseSettings
from myriad.scale.tenancy import TenantId

# A night asks more different things than the hundred that psycopg keeps prepared by itself; asked in
# turn, each would push out the next, and every one would be planned anew every time.
_PREPARED_STATEMENTS = 500
# Planning is the larger part of most of them: the second time is early enough to be sure.
_PREPARED_FROM = 1
# The job's bound is its timeout, so that a crowd of handlers waits here without failing.
_POOL_TIMEOUT_SECONDS = 3600.0
# In the `info` of a session: the reader and the tenant by which named SQL is asked.
BRIEF = "brief"


class WorkSessions:
    """A pool of connections whose transactions begin and end in one round trip each."""

    def __init__(
        self,
        settings: DatabaseSettings,
        process: str,
        *,
        size: int | None = None,
        wait_seconds: float = _POOL_TIMEOUT_SECONDS,
        info: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._info = info
        parts = urlsplit(settings.app)._replace(scheme="postgresql+psycopg")
        self._engine: AsyncEngine = create_async_engine(
            urlunsplit(parts),
            pool_size=size or settings.work_pool_size,
            max_overflow=0,
            pool_timeout=wait_seconds,
            # The connection used last has its statements prepared and its plans made.
            pool_use_lifo=True,
            hide_parameters=True,
            connect_args={
                "application_name": process,
                "connect_timeout": settings.connect_timeout_seconds,
                # We send BEGIN ourselves, in one message with the tenant.
                "autocommit": True,
            },
        )
        event.listen(self._engine.sync_engine, "connect", _keep_statements)
        event.listen(self._engine.sync_engine, "checkout", _refuse_dead)

    def open(
        self, tenant_id: TenantId, *, read_only: bool = False, timeout_seconds: int | None = None
    ) -> AsyncSession:
        """Return a session whose every transaction acts for `tenant_id`; the caller closes it.

        `timeout_seconds` bounds each statement.
        """
        begin = "BEGIN READ ONLY" if read_only else "BEGIN"
        kind = _ReadSession if read_only else AsyncSession
        if timeout_seconds is not None:
            begin += f"; SET LOCAL statement_timeout = '{timeout_seconds}s'"
        return kind(
            self._engine,
            sync_session_class=_WorkSession,
            expire_on_commit=False,
            info={
                "begin": f"{begin}; SET LOCAL app.tenant_id = '{tenant_id}'",
                **({} if read_only else {**self._info, "tenant_id": tenant_id}),
            },
        )

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[AsyncSession]:
        """One transaction for `tenant_id`, committed at its end unless an error leaves it."""
        async with self.open(tenant_id) as session:
            yield session
            await session.commit()

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


class _ReadSession(AsyncSession):
    """A session that ends with COMMIT: after a ROLLBACK psycopg prepares every statement anew."""

    async def close(self) -> None:
        """End the transaction and give the connection back."""
        if self.in_transaction():
            # What is broken is rolled back below.
            with contextlib.suppress(SQLAlchemyError):
                await self.commit()
            await super().close()


class _WorkSession(SyncSession):
    """A session that begins its transactions by `info["begin"]`."""


@event.listens_for(_WorkSession, "after_begin")
def _begin(session: SyncSession, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:
        return
    adapted: Any = connection.connection.dbapi_connection
    begin: str = session.info["begin"]

    async def execute(driver: AsyncConnection[Any]) -> None:
        await driver.execute(begin, prepare=False)

    adapted.run_async(execute)
    session.info["driver"] = adapted.driver_connection


async def commit_with(session: AsyncSession, sql: str, parameters: Mapping[str, Any]) -> None:
    """Run `sql` and COMMIT in one round trip; when `sql` fails nothing is committed.

    `session` must be one of `WorkSessions`. Raises psycopg's error of `sql`, without SQLAlchemy's
    wrapping; the caller rolls back then.
    """
    if session.new or session.dirty or session.deleted:
        await session.flush()
    if not session.in_transaction():
        await session.connection()
    # Parameters are quoted here, for only the simple protocol takes two statements at once.
    driver: AsyncConnection[Any] = session.info["driver"]
    await AsyncClientCursor(driver).execute(f"{sql}; COMMIT", parameters)
    await session.commit()


async def find_driver(session: AsyncSession) -> AsyncConnection[Any] | None:
    """Return the connection of the transaction of `session`; None unless it is of `WorkSessions`.

    What runs on it belongs to the transaction, without what SQLAlchemy costs for every statement;
    its errors come as psycopg's own.
    """
    if "begin" not in session.info:
        return None
    if not session.in_transaction():
        await session.connection()
    driver: AsyncConnection[Any] = session.info["driver"]
    return driver


def _keep_statements(adapted: Any, *_: object) -> None:
    adapted.driver_connection.prepared_max = _PREPARED_STATEMENTS
    adapted.driver_connection.prepare_threshold = _PREPARED_FROM


def _refuse_dead(adapted: Any, *_: object) -> None:
    """Let the pool take another connection when the server has closed this one."""
    driver: AsyncConnection[Any] = adapted.driver_connection
    # An idle connection has nothing to say but that it ends.
    if driver.closed or _has_news(driver.fileno()):
        raise DisconnectionError("the server closed this connection")


def _has_news(descriptor: int) -> bool:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(0))
