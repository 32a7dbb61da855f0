"""Rows in, batch by batch: what is new, what was known, and what could not be stored and why."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast
from uuid import UUID

from psycopg import AsyncConnection, DataError, IntegrityError
from psycopg import Error as PsycopgError
from psycopg.errors import DeadlockDetected

from myriad.scale.data.bulk.inserting import insert
from myriad.scale.data.bulk.quarantine import (
    Refused,
    let_out,
    lock_quarantined,
    quarantine,
)
from myriad.scale.data.bulk.table import BulkTable, Values
from myriad.scale.data.database import Database, Session
from myriad.scale.data.work import driver_of
from myriad.scale.tenancy import TenantId, acting_for

BATCH_ROWS = 10_000
_DEADLOCKS = 5
_SHORTEST_PAUSE_SECONDS = 0.05

Rows = Iterable[Values] | AsyncIterable[Values]


@dataclass(frozen=True, slots=True)
class Intake:
    """How many rows were new, how many known already, how many were put into quarantine."""

    new: int = 0
    known: int = 0
    refused: int = 0

    @property
    def read(self) -> int:
        """All rows that came."""
        return self.new + self.known + self.refused

    def __add__(self, other: Intake) -> Intake:
        return Intake(self.new + other.new, self.known + other.known, self.refused + other.refused)


async def take_in(
    session: Session,
    table: BulkTable,
    rows: Rows,
    *,
    source: str = "",
    first_line: int = 1,
    batch_rows: int = BATCH_ROWS,
) -> Intake:
    """Insert the rows that `table` does not hold yet, within the caller's transaction.

    Memory holds one batch. A row that cannot be stored goes into quarantine with its reason, its
    line (counted from `first_line`) and `source`; the others go in. Two transactions that each take
    in several batches of the same rows may lock each other out: `take_in_batches` ends each one.
    """
    taken, line = Intake(), first_line
    async for batch in _batches(rows, batch_rows):
        taken += await _take(session, table, batch, source, line)
        line += len(batch)
    return taken


async def take_in_batches(
    database: Database,
    tenant_id: TenantId,
    table: BulkTable,
    rows: Rows,
    *,
    source: str = "",
    first_line: int = 1,
    batch_rows: int = BATCH_ROWS,
    loaders: int = 2,
) -> AsyncIterator[Intake]:
    """Take rows in with a transaction for each batch; yield what has come in so far after each.

    While PostgreSQL inserts one batch the next is made ready on another connection: `loaders` are
    under way at a time, and memory holds as many batches. What was committed stays when the caller
    is killed; sending everything again changes nothing.
    """
    taken, line = Intake(), first_line
    under_way: set[asyncio.Task[Intake]] = set()
    try:
        async for batch in _batches(rows, batch_rows):
            place = (source, line)
            work = _commit_batch(database, tenant_id, table, batch, place)
            under_way.add(asyncio.create_task(work))
            line += len(batch)
            if len(under_way) >= loaders:
                taken += await _first_of(under_way)
                yield taken
        while under_way:
            taken += await _first_of(under_way)
            yield taken
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _first_of(under_way: set[asyncio.Task[Intake]]) -> Intake:
    """Wait for the first batches to be in, take them out of `under_way`, and return their sum."""
    done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    under_way -= done
    return sum((task.result() for task in done), Intake())


async def take_in_again(session: Session, table: BulkTable, ids: Sequence[UUID]) -> Intake:
    """Take rows in from quarantine, as after a migration that made room for them.

    A row that is refused again keeps its id and its age, with the reason of today; one that was cut
    short stays as it is and is not counted. Memory holds them all, so give a batch at a time.
    """
    kept = await lock_quarantined(session, table, ids)
    rows = [row for _, row in kept]
    new, refused = await _store(await driver_of(session), table, rows, 0)
    reasons = {kept[one.line][0]: one.reason for one in refused}
    await let_out(session, [row_id for row_id, _ in kept if row_id not in reasons], reasons)
    if table.follow_up is not None and len(kept) > len(reasons):
        await table.follow_up(session, [row for row_id, row in kept if row_id not in reasons])
    return Intake(new, len(kept) - len(refused) - new, len(refused))


async def _commit_batch(
    database: Database,
    tenant_id: TenantId,
    table: BulkTable,
    batch: Sequence[Values],
    place: tuple[str, int],
) -> Intake:
    for attempt in range(_DEADLOCKS):
        try:
            with acting_for(tenant_id):
                async with database.work.transaction(tenant_id) as session:
                    return await _take(cast(Session, session), table, batch, *place)
        except DeadlockDetected:
            if attempt == _DEADLOCKS - 1:
                raise
            await asyncio.sleep(random.uniform(0, _SHORTEST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - jitter.
    raise AssertionError("unreachable")


async def _batches(rows: Rows, size: int) -> AsyncIterator[Sequence[Values]]:
    if isinstance(rows, AsyncIterable):
        batch: list[Values] = []
        async for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch
        return
    waiting = iter(rows)
    while found := list(islice(waiting, size)):
        yield found


async def _take(
    session: Session, table: BulkTable, batch: Sequence[Values], source: str, line: int
) -> Intake:
    new, refused = await _store(await driver_of(session), table, batch, line)
    await quarantine(session, table, source, refused)
    return Intake(new=new, known=len(batch) - len(refused) - new, refused=len(refused))


async def _store(
    driver: AsyncConnection[Any], table: BulkTable, batch: Sequence[Values], line: int
) -> tuple[int, list[Refused]]:
    """Insert what can be stored; return how many rows were new, and those that cannot be."""
    if not batch:
        return 0, []
    try:
        return await insert(driver, table, batch), []
    except (DataError, IntegrityError, TypeError, ValueError, OverflowError):
        # Something in here cannot be stored: what, is found row by row.
        return await _sift(driver, table, batch, line)


async def _sift(
    driver: AsyncConnection[Any], table: BulkTable, batch: Sequence[Values], line: int
) -> tuple[int, list[Refused]]:
    """Insert what can be stored of a batch that was refused, and return the rest by line."""
    good: list[tuple[int, Values]] = []
    refused: list[Refused] = []
    for number, row in enumerate(batch, start=line):
        fault = table.find_fault(row)
        if fault is None:
            good.append((number, row))
        else:
            refused.append(Refused(number, fault, row))
    new = await _insert_halves(driver, table, good, refused)
    return new, sorted(refused, key=lambda one: one.line)


async def _insert_halves(
    driver: AsyncConnection[Any],
    table: BulkTable,
    numbered: Sequence[tuple[int, Values]],
    refused: list[Refused],
) -> int:
    """Insert rows, halving them where the server refuses until the one is found that it means."""
    if not numbered:
        return 0
    try:
        return await insert(driver, table, [row for _, row in numbered], is_sifted=True)
    except (DataError, IntegrityError) as error:
        if len(numbered) == 1:
            number, row = numbered[0]
            refused.append(Refused(number, _said(error), row))
            return 0
    middle = len(numbered) // 2
    return await _insert_halves(driver, table, numbered[:middle], refused) + await _insert_halves(
        driver, table, numbered[middle:], refused
    )


def _said(error: PsycopgError) -> str:
    """Return the server's reason without the row's values, which stand in its detail."""
    said = error.diag
    where = said.constraint_name or said.column_name
    return f"refused by {where}" if where else (said.message_primary or "refused").split('"')[0]
