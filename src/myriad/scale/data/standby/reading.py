"""Reads from standbys: from one that is healthy, fresh enough, and has what the caller wrote."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg
from pydantic import SecretStr

from myriad.scale.data.queries import NamedQueries
from myriad.scale.data.reader import Reader
from myriad.scale.data.settings import DatabaseSettings
from myriad.scale.data.standby.notes import WriteNotes
from myriad.scale.data.standby.positions import Position, Samples
from myriad.scale.data.work import WorkSessions
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter, Gauge
from myriad.scale.tenancy import TenantId

QUERIES = NamedQueries.load("myriad.scale.data.standby")
_log = get_logger(__name__)
_reads = Counter("myriad_data_reads", "Reads by where they went and why", ["server", "why"])
_lag = Gauge(
    "myriad_data_standby_lag_seconds",
    "Age of what a standby shows",
    ["standby"],
    multiprocess_mode="max",
)
_ASK_SECONDS = 1.0
_CONNECT_SECONDS = 2
_WAIT_SECONDS = 30.0
_UNKNOWN_LAG_SECONDS = 1e6


class Watched:
    """One server that is asked for its position, over a connection of its own."""

    def __init__(self, url: str, query: str) -> None:
        self._url = url
        self._query = QUERIES[query].encode()
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def find_position(self) -> Position | None:
        """Return where the server is, or None when it does not say so within a second."""
        try:
            async with asyncio.timeout(_ASK_SECONDS + _CONNECT_SECONDS):
                return await self._ask()
        except (psycopg.Error, OSError, TimeoutError):
            await self.close()
            return None

    async def _ask(self) -> Position | None:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                connect_timeout=_CONNECT_SECONDS,
                application_name="myriad-watch",
            )
        async with asyncio.timeout(_ASK_SECONDS):
            cursor = await self._connection.execute(self._query)
            row = await cursor.fetchone()
        return Position.parse(*row) if row and row[0] is not None and row[1] is not None else None

    async def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._connection.close()
        self._connection = None


@dataclass
class Standby:
    """One standby: its sessions, its reader, and the moment up to which it has every commit."""

    name: str
    watched: Watched
    sessions: WorkSessions
    reader: Reader
    fresh_as_of: float = field(default=-math.inf)

    def suspect(self) -> None:
        """Read nothing from it until it has been asked again."""
        self.fresh_as_of = -math.inf


class Standbys:
    """The standbys of one process; belongs to the event loop that opened it.

    Without standbys in the settings nothing is asked, and every read goes to the primary.
    """

    def __init__(self, settings: DatabaseSettings, process: str) -> None:
        self._settings = settings
        self._primary = Watched(settings.app, "read_written_position")
        self._samples = Samples()
        self._turn = 0
        self._watching: asyncio.Task[None] | None = None
        self.notes = WriteNotes()
        self.all = tuple(
            _standby(f"standby-{number}", url, settings, process)
            for number, url in enumerate(settings.standbys, 1)
        )

    def __bool__(self) -> bool:
        return bool(self.all)

    async def open(self) -> None:
        """Open the readers' pools and begin to watch."""
        if not self.all:
            return
        for standby in self.all:
            await standby.reader.open()
        self._watching = asyncio.create_task(self._watch(), name="standbys")

    async def close(self) -> None:
        """End the watch and close every connection."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._primary.close()
        for standby in self.all:
            await standby.watched.close()
            await standby.reader.close()
            await standby.sessions.close()

    async def find(self, tenant_id: TenantId) -> Standby | None:
        """Return a standby that shows this tenant everything it has written; None: the primary.

        What belongs to no tenant is read from the primary: nobody notes who writes it.
        """
        if not self.all or tenant_id.int == 0:
            return None
        now = time.monotonic()
        fresh = [one for one in self.all if now - one.fresh_as_of <= self._max_lag_seconds]
        if not fresh:
            _reads.labels(server="primary", why="no standby is fresh").inc()
            return None
        written = await self.notes.find_last(tenant_id)
        fresh = [one for one in fresh if one.fresh_as_of > written]
        if not fresh:
            _reads.labels(server="primary", why="just written").inc()
            return None
        self._turn += 1
        _reads.labels(server="standby", why="fresh").inc()
        return fresh[self._turn % len(fresh)]

    @property
    def _max_lag_seconds(self) -> float:
        return self._settings.standby_max_lag_seconds

    async def _watch(self) -> None:
        while True:
            await self.look()
            self.notes.forget_old()
            await asyncio.sleep(self._settings.standby_poll_seconds)

    async def look(self) -> None:
        """Ask the primary and every standby once where they are."""
        asked_at = time.monotonic()
        written = await self._primary.find_position()
        if written is None:
            self._samples.clear()
        else:
            self._samples.add(asked_at, written)
        await asyncio.gather(*map(self._ask, self.all))

    async def _ask(self, standby: Standby) -> None:
        replayed = await standby.watched.find_position()
        was_fresh = standby.fresh_as_of > -math.inf
        if replayed is None:
            standby.suspect()
        else:
            standby.fresh_as_of = max(standby.fresh_as_of, self._samples.fresh_as_of(replayed))
        lag = time.monotonic() - standby.fresh_as_of
        _lag.labels(standby=standby.name).set(min(lag, _UNKNOWN_LAG_SECONDS))
        if was_fresh and replayed is None:
            _log.warning("standby_lost", standby=standby.name)


def _standby(name: str, url: str, settings: DatabaseSettings, process: str) -> Standby:
    of_standby = settings.model_copy(update={"app_url": SecretStr(url)})
    return Standby(
        name,
        Watched(url, "read_replayed_position"),
        WorkSessions(
            of_standby, f"{process}-standby", size=settings.pool_size, wait_seconds=_WAIT_SECONDS
        ),
        Reader(
            url,
            settings.reader_pool_size,
            statement_timeout_seconds=settings.statement_timeout_seconds,
            wait_seconds=_CONNECT_SECONDS,
            prepare=settings.prepare_statements,
        ),
    )
