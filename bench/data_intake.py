"""Rows in, known again by their natural key, under row security: beside COPY and beside an ORM.

    ./myriad bench data-intake [--full] [--rows N]

A million purchases of one tenant over three months (--full: three million) go into a table by month
with four indexes under FORCEd row security, as the application's role, in batches of 10,000 with a
transaction each, two of them under way at a time, which is how `take_in_batches` works by itself;
one_loader_ratio is the same with one. The peers in the same run:

copy_ratio    plain binary COPY of the same rows by the same driver on one connection into a table
              with the same months and indexes, without row security and not idempotent, a
              transaction a batch
orm_ratio     SQLAlchemy's `add_all` into the same table as ours, with the same batches, on a sample

External ids are time-ordered, as those of a ledger that numbers its rows; random ones cost every
form alike in the unique index. Chunks of 200,000 rows are made before they are timed and go to all
in turn, each time in another order; rates are of the whole. `resend_changes` is how many rows a
second sending of everything changed: by the intake's own count and by a digest of the table.

copy_cpu_ratio and orm_cpu_ratio compare the seconds of CPU of client and servers together, which
other work on the machine hardly moves.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import MetaData, create_engine
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import registry

from myriad.apps.products import migration_locations
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.data.bulk import BulkTable, Column, Intake, take_in_batches
from myriad.scale.data.database import sqlalchemy_url
from myriad.scale.data.migrations import create_schema, protect, upgrade
from myriad.scale.directory import create_tenant
from myriad.scale.embedded.servers import ServerUrls, running_servers
from myriad.scale.tenancy import TenantId

ROWS, FULL_ROWS, CHUNK, BATCH, ORM_ROWS = 1_000_000, 3_000_000, 200_000, 10_000, 20_000
FIRST_DAY, DAYS = dt.date(2026, 3, 1), 92
SEEN = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
COLUMNS = (
    Column("id", "uuid"),
    Column("member_id", "bigint"),
    Column("account_id", "bigint"),
    Column("external_id", "text"),
    Column("booked_on", "date"),
    Column("amount_minor", "bigint"),
    Column("currency", "text"),
    Column("raw", "text"),
    Column("merchant", "bigint"),
    Column("seen_at", "timestamptz"),
)
PURCHASE = BulkTable("bench.purchase", COLUMNS, key=("external_id", "booked_on"))
_MONTHS = ("2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01")
DDL = """
CREATE TABLE bench.{name} (
    tenant_id uuid NOT NULL, id uuid NOT NULL, member_id bigint NOT NULL,
    account_id bigint NOT NULL, external_id text COLLATE "C" NOT NULL, booked_on date NOT NULL,
    amount_minor bigint NOT NULL, currency text NOT NULL, raw text NOT NULL,
    merchant bigint NOT NULL, seen_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, booked_on, id),
    UNIQUE (tenant_id, external_id, booked_on)
) PARTITION BY RANGE (booked_on);
CREATE INDEX ON bench.{name} (tenant_id, member_id, booked_on);
CREATE INDEX ON bench.{name} (tenant_id, merchant, booked_on);
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="three million")
    parser.add_argument("--rows", type=int, help="another number")
    asked = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory(prefix="data-intake-") as folder,
        running_servers(Path(folder), frozenset({"postgres"})) as urls,
    ):
        return asyncio.run(_measure(urls, asked.rows or (FULL_ROWS if asked.full else ROWS)))


async def _measure(urls: ServerUrls, rows: int) -> int:
    database, tenants = await _prepare(urls)
    mine, other = tenants
    (ours, alone, copied), cpu = await _side_by_side(database, urls, tenants, rows)
    used = _cpu()
    modelled = _by_orm(urls, other)
    cpu["orm"] = (_cpu() - used) / ORM_ROWS
    before = _digest(urls, mine)
    again, spent = Intake(), 0.0
    for chunk in _chunks(rows):
        began = time.perf_counter()
        again += await _take(database, mine, chunk)
        spent += time.perf_counter() - began
    resent = rows / spent
    changes = again.new + again.refused + (_digest(urls, mine) != before)
    await database.close()
    _print(
        [
            ("idempotent intake, row security", ours, cpu["ours"]),
            ("the same with one loader", alone, cpu["alone"]),
            ("plain COPY", copied, cpu["copy"]),
            ("SQLAlchemy add_all", modelled, cpu["orm"]),
            ("intake, everything sent again", resent, None),
        ],
        copied,
    )
    print(
        f"RESULT data-intake copy_ratio={ours / copied:.3f} orm_ratio={ours / modelled:.1f} "
        f"resend_changes={changes} one_loader_ratio={alone / copied:.3f} rows_per_s={ours:.0f} "
        f"copy_rows_per_s={copied:.0f} orm_rows_per_s={modelled:.0f} "
        f"resend_rows_per_s={resent:.0f} copy_cpu_ratio={cpu['copy'] / cpu['ours']:.3f} "
        f"orm_cpu_ratio={cpu['orm'] / cpu['ours']:.1f} rows={rows}"
    )
    return 0


async def _prepare(urls: ServerUrls) -> tuple[Database, tuple[TenantId, TenantId]]:
    upgrade(urls.database_url, migration_locations())
    with psycopg.connect(urls.database_url, autocommit=True) as owner:
        create_schema(_Owner(owner), "bench")
        for name in ("purchase", "plain"):
            owner.execute(DDL.format(name=name).encode())
            for low, high in pairwise(_MONTHS):
                month = f"bench.{name}_p{low[:7].replace('-', '_')}"
                sql = f"CREATE TABLE {month} PARTITION OF bench.{name} "
                owner.execute(f"{sql} FOR VALUES FROM ('{low}') TO ('{high}')".encode())
        protect(_Owner(owner), "bench.purchase")
    settings = DatabaseSettings.model_validate(
        {"url": urls.database_url, "app_url": urls.app_url, "crossing_url": urls.crossing_url}
    )
    database = Database(settings, process="bench")
    async with database.crossing("bench makes an account") as session:
        first = await create_tenant(session, slug="first", name="First", timezone="UTC")
        second = await create_tenant(session, slug="second", name="Second", timezone="UTC")
    return database, (first, second)


