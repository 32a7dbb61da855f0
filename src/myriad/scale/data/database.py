"""Sessions: one request or task is one transaction, for one tenant, under row security."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, NewType, Protocol, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from myriad.scale.data.idleness import Idleness
from myriad.scale.data.reader import Reader
from myriad.scale.data.settings import DatabaseSettings
from myriad.scale.data.standby import WRITE_NOTES, RoutedReader, Standbys
from myriad.scale.data.work import BRIEF, NEVER_PREPARE, WorkSessions
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter
from myriad.scale.tenancy import TenantId, acting_for

# A session that may write is also a session that may read, never the other way round.
ReadSession = NewType("ReadSession", AsyncSession)
Session = NewType("Session", ReadSession)

_log = get_logger(__name__)
_crossings = Counter(
    "myriad_data_crossings", "Transactions that saw every tenant, by their reason", ["why"]
)
# The tasks in a session's `info` that tell others what it has committed.
AFTER_COMMIT = "after_commit"
NOBODY = TenantId(UUID(int=0))
SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant_id, true)")
_READ_WAIT_SECONDS = 30.0


def sqlalchemy_url(url: str) -> str:
    """Return `url` with the driver that Myriad uses named in its scheme."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+psycopg"))


class Closable(Protocol):
    """Something that holds connections."""

    async def close(self) -> None:
        """Close them."""


ClosableT = TypeVar("ClosableT", bound=Closable)


class Database:
    """The connections of one process. Belongs to the event loop that first uses it."""

    def __init__(self, settings: DatabaseSettings, *, process: str = "myriad") -> None:
        self.settings = settings
        self._process = process
        self._shared: dict[type, Closable] = {}
        self._idleness = Idleness()
        # What every session that may write for a tenant carries in its `info`, beside `tenant_id`.
        self.session_info: dict[str, Any] = {}
        self.standbys = Standbys(settings, process)
        if self.standbys:
            self.session_info[WRITE_NOTES] = self.standbys.notes
        self._app = self._engine(settings.app, settings.pool_size, process)
        self._crossing = self._engine(
            settings.crossing, settings.crossing_pool_size, process + "-crossing"
        )
        self._reads = WorkSessions(
            settings, process + "-read", size=settings.pool_size, wait_seconds=_READ_WAIT_SECONDS
        )
        for sessions in (self._reads, *(one.sessions for one in self.standbys.all)):
            sessions.let_idle_go(self._idleness)
        seconds = settings.statement_timeout_seconds
        self.reader = self._reader(seconds)
        self._crossing_reader = Reader(
            settings.crossing,
            settings.crossing_pool_size,
            statement_timeout_seconds=seconds,
            prepare=settings.prepare_statements,
        )

    def _reader(self, seconds: int) -> Reader:
        url, size = self.settings.app, self.settings.reader_pool_size
        prepare = self.settings.prepare_statements
        if not self.standbys:
            return Reader(url, size, statement_timeout_seconds=seconds, prepare=prepare)
        return RoutedReader(
            url,
            size,
            standbys=self.standbys,
            statement_timeout_seconds=seconds,
            prepare=prepare,
        )

    def _engine(self, url: str, size: int, name: str) -> AsyncEngine:
        engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=size,
            max_overflow=0,
            pool_pre_ping=True,
            pool_use_lifo=True,
            # An error's text goes to the log; the values of a customer must not.
            hide_parameters=True,
            connect_args={
                "application_name": name,
                "connect_timeout": self.settings.connect_timeout_seconds,
                **({} if self.settings.prepare_statements else NEVER_PREPARE),
            },
        )
        self._idleness.watch(engine)
        return engine

    async def open(self) -> None:
        """Open the pools."""
        await self.reader.open()
        await self._crossing_reader.open()
        await self.standbys.open()
        self._idleness.start()

    @cached_property
    def work(self) -> WorkSessions:
        """The sessions of jobs, on a pool of their own, made at the first use."""
        return self.shared(WorkSessions, self._make_work)

    def _make_work(self) -> WorkSessions:
        work = WorkSessions(self.settings, self._process + "-work", info=self.session_info)
        work.let_idle_go(self._idleness)
        return work

    def shared(self, kind: type[ClosableT], make: Callable[[], ClosableT]) -> ClosableT:
        """Return the one thing of its kind that lives as long as these connections."""
        found = self._shared.get(kind)
        if not isinstance(found, kind):
            found = self._shared[kind] = make()
        return found

    async def close(self) -> None:
        """Close every connection."""
        await self._idleness.close()
        for thing in self._shared.values():
            await thing.close()
        await self.standbys.close()
        await self.reader.close()
        await self._crossing_reader.close()
        await self._reads.close()
        await self._app.dispose()
        await self._crossing.dispose()

    @asynccontextmanager
    async def session(self, tenant_id: TenantId) -> AsyncIterator[Session]:
        """One transaction that acts for `tenant_id`: commits at the end, rolls back on an error."""
        info = {**self.session_info, "tenant_id": tenant_id}
        with acting_for(tenant_id):
            async with AsyncSession(self._app, expire_on_commit=False, info=info) as session:
                await session.execute(SET_TENANT, {"tenant_id": str(tenant_id)})
                yield Session(ReadSession(session))
                await session.commit()
                if telling := session.info.pop(AFTER_COMMIT, None):
                    await asyncio.wait(telling)

    @asynccontextmanager
    async def read_session(self, tenant_id: TenantId) -> AsyncIterator[ReadSession]:
        """One read-only transaction that acts for `tenant_id`.

        It goes to a standby that is fresh and shows what the tenant has written, where there is one.
        """
        seconds = self.settings.statement_timeout_seconds
        standby = await self.standbys.find(tenant_id)
        sessions = self._reads if standby is None else standby.sessions
        with acting_for(tenant_id):
            async with sessions.open(tenant_id, read_only=True, timeout_seconds=seconds) as session:
                yield ReadSession(session)

    @asynccontextmanager
    async def brief_session(self, tenant_id: TenantId) -> AsyncIterator[ReadSession]:
        """A read session whose named SQL asks without a transaction around it all.

        Every fetch is a read-only transaction and a round trip of its own (see `reader`), and no
        connection is held between them: for a screen that asks twice and then draws. What is set
        for a transaction lasts for one fetch.
        """
        async with self.read_session(tenant_id) as session:
            session.info[BRIEF] = (self.reader, tenant_id)
            yield session

    @asynccontextmanager
    async def crossing(self, why: str) -> AsyncIterator[Session]:
        """One transaction that sees EVERY tenant; `why`, a constant, goes to log and metrics."""
        _log.debug("tenants_crossed", why=why)
        _crossings.labels(why=why).inc()
        async with AsyncSession(self._crossing, expire_on_commit=False) as session:
            yield Session(ReadSession(session))
            await session.commit()
            self.standbys.notes.note_everybody()

    async def crossing_rows(
        self, why: str, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of `sql` over EVERY tenant, read only and in one round trip."""
        _log.debug("tenants_crossed", why=why)
        _crossings.labels(why=why).inc()
        return await self._crossing_reader.rows(NOBODY, sql, parameters)
