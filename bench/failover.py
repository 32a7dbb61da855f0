"""A primary killed under writers: the outage, what was lost, and reads that miss the reader's own write.

    ./myriad bench failover [--full]

Two servers of one cluster, four writers that commit row by row through a URL that names both, and
four tenants who write through Myriad's sessions and read at once. The primary and all its processes
are killed by SIGKILL and the standby is promoted. Once with commits that wait for the standby, once
without. An outage lasts from the last commit acknowledged before the kill to the first one after it.

The peer, in the same run and by the same tenants: a plain client that reads the standby without
asking what it has replayed. Lag is from a commit on the primary until the row is seen on the standby.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import psutil
import psycopg
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.data.backup.archive import control
from myriad.scale.data.standby import making
from myriad.scale.embedded.postgres import APP, BACKUP, CROSSING, OWNER, EmbeddedPostgres
from myriad.scale.embedded.tools import PostgresTools
from myriad.scale.tenancy import TenantId

WRITERS, TENANTS = 4, 4
SECONDS, SECONDS_FULL = 15.0, 60.0
SETTLE_SECONDS = 5.0
_TABLES = """
CREATE TABLE written (writer int NOT NULL, number bigint NOT NULL, filler text NOT NULL,
                      PRIMARY KEY (writer, number));
CREATE TABLE beat (number bigint PRIMARY KEY);
CREATE TABLE counter (tenant_id uuid PRIMARY KEY, number bigint NOT NULL);
ALTER TABLE counter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON counter TO myriad_app
    USING (tenant_id = current_setting('app.tenant_id')::uuid);
