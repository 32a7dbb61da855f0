"""Sessions of jobs and of reads, short and frequent: as few round trips as a transaction can have.

A transaction takes its connection at its first statement. BEGIN and the tenant go out together with
it, and what nobody reads the result of goes out together with COMMIT. Whether an idle connection
still lives is read from its socket, which costs no round trip.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from psycopg import AsyncClientCursor, AsyncConnection
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.pool import PoolResetState

from myriad.scale.data.idleness import Idleness
from myriad.scale.data.liveness import has_ended
from myriad.scale.data.outbox import COMMIT, Outbox, Statement
from myriad.scale.data.settings import DatabaseSettings
from myriad.scale.tenancy import TenantId

# A night asks more different things than the hundred that psycopg keeps prepared by itself; asked in
# turn, each would push out the next, and every one would be planned anew every time.
_PREPARED_STATEMENTS = 500
# Planning is the larger part of most of them: the second time is early enough to be sure.
_PREPARED_FROM = 1
# What psycopg is told instead behind a pooler that hands out connections by the transaction.
NEVER_PREPARE: Mapping[str, Any] = MappingProxyType({"prepare_threshold": None})
# The job's bound is its timeout, so that a crowd of handlers waits here without failing.
_POOL_TIMEOUT_SECONDS = 3600.0
# In the `info` of a session: the reader and the tenant by which named SQL is asked.
BRIEF = "brief"
# There too, and in the `info` of its connection while its transaction lasts.
_OUTBOX = "outbox"
_BEGIN, _BEGIN_READING = b"BEGIN", b"BEGIN READ ONLY"
_ACT_FOR = b"SELECT set_config('app.tenant_id', $1, true)"
_BOUND = b"SELECT set_config('statement_timeout', $1, true)"


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
            # A transaction has ended before its connection comes back; `_end_left` sees to the rest.
            pool_reset_on_return=None,
            hide_parameters=True,
            connect_args={
                "application_name": process,
                "connect_timeout": settings.connect_timeout_seconds,
                # We send BEGIN ourselves, in one message with the tenant.
                "autocommit": True,
                **({} if settings.prepare_statements else NEVER_PREPARE),
            },
        )
        if settings.prepare_statements:
            event.listen(self._engine.sync_engine, "connect", _keep_statements)
        event.listen(self._engine.sync_engine, "checkout", _refuse_dead)
        event.listen(self._engine.sync_engine, "reset", _end_left)
        event.listen(self._engine.sync_engine, "before_cursor_execute", _send_before)
        event.listen(self._engine.sync_engine, "commit", _send_with_commit)
        event.listen(self._engine.sync_engine, "rollback", _forget)

    def open(
        self, tenant_id: TenantId, *, read_only: bool = False, timeout_seconds: int | None = None
    ) -> AsyncSession:
        """Return a session whose every transaction acts for `tenant_id`; the caller closes it.

        `timeout_seconds` bounds each statement.
        """
        kind = _ReadSession if read_only else AsyncSession
        begin: list[Statement] = [
            (_BEGIN_READING if read_only else _BEGIN, ()),
            (_ACT_FOR, (str(tenant_id),)),
        ]
        if timeout_seconds is not None:
            begin.append((_BOUND, (f"{timeout_seconds}s",)))
        return kind(
            self._engine,
            sync_session_class=_WorkSession,
            expire_on_commit=False,
            info={
                "begin": begin,
                **({} if read_only else {**self._info, "tenant_id": tenant_id}),
            },
        )

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[AsyncSession]:
        """One transaction for `tenant_id`, committed at its end unless an error leaves it."""
        async with self.open(tenant_id) as session:
            yield session
            await session.commit()

    def let_idle_go(self, idleness: Idleness) -> None:
        """Let connections that nobody needs be closed."""
        idleness.watch(self._engine)

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
    outbox = Outbox(adapted.driver_connection, session.info["begin"])
    session.info[_OUTBOX] = connection.info[_OUTBOX] = outbox


def _send(connection: Connection, *asked: Statement) -> None:
    """Send what waits on a connection of SQLAlchemy's, and `asked` behind it."""
    outbox: Outbox = connection.info[_OUTBOX]
    adapted: Any = connection.connection.dbapi_connection
    adapted.run_async(lambda _: outbox.send(asked))


def _send_before(connection: Connection, *_: object) -> None:
    outbox: Outbox | None = connection.info.get(_OUTBOX)
    if outbox is not None and not outbox.is_empty:
        _send(connection)


def _send_with_commit(connection: Connection) -> None:
    """Send what waits together with COMMIT, of which then nothing is left to do."""
    outbox: Outbox | None = connection.info.get(_OUTBOX)
    if outbox is not None and outbox.has_asked:
        _send(connection, COMMIT)
    _forget(connection)


def _forget(connection: Connection) -> None:
    outbox: Outbox | None = connection.info.pop(_OUTBOX, None)
    if outbox is not None:
        outbox.clear()


async def commit_with(session: AsyncSession, sql: str, parameters: Mapping[str, Any]) -> None:
    """Run `sql` and COMMIT in one round trip; when `sql` fails nothing is committed.

    `session` must be one of `WorkSessions`. Raises psycopg's error of `sql`, without SQLAlchemy's
    wrapping; the caller rolls back then.
    """
    if session.new or session.dirty or session.deleted:
        await session.flush()
    outbox = await find_outbox(session)
    assert outbox is not None, "this session is not one of WorkSessions"
    if not outbox.is_empty:
        await outbox.send()
    # Parameters are quoted here, for only the simple protocol takes two statements at once.
    await AsyncClientCursor(outbox.driver).execute(f"{sql}; COMMIT", parameters)
    await session.commit()


async def find_outbox(session: AsyncSession) -> Outbox | None:
    """Return how statements of the transaction of `session` are sent; None unless of `WorkSessions`.

    What is sent so belongs to the transaction, without what SQLAlchemy costs for every statement;
    its errors come as psycopg's own.
    """
    if "begin" not in session.info:
        return None
    if not session.in_transaction():
        await session.connection()
    return cast(Outbox, session.info[_OUTBOX])


async def find_driver(session: AsyncSession) -> AsyncConnection[Any] | None:
    """Return the connection of the transaction of `session`; None unless it is of `WorkSessions`.

    What waits has been sent by then, so that statements may run on it right away.
    """
    outbox = await find_outbox(session)
    if outbox is None:
        return None
    if not outbox.is_empty:
        await outbox.send()
    return outbox.driver


async def driver_of(session: AsyncSession) -> AsyncConnection[Any]:
    """Return psycopg's own connection of the transaction of any session."""
    driver = await find_driver(session)
    if driver is None:
        raw = await (await session.connection()).get_raw_connection()
        driver = cast("AsyncConnection[Any]", raw.driver_connection)
    return driver


def _keep_statements(adapted: Any, *_: object) -> None:
    adapted.driver_connection.prepared_max = _PREPARED_STATEMENTS
    adapted.driver_connection.prepare_threshold = _PREPARED_FROM


def _refuse_dead(adapted: Any, *_: object) -> None:
    """Let the pool take another connection when the server has closed this one."""
    driver: AsyncConnection[Any] = adapted.driver_connection
    if has_ended(driver):
        raise DisconnectionError("the server closed this connection")


def _end_left(adapted: Any, record: object, state: PoolResetState) -> None:
    """Roll back what was left open on a connection that comes back to the pool."""
    driver: AsyncConnection[Any] = adapted.driver_connection
    if state.asyncio_safe and driver.info.transaction_status != TransactionStatus.IDLE:
        adapted.rollback()
