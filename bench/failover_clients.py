"""Who writes and reads while `failover` kills a primary, and what they see."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from failover_pair import Pair
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.embedded.postgres import APP, CROSSING, OWNER
from myriad.scale.tenancy import TenantId

TENANTS = 4
_COUNT = text(
    "INSERT INTO counter VALUES (:tenant, :number) "
    "ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number"
)
_READ = "SELECT number FROM counter"
_READ_WHERE = text("SELECT number, pg_is_in_recovery() FROM counter")

Plain = psycopg.AsyncConnection[tuple[int]]


@dataclass
class Tally:
    """What was seen; times are of the monotonic clock.

    Without commits that wait for the standby, a write that the kill took is a loss and no stale read:
    then reads count until the kill.
    """

    is_synchronous: bool
    acknowledged: list[tuple[float, int, int]] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    reads: int = 0
    standby_reads: int = 0
    stale: int = 0
    plain_reads: int = 0
    plain_stale: int = 0
    failed_reads: int = 0


def write(url: str, writer: int, tally: Tally, over: threading.Event) -> None:
    """Commit row by row; a row whose commit was not acknowledged is not asked for later."""
    connection, number = None, 0
    while not over.is_set():
        number += 1
        try:
            connection = connection or psycopg.connect(url, autocommit=True, connect_timeout=2)
            row = [writer, number, "x" * 200]
            connection.execute("INSERT INTO written VALUES (%s, %s, %s)", row)
        except psycopg.Error:
            if connection is not None:
                connection.close()
            connection = None
            time.sleep(0.01)
        else:
            tally.acknowledged.append((time.monotonic(), writer, number))
    if connection is not None:
        connection.close()


def beat(pair: Pair, tally: Tally, killed: threading.Event) -> None:
    """Measure the time from a commit on the primary until its row is seen on the standby."""
    number = 0
    with (
        contextlib.suppress(psycopg.Error),
        psycopg.connect(pair.primary.url(OWNER), autocommit=True) as primary,
        psycopg.connect(pair.standby.url(OWNER), autocommit=True) as standby,
    ):
        while not killed.is_set():
            number += 1
            primary.execute("INSERT INTO beat VALUES (%s)", [number])
            committed = time.monotonic()
            asked = "SELECT 1 FROM beat WHERE number = %s"
            while standby.execute(asked, [number]).fetchone() is None and not killed.is_set():
                time.sleep(0.0005)
            if not killed.is_set():
                tally.lags.append(time.monotonic() - committed)
            time.sleep(0.02)


async def act_as_tenants(
    pair: Pair, tally: Tally, over: threading.Event, killed: threading.Event
) -> None:
    """Let each tenant write through a session and read at once, until it is over."""
    settings = DatabaseSettings(
        url=SecretStr(pair.several(OWNER)),
        app_url=SecretStr(pair.several(APP)),
        crossing_url=SecretStr(pair.several(CROSSING)),
        standby_urls=SecretStr(pair.standby.url(APP)),
        connect_timeout_seconds=2,
    )
    database = Database(settings)
    await database.open()
    try:
        await asyncio.gather(
            *(_tenant(pair, database, number, tally, over, killed) for number in range(TENANTS))
        )
    finally:
        await database.close()


async def _tenant(
    pair: Pair,
    database: Database,
    number: int,
    tally: Tally,
    over: threading.Event,
    killed: threading.Event,
) -> None:
    """Write and read at once; then read some more, which a standby may answer in between."""
    tenant, value = TenantId(UUID(int=number + 1)), 0
    plain = await _plain_connection(pair, tenant)
    while not over.is_set():
        value += 1
        try:
            async with database.session(tenant) as session:
                await session.execute(_COUNT, {"tenant": tenant, "number": value})
        except (SQLAlchemyError, psycopg.Error, TimeoutError):
            await asyncio.sleep(0.02)
            continue
        if not killed.is_set():
            await _read_plainly(plain, value, tally)
        for _ in range(8):
            if tally.is_synchronous or not killed.is_set():
                await _read(database, tenant, value, tally)
            await asyncio.sleep(0.03)
    await plain.close()


async def _read(database: Database, tenant: TenantId, value: int, tally: Tally) -> None:
    try:
        async with database.read_session(tenant) as session:
            row = (await session.execute(_READ_WHERE)).one()
    except (SQLAlchemyError, psycopg.Error, TimeoutError):
        tally.failed_reads += 1
        return
    tally.reads += 1
    tally.standby_reads += bool(row[1])
    tally.stale += row[0] < value


async def _read_plainly(plain: Plain, value: int, tally: Tally) -> None:
    """The peer: read the standby at once, as a client does that knows a second address."""
    with contextlib.suppress(psycopg.Error):
        cursor = await plain.execute(_READ.encode())
        row = await cursor.fetchone()
        tally.plain_reads += 1
        tally.plain_stale += row is None or row[0] < value


async def _plain_connection(pair: Pair, tenant: TenantId) -> Plain:
    plain: Plain = await psycopg.AsyncConnection.connect(pair.standby.url(APP), autocommit=True)
    await plain.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant)])
    return plain