GRANT SELECT, INSERT, UPDATE ON counter TO myriad_app
"""
_COUNT = text(
    "INSERT INTO counter VALUES (:tenant, :number) "
    "ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number"
)
_READ = "SELECT number FROM counter"
_READ_WHERE = text("SELECT number, pg_is_in_recovery() FROM counter")


Plain = psycopg.AsyncConnection[tuple[int]]


@dataclass
class Pair:
    """A primary and a standby that follows it, both children of this process."""

    primary: EmbeddedPostgres
    standby: EmbeddedPostgres
    child: subprocess.Popen[bytes]

    def several(self, role: str) -> str:
        """Return the URL by which a writer finds whichever of the two is the primary."""
        return making.several_hosts([self.primary.url(role), self.standby.url(role)])

    def kill_primary(self) -> None:
        """Kill the primary and every process of it, and reap it."""
        whole = psutil.Process(self.child.pid).children(recursive=True)
        self.child.kill()
        for process in whole:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.child.wait()


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


@dataclass(frozen=True)
class Outcome:
    """One failover."""

    tally: Tally
    outage_seconds: float
    promote_seconds: float
    lost: int

    @property
    def lag_ms(self) -> tuple[float, float]:
        """Median and 99th percentile of the lag."""
        cuts = statistics.quantiles(self.tally.lags, n=100)
        return cuts[49] * 1000, cuts[98] * 1000


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="a minute before each kill")
    parser.add_argument("--seconds", type=float, help="how long before each kill")
    asked = parser.parse_args(argv)
    seconds = asked.seconds or (SECONDS_FULL if asked.full else SECONDS)
    outcomes = {name: _failover(name == "sync", seconds) for name in ("sync", "async")}
    _show(outcomes)
    waiting, hoping = outcomes["sync"], outcomes["async"]
    stale = waiting.tally.stale + hoping.tally.stale
    lag_p99_ms = max(one.lag_ms[1] for one in outcomes.values())
    print(
        f"RESULT failover outage_seconds={waiting.outage_seconds:.3f} lost={waiting.lost} "
        f"stale_reads={stale} lag_p99_ms={lag_p99_ms:.1f} "
        f"async_outage_seconds={hoping.outage_seconds:.3f} async_lost={hoping.lost} "
        f"reads={sum(one.tally.reads for one in outcomes.values())} "
        f"standby_reads={sum(one.tally.standby_reads for one in outcomes.values())} "
        f"peer_stale_reads={sum(one.tally.plain_stale for one in outcomes.values())} "
        f"peer_reads={sum(one.tally.plain_reads for one in outcomes.values())}"
    )
    return 0 if waiting.lost == stale == 0 and lag_p99_ms < 1000 else 1


def _failover(is_synchronous: bool, seconds: float) -> Outcome:
    with (
        tempfile.TemporaryDirectory(prefix="myriad failover ") as folder,
        _pair(Path(folder)) as pair,
    ):
        if is_synchronous:
            _wait_for_standby_in_commits(pair)
        return _run(pair, seconds, Tally(is_synchronous))


@contextlib.contextmanager
def _pair(folder: Path) -> Iterator[Pair]:
    primary, standby = EmbeddedPostgres(folder / "one"), EmbeddedPostgres(folder / "two")
    with contextlib.ExitStack() as stack:
        primary.initialise()
        child = primary.spawn()
        stack.callback(lambda: primary.stop(child))
        primary.wait_ready(child)
        with psycopg.connect(primary.url(OWNER)) as connection:
            connection.execute(_TABLES)
        shutil.copytree(primary.home / "secrets", standby.home / "secrets")
        tools = PostgresTools(primary.account)
        tools.own(standby.folder)
        making.add_standby(tools, primary.url(BACKUP), standby.data, "standby1")
        follower = standby.spawn()
        stack.callback(lambda: standby.stop(follower))
        standby.wait_ready(follower)
        yield Pair(primary, standby, child)


def _wait_for_standby_in_commits(pair: Pair) -> None:
    with control(pair.primary.url(BACKUP)) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby1'")
        connection.execute("SELECT pg_reload_conf()")


def _run(pair: Pair, seconds: float, tally: Tally) -> Outcome:
    over, killed = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=_write, args=(pair.several(OWNER), number, tally, over))
        for number in range(WRITERS)
    ]
    threads += [
        threading.Thread(target=_beat, args=(pair, tally, killed)),
        threading.Thread(target=lambda: asyncio.run(_tenants(pair, tally, over, killed))),
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    killed_at = time.monotonic()
    killed.set()
    pair.kill_primary()
    began = time.monotonic()
    making.promote(pair.standby.url(BACKUP), primary_url=pair.primary.url(BACKUP))
    promote_seconds = time.monotonic() - began
    time.sleep(SETTLE_SECONDS)
    over.set()
    for thread in threads:
        thread.join()
    return Outcome(tally, _outage(tally, killed_at), promote_seconds, _lost(pair, tally))


def _outage(tally: Tally, killed_at: float) -> float:
    moments = [moment for moment, _, _ in tally.acknowledged]
    before = max(moment for moment in moments if moment <= killed_at)
    after = [moment for moment in moments if moment > killed_at]
    # A commit that was on its way when the kill came may be acknowledged in the same instant.
    ordered = sorted([before, *after])
    return max(later - earlier for earlier, later in pairwise(ordered))


def _lost(pair: Pair, tally: Tally) -> int:
    with psycopg.connect(pair.standby.url(OWNER)) as connection:
        found = set(connection.execute("SELECT writer, number FROM written").fetchall())
    return sum((writer, number) not in found for _, writer, number in tally.acknowledged)


def _write(url: str, writer: int, tally: Tally, over: threading.Event) -> None:
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


def _beat(pair: Pair, tally: Tally, killed: threading.Event) -> None:
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


async def _tenants(
    pair: Pair, tally: Tally, over: threading.Event, killed: threading.Event
) -> None:
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


def _show(outcomes: dict[str, Outcome]) -> None:
    table = Table("", "commits wait", "commits do not", title="A killed primary")
    rows = {
        "seconds without a commit": [f"{one.outage_seconds:.3f}" for one in outcomes.values()],
        "of these to promote": [f"{one.promote_seconds:.3f}" for one in outcomes.values()],
        "acknowledged": [f"{len(one.tally.acknowledged):,}" for one in outcomes.values()],
        "of these lost": [f"{one.lost:,}" for one in outcomes.values()],
        "lag p50 / p99 ms": ["{:.1f} / {:.1f}".format(*one.lag_ms) for one in outcomes.values()],
        "reads, by a standby": [
            f"{one.tally.reads:,}, {one.tally.standby_reads:,}" for one in outcomes.values()
        ],
        "missed the own write": [f"{one.tally.stale:,}" for one in outcomes.values()],
        "reads that failed meanwhile": [f"{one.tally.failed_reads:,}" for one in outcomes.values()],
        "peer: reads, missed the own write": [
            f"{one.tally.plain_reads:,}, {one.tally.plain_stale:,}" for one in outcomes.values()
        ],
    }
    for name, values in rows.items():
        table.add_row(name, *values)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    raise SystemExit(main())