class _Owner:
    """What a migration works with."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, sqltext: str, /) -> None:
        """Run one statement."""
        self._connection.execute(sqltext.encode())


async def _side_by_side(
    database: Database, urls: ServerUrls, tenants: tuple[TenantId, TenantId], count: int
) -> tuple[tuple[float, float, float], dict[str, float]]:
    """Take each chunk in by ours, by ours with one loader, and by COPY, in turn.

    Returns rows a second of each, and seconds of CPU a row, client and server together.
    """
    seconds, rows = dict.fromkeys(("ours", "alone", "copy"), 0.0), 0
    used = dict(seconds)
    turns = [("ours", "copy", "alone"), ("copy", "alone", "ours"), ("alone", "ours", "copy")]
    with psycopg.connect(urls.database_url) as owner:
        for place, chunk in enumerate(_chunks(count)):
            for who in turns[place % 3]:
                began, before = time.perf_counter(), _cpu()
                if who == "copy":
                    _copy(owner, tenants[0], chunk)
                else:
                    loaders = 2 if who == "ours" else 1
                    await _take(database, tenants[who == "alone"], chunk, loaders)
                seconds[who] += time.perf_counter() - began
                used[who] += _cpu() - before
            rows += len(chunk)
    rates = (rows / seconds["ours"], rows / seconds["alone"], rows / seconds["copy"])
    return rates, {who: spent / rows for who, spent in used.items()}


def _cpu() -> float:
    """Return the seconds of CPU that this process and the servers below it have used."""
    mine = psutil.Process()
    return sum(sum(one.cpu_times()[:4]) for one in (mine, *mine.children(recursive=True)))


async def _take(
    database: Database, tenant: TenantId, rows: Sequence[Sequence[Any]], loaders: int = 2
) -> Intake:
    batches = take_in_batches(database, tenant, PURCHASE, rows, batch_rows=BATCH, loaders=loaders)
    return [so_far async for so_far in batches][-1]


def _copy(owner: psycopg.Connection[Any], tenant: TenantId, rows: Sequence[Sequence[Any]]) -> None:
    names = f"tenant_id, {PURCHASE.names}"
    types = ["uuid", *PURCHASE.types]
    for at in range(0, len(rows), BATCH):
        sql = f"COPY bench.plain ({names}) FROM STDIN (FORMAT BINARY)"
        with owner.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            copy.set_types(types)
            for row in rows[at : at + BATCH]:
                copy.write_row((tenant, *row))
        owner.commit()


def _by_orm(urls: ServerUrls, tenant: TenantId) -> float:
    """Return rows a second of `add_all`, as the same role into the same table."""
    engine = create_engine(sqlalchemy_url(urls.app_url))
    modelled = SqlTable("purchase", MetaData(schema="bench"), autoload_with=engine)

    class Purchase:
        """A row as an object."""

        def __init__(self, **values: Any) -> None:
            vars(self).update(values)

    registry().map_imperatively(Purchase, modelled)
    names = [column.name for column in COLUMNS]
    rows = next(_chunks(ROWS, seed=2))[:ORM_ROWS]
    spent = 0.0
    for at in range(0, len(rows), BATCH):
        facts = [dict(zip(names, row, strict=True)) for row in rows[at : at + BATCH]]
        began = time.perf_counter()
        with OrmSession(engine) as session, session.begin():
            session.connection().exec_driver_sql(
                "SELECT set_config('app.tenant_id', %s, true)", (str(tenant),)
            )
            session.add_all([Purchase(tenant_id=tenant, **one) for one in facts])
        spent += time.perf_counter() - began
    engine.dispose()
    return len(rows) / spent


def _chunks(count: int, seed: int = 1) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the same rows each time, in the order of their days, as banks send them."""
    dice = random.Random(seed)
    for start in range(0, count, CHUNK):
        chunk = []
        for number in range(start, min(count, start + CHUNK)):
            member = dice.randrange(10_000)
            day = FIRST_DAY + dt.timedelta(days=number * DAYS // count)
            merchant = int(dice.paretovariate(0.7)) % 200_000
            chunk.append(
                (
                    UUID(int=(seed << 120) | (number << 64) | dice.getrandbits(60)),
                    member,
                    member * 3 + number % 3,
                    f"{seed}{number:09}x{dice.getrandbits(32):08x}",
                    day,
                    dice.randrange(100, 20_000),
                    "USD",
                    f"SQ *SHOP {merchant} {number % 97:03} AUSTIN TX",
                    merchant,
                    SEEN,
                )
            )
        yield chunk


def _digest(urls: ServerUrls, tenant: TenantId) -> str:
    sql = """SELECT count(*) || ':' || coalesce(sum(hashtextextended(purchase::text, 0)), 0)
             FROM bench.purchase WHERE tenant_id = %s"""
    with psycopg.connect(urls.crossing_url) as connection:
        found = connection.execute(sql, [tenant]).fetchone()
    return str(found[0]) if found else ""


def _print(rows: list[tuple[str, float, float | None]], copied: float) -> None:
    table = Table("what", "rows/s", "beside COPY", "CPU of a row, µs")
    for name, rate, cpu in rows:
        each = f"{cpu * 1e6:.1f}" if cpu else ""
        table.add_row(name, f"{rate:,.0f}", f"{rate / copied:.2f}", each)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main())
