"""The worker's own way to the queue's table: a few connections, statements for many jobs at once.

A claim is a statement over every claim that was asked for while the one before was under way, and
so is the end of jobs that wrote nothing through their session. Jobs of all tenants share these
statements, which is why they go over the connections that cross tenants.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import namedtuple_row

from myriad.kit.errors import UnavailableError
from myriad.scale.data import Database
from myriad.scale.jobs.gathering import Gathering
from myriad.scale.jobs.registry import Payload
from myriad.scale.jobs.slices import Member, slice_columns
from myriad.scale.jobs.store import QUERIES, JobRef, columns_of
from myriad.scale.observe.logs import get_logger

SUSPECT_LOSSES = 2
PATIENCE_SECONDS = 30.0
# Plans are kept, and these statements name each row by its whole key: a plan that suited ten rows
# must not read everything that is under way to find one.
BY_KEY = "; ".join(
    f"SET enable_{way} = off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")
)
_CONNECT_SECONDS = 5
_LONGEST_PAUSE_SECONDS = 1.0
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish to run a job. One that lost two workers already is given only to who runs it alone."""

    ref: JobRef
    worker_id: UUID
    lease_seconds: float
    max_attempts: int
    is_alone: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is ours under `fence`; `estimate` is what the dispatcher took it to cost."""

    ref: JobRef
    worker_id: UUID
    payload: Payload
    fence: int
    attempt: int
    max_attempts: int
    deadline_at: datetime | None
    graph_id: UUID | None
    estimate: float | None


@dataclass(frozen=True, slots=True)
class End:
    """A job that succeeded under `fence`: what it cost, and its result as JSON text if it has one."""

    ref: JobRef
    fence: int
    cost: float
    result: str | None = None


class Lane:
    """One connection that runs one statement at a time and outlives an outage of half a minute."""

    def __init__(self, url: str, name: str, *, is_durable: bool = True) -> None:
        self._url = url
        self._name = name
        self._is_durable = is_durable
        self._lock = asyncio.Lock()
        self._connection: AsyncConnection[Any] | None = None

    async def rows(self, query: str, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the rows of a named query, or raise UnavailableError after half a minute's trying.

        A statement whose answer was lost is sent again, so it must bear running twice.
        """
        async with self._lock:
            end, pause = time.monotonic() + PATIENCE_SECONDS, 0.05
            while True:
                try:
                    return await self._rows(QUERIES[query], parameters)
                except (OperationalError, InterfaceError) as error:
                    _log.warning("ledger_failed", query=query, error=str(error))
                    await self._drop()
                    if time.monotonic() > end:
                        raise UnavailableError(f"the database cannot be reached: {error}") from None
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
        cursor = await self._connection.execute(sql, parameters)
        return await cursor.fetchall() if cursor.description else []

    async def _connect(self) -> AsyncConnection[Any]:
        connection = await AsyncConnection.connect(
            self._url,
            autocommit=True,
            row_factory=namedtuple_row,
            connect_timeout=_CONNECT_SECONDS,
            application_name=f"myriad-{self._name}",
        )
        await connection.execute(BY_KEY)
        if not self._is_durable:
            await connection.execute("SET synchronous_commit = off")
        return connection

    async def _drop(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def close(self) -> None:
        """Close the connection."""
        await self._drop()


class Ledger:
    """Claims and ends of jobs of every tenant; one for all executors of a process."""

    def __init__(self, url: str, *, durable_claims: bool = True) -> None:
        self._claiming = Lane(url, "claims", is_durable=durable_claims)
        self._ending = Lane(url, "ends")
        self._noting = Lane(url, "notes", is_durable=False)
        shared = (UnavailableError,)
        self._opens = Gathering[Sequence[Member], None](self._open, shared=shared)
        self._claims = Gathering[Sequence[Ask], list[Claim | None]](self._claim, shared=shared)
        self._ends = Gathering[End, bool](self._finish, shared=shared)

    @classmethod
    def of(cls, database: Database, *, durable_claims: bool = True) -> Ledger:
        """Return the ledger that lives as long as `database`."""
        url = database.settings.crossing
        return database.shared(cls, lambda: cls(url, durable_claims=durable_claims))

    async def claim(self, asks: Sequence[Ask]) -> list[Claim | None]:
        """Take the lease of each job; None for one that is not free, or whose row is locked now."""
        return await self._claims.ask(asks) if asks else []

    async def _claim(self, groups: Sequence[Sequence[Ask]]) -> list[list[Claim | None]]:
        asks = [ask for group in groups for ask in group]
        columns = columns_of([ask.ref for ask in asks]) | {
            "worker_ids": [ask.worker_id for ask in asks],
            "lease_seconds": [ask.lease_seconds for ask in asks],
            "max_attempts": [ask.max_attempts for ask in asks],
            "are_alone": [ask.is_alone for ask in asks],
            "suspect_losses": SUSPECT_LOSSES,
        }
        rows = await self._claiming.rows("claim_jobs", columns)
        found = {(row.id, row.worker_id): row for row in rows}
        # A job that was asked for twice goes to the first.
        return [
            [_claim_of(ask, found.pop((ask.ref.job_id, ask.worker_id), None)) for ask in group]
            for group in groups
        ]

    async def open(self, slices: Sequence[Member]) -> None:
        """Let the jobs of slices be rows that can be claimed; those opened before are passed over."""
        if slices:
            await self._opens.ask(slices)

    async def _open(self, groups: Sequence[Sequence[Member]]) -> list[None]:
        slices = [member for group in groups for member in group]
        await self._claiming.rows("open_slices", slice_columns(slices))
        return [None] * len(groups)

    async def find_claimable(self, refs: Sequence[JobRef]) -> set[UUID]:
        """Return the ids of jobs that wait for a worker all the same."""
        return {row.id for row in await self._claiming.rows("find_claimable", columns_of(refs))}

    async def finish(self, end: End) -> bool:
        """Let a job without effects end and return whether it did: it was ours and not locked."""
        return await self._ends.ask(end)

    async def _finish(self, ends: Sequence[End]) -> list[bool]:
        ended = {row.id for row in await self._ending.rows("finish_jobs", end_columns(ends))}
        return [end.ref.job_id in ended for end in ends]

    async def change(self, query: str, parameters: Mapping[str, Any]) -> bool:
        """Run a statement on one held job and return whether it was ours."""
        return bool(await self._ending.rows(query, parameters))

    async def note(self, query: str, parameters: Mapping[str, Any]) -> list[Any]:
        """Run a statement that may be lost without harm, or one that reads; return its rows."""
        return await self._noting.rows(query, parameters)

    async def close(self) -> None:
        """Close the connections."""
        for lane in (self._claiming, self._ending, self._noting):
            await lane.close()


def end_columns(ends: Sequence[End]) -> dict[str, Any]:
    """Return `ends` as the arrays of the query `finish_jobs`."""
    return columns_of([end.ref for end in ends]) | {
        "fences": [end.fence for end in ends],
        "costs": [end.cost for end in ends],
        "results": [end.result for end in ends],
    }


def _claim_of(ask: Ask, row: Any) -> Claim | None:
    if row is None:
        return None
    return Claim(
        ask.ref,
        ask.worker_id,
        row.payload or {},
        row.fence,
        row.attempts,
        row.max_attempts,
        row.deadline_at,
        row.graph_id,
        row.estimate,
    )
