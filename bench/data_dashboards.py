"""Dashboards over millions of purchases, and what keeping their counts costs beside REFRESH.

    ./myriad bench data-dashboards [--full] [--sizes N [N ...]]

One tenant has a million purchases (--full: 1, 5 and 14 million, with 1.5 million strings of
statements at the last; about 11 GB for as long as it runs) of 20,000 members, and a second tenant a
tenth of them, over 24 months under FORCEd row security. Four of five purchases have one of a
thousand strings, falling off as on real cards (of 185,908 card transactions 260 strings covered
65.5 %, a thousand 80.3 %); the fifth has any string. Made in SQL by the owner; the counts of it are
made at once. At each size, as the application's role:

cached      the programme's first page from the cache, Redis between, nothing held in process
cold        the same page made from the counts
member      a member's home and a member's activity, in turn
raw         the programme's page made from the rows, as it would be without counts (the peer)
analytics   the page of how good mapping is, from what the hourly job measured
measuring   what that job takes over every string in use
rows        what 10,000 new purchases of the day take without triggers
rollup      what they cost more with the triggers of the counts
refresh     what REFRESH MATERIALIZED VIEW CONCURRENTLY of the same counts takes after them (the peer)

Times are wall milliseconds as the client sees them, `cpu` those that the server worked; insertions
are rolled back, the two forms in turn, medians of five. At the end all counts are compared with the
rows, key by key. Pages are asked for 60 times; p95 is the 57th of them. Plans are made anew each
time.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from myriad.apps.products import migration_locations
from myriad.kit.clock import utc_now
from myriad.products.kamioi.member.activity import Filters, list_purchases
from myriad.products.kamioi.member.home import look_home
from myriad.products.kamioi.models import PURCHASE_DAY
from myriad.products.kamioi.operation.measuring import get_quality, keep, list_days
from myriad.products.kamioi.people import MemberFacts
from myriad.products.kamioi.repository.dashboards import ProgrammeCounts, get_programme_counts
from myriad.scale.cache import declare, open_cache
from myriad.scale.data import DatabaseSettings, metadata
from myriad.scale.data.migrations import upgrade
from myriad.scale.data.rollups import Rollup, compare, list_rollups
from myriad.scale.data.rollups.ddl import counted, fill_dml
from myriad.scale.directory import create_tenant
from myriad.scale.embedded.servers import ServerUrls, running_servers
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

SIZES, FULL_SIZES = (1_000_000,), (1_000_000, 5_000_000, 14_000_000)
MONTHS, MEMBERS, NEW_ROWS, ASKED, REPEATS = 24, 20_000, 10_000, 60, 5
STRINGS_A_PURCHASE = 1.5 / 14
COUNTED = [one for one in list_rollups(metadata) if one.source == "kamioi.purchase"]
DECIDED = [one for one in list_rollups(metadata) if one.source == "kamioi.mapping"]
TABLES = ("member", "purchase", "descriptor", "mapping")
TODAY = utc_now().date()
SINCE = TODAY - dt.timedelta(days=89)
NEWEST = (dt.date(9999, 12, 31), UUID(int=2**128 - 1))
DASHBOARD = declare("bench.programme", ProgrammeCounts, "dashboard")

# Members and strings have ids that follow from their numbers, so that rows need no look-up.
MAKE_STRINGS = """
WITH made AS (
    INSERT INTO kamioi.descriptor (tenant_id, id, norm, raw_example, first_seen_on)
    SELECT %(tenant)s::uuid, md5('d' || %(tenant)s::text || n)::uuid, 'merchant ' || n, 'MERCHANT ' || n,
        current_date
    FROM generate_series(%(low)s::int, %(high)s::int - 1) AS n RETURNING tenant_id, id, norm
)
INSERT INTO kamioi.mapping (tenant_id, descriptor_id, version, confidence, method, state)
SELECT tenant_id, id, 1, 0.9, (ARRAY['rule', 'exact', 'prefix', 'llm'])[1 + length(norm) %% 4],
    CASE WHEN hashtext(norm) %% 50 = 0 THEN 'proposed' ELSE 'auto' END
FROM made
"""
MAKE_MEMBERS = """
INSERT INTO kamioi.member (tenant_id, id, name)
SELECT %(tenant)s::uuid, md5('m' || member)::uuid, 'Member ' || member
FROM generate_series(0, %(members)s::int) AS member ON CONFLICT DO NOTHING
"""
MAKE_PURCHASES = """
INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, state, kind,
    shown_on, amount_minor, currency, raw, descriptor_id, source)
SELECT %(tenant)s::uuid, day, md5('m' || member)::uuid, md5('m' || member)::uuid, 'p' || n,
    CASE WHEN n %% 100 = 0 THEN 'pending' ELSE 'posted' END,
    CASE WHEN n %% 12 = 0 THEN 'refund' ELSE 'purchase' END,
    day, 100 + (random() * 9000)::int, 'USD', 'MERCHANT ' || string,
    md5('d' || %(tenant)s::text || string)::uuid, 'plaid'
FROM (
    SELECT n, (current_date - (%(days)s::int * (1 - (n - %(low)s::bigint) / (%(high)s::bigint - %(low)s::bigint)::float8))::int)
        AS day, (random() * %(members)s::int)::int AS member,
        (CASE WHEN random() < 0.8 THEN least(1000, %(strings)s::int) * power(random(), 6)
            ELSE %(strings)s::int * random() END)::int AS string
    FROM generate_series(%(low)s::bigint, %(high)s::bigint - 1) AS n
) AS made
"""
NEW = """
INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, state, kind,
    shown_on, amount_minor, currency, raw, descriptor_id, source)
SELECT tenant_id, current_date, member_id, account_id, 'new' || %(round)s::text || '-' || external_id,
    state, kind, current_date, amount_minor, currency, raw, descriptor_id, source
FROM new_rows
"""
# The programme's page as one asks for it without rollups.
RAW = """
SELECT booked_on, state, kind, currency, count(*), sum(amount_minor) FROM kamioi.purchase
WHERE booked_on >= %(since)s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""

_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'kamioi.purchase'::regclass AND contype = 'u'
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'kamioi.purchase'::regclass AND NOT indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


@dataclass
class Measured:
    """One size: milliseconds, and how often two keys of a rollup and its rows differ."""

    rows: int
    cached: float
    cold: float
    member: float
    planning: float
    raw: float
    analytics: float
    measuring: float
    plain: float
    rollup: float
    plain_cpu: float
    rollup_cpu: float
    refresh: float
    differences: int

    @property
    def ratio(self) -> float:
        return self.refresh / self.rollup


class Owner:
    """The owner's connection, which for this bench sees the rows that it makes."""

    def __init__(self, urls: ServerUrls) -> None:
        self.connection = psycopg.connect(urls.database_url, autocommit=True)

    def run(self, sql: str, given: dict[str, Any] | None = None) -> float:
        """Run `sql` and return its milliseconds."""
        began = time.perf_counter()
        self.connection.execute(sql.encode(), given)
        return (time.perf_counter() - began) * 1000


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to 14 million purchases")
    parser.add_argument("--sizes", type=int, nargs="+", help="other sizes, growing")
    asked = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory(prefix="data-dashboards-") as folder,
        running_servers(Path(folder)) as urls,
    ):
        upgrade(urls.database_url, migration_locations())
        return asyncio.run(_measure(urls, asked.sizes or (FULL_SIZES if asked.full else SIZES)))


async def _measure(urls: ServerUrls, sizes: Sequence[int]) -> int:
    settings = DatabaseSettings.model_validate(
        {"url": urls.database_url, "app_url": urls.app_url, "crossing_url": urls.crossing_url}
    )
    found = []
    async with open_runtime(
        process="bench",
        database=settings,
        broker_url=urls.broker_url,
        cache_url=urls.cache_url,
        vault=Vault(bytes(32)),
    ) as runtime:
        tenants = [await _tenant(runtime, name) for name in ("whale", "minnow")]
        owner, before = Owner(urls), 0
        _prepare(owner)
        for size in sizes:
            _grow(owner, tenants, before, size)
            found.append(await _at_size(runtime, urls, owner, tenants, size))
            print(f"{size:,} purchases: {found[-1]}", flush=True)
            before = size
    _print(found)
    _result(found)
    return 0 if not any(one.differences for one in found) else 1


async def _tenant(runtime: Runtime, name: str) -> TenantId:
    async with runtime.database.crossing("the bench makes tenants") as session:
        return await create_tenant(session, slug=name, name=name.title())


def _prepare(owner: Owner) -> None:
    """Make the months and let the owner see what it makes."""
    owner.run(
        "SELECT platform.ensure_months('kamioi.purchase', "
        f"(current_date - interval '{MONTHS} months')::date, current_date)"
    )
    for table in (*TABLES, *(_bare(one) for one in (*COUNTED, *DECIDED))):
        owner.run(f"ALTER TABLE kamioi.{table} NO FORCE ROW LEVEL SECURITY")


def _grow(owner: Owner, tenants: list[TenantId], before: int, size: int) -> None:
    """Bring the first tenant to `size` purchases and the second to a tenth of them."""
    _triggers(owner, "DISABLE")
    rebuilding = _drop_indexes(owner)
    for tenant, share in zip(tenants, (1, 10), strict=True):
        strings = [int(count * STRINGS_A_PURCHASE / share) for count in (before, size)]
        given = {"tenant": str(tenant), "low": strings[0], "high": strings[1]}
        owner.run(MAKE_STRINGS, given)
        owner.run(MAKE_MEMBERS, {"tenant": str(tenant), "members": MEMBERS // share})
        owner.run(
            MAKE_PURCHASES,
            {
                "tenant": str(tenant),
                "low": before // share,
                "high": size // share,
                "days": 30 * (MONTHS - 1),
                "members": MEMBERS // share,
                "strings": strings[1] - 1,
            },
        )
    for statement in rebuilding:
        owner.run(statement)
    for rollup in (*COUNTED, *DECIDED):
        owner.run(f"TRUNCATE {rollup.target}")
        owner.run(fill_dml(rollup))
    _triggers(owner, "ENABLE")
    for table in (*TABLES, *(_bare(one) for one in COUNTED)):
        owner.run(f"VACUUM (ANALYZE) kamioi.{table}")


def _drop_indexes(owner: Owner) -> list[str]:
    """Drop the indexes of purchases but for the key, and return the statements that make them."""
    indexes = owner.connection.execute(_INDEXES).fetchall()
    constraints = owner.connection.execute(_CONSTRAINTS).fetchall()
    for name, _ in constraints:
        owner.run(f"ALTER TABLE kamioi.purchase DROP CONSTRAINT {name}")
    for name, _ in indexes:
        owner.run(f"DROP INDEX {name}")
    return [
        *(definition.replace(" ON ONLY ", " ON ") for _, definition in indexes),
        *(
            f"ALTER TABLE kamioi.purchase ADD CONSTRAINT {name} {text}"
            for name, text in constraints
        ),
    ]


async def _at_size(
    runtime: Runtime, urls: ServerUrls, owner: Owner, tenants: list[TenantId], size: int
) -> Measured:
    whale = tenants[0]
    reader = BoundReader(runtime, whale)
    member = _member(owner, whale)
    cached = await _cached(runtime, urls, reader)
    cold = await _p95(lambda: get_programme_counts(reader, SINCE, TODAY))
    looked = await _p95(lambda: _member_pages(reader, member))
    measuring = await _timed(lambda: _keep_quality(runtime, whale))
    analytics = await _p95(lambda: _analytics(runtime, whale))
    raw = statistics.median(
        [await _timed(lambda: reader.rows(RAW, {"since": SINCE})) for _ in range(REPEATS)]
    )
    cost = _cost_of_rows(urls, owner, whale)
    refresh = _refresh(urls, owner, whale)
    differences = 0
    for tenant in tenants:
        for one in (*COUNTED, *DECIDED):
            differences += len(await compare(runtime.database, one, tenant))
    planning = _planning(urls, whale)
    pages = (cached, cold, looked, planning, raw, analytics, measuring)
    return Measured(size, *pages, *cost, refresh, differences)


async def _member_pages(reader: BoundReader, member: MemberFacts) -> None:
    await look_home(reader, member, utc_now())
    await list_purchases(reader, member, Filters(since=SINCE, until=TODAY), NEWEST, 50)


async def _keep_quality(runtime: Runtime, tenant: TenantId) -> None:
    async with runtime.database.session(tenant) as session:
        await keep(session, utc_now())


async def _analytics(runtime: Runtime, tenant: TenantId) -> None:
    now = utc_now()
    async with runtime.database.read_session(tenant) as session:
        await get_quality(session, now)
        await list_days(session, now - dt.timedelta(days=60))


async def _cached(runtime: Runtime, urls: ServerUrls, reader: BoundReader) -> float:
    """Return the p95 of looks that find the page in Redis; each by a cache that holds nothing."""

    async def load() -> ProgrammeCounts:
        return await get_programme_counts(reader, SINCE, TODAY)

    await runtime.caches.get(DASHBOARD, reader.tenant_id, (SINCE,), load)
    seconds = []
    for _ in range(ASKED):
        cache = open_cache(urls.cache_url, runtime.cache)
        looking = partial(cache.get, DASHBOARD, reader.tenant_id, (SINCE,), load)
        seconds.append(await _timed(looking))
        await cache.close()
    return _percentile(seconds)


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000


async def _p95(ask: Callable[[], Awaitable[object]], asked: int = ASKED) -> float:
    return _percentile([await _timed(ask) for _ in range(asked)])


def _percentile(milliseconds: list[float]) -> float:
    return sorted(milliseconds)[max(0, int(len(milliseconds) * 0.95) - 1)]


def _member(owner: Owner, tenant: TenantId) -> MemberFacts:
    row = owner.connection.execute(
        "SELECT member_id FROM kamioi.purchase WHERE tenant_id = %s AND booked_on >= %s LIMIT 1",
        [tenant, SINCE],
    ).fetchone()
    assert row is not None
    return MemberFacts(tenant, UUID(str(row[0])), UUID(int=0), "Ann", "USD", "UTC", "active")


def _cost_of_rows(
    urls: ServerUrls, owner: Owner, tenant: TenantId
) -> tuple[float, float, float, float]:
    """Return what 10,000 new rows take without triggers and what more with them, then their CPU."""
    with_triggers: list[tuple[float, float]] = []
    without: list[tuple[float, float]] = []
    for number in range(REPEATS * 2):
        is_with = number % 2 == 0
        _triggers(owner, "ENABLE" if is_with else "DISABLE")
        spent = _insert(urls, tenant, number)
        (with_triggers if is_with else without).append(spent)
    _triggers(owner, "ENABLE")
    (wall, cpu), (more_wall, more_cpu) = _medians(without), _medians(with_triggers)
    return wall, more_wall - wall, cpu, more_cpu - cpu


def _medians(spent: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(one for one, _ in spent), statistics.median(one for _, one in spent)


def _insert(
    urls: ServerUrls, tenant: TenantId, number: int, *, keep: bool = False
) -> tuple[float, float]:
    """Insert 10,000 rows; return wall milliseconds and those that the server's process worked."""
    with psycopg.connect(urls.app_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        connection.execute(
            "CREATE TEMP TABLE new_rows AS SELECT * FROM kamioi.purchase "
            "WHERE booked_on >= current_date - 300 LIMIT %s",
            [NEW_ROWS],
        )
        server = psutil.Process(connection.info.backend_pid)
        before, began = sum(server.cpu_times()[:2]), time.perf_counter()
        done = connection.execute(NEW.encode(), {"round": number})
        wall, after = time.perf_counter() - began, sum(server.cpu_times()[:2])
        assert done.rowcount == NEW_ROWS, f"{done.rowcount} rows are not {NEW_ROWS}"
        connection.execute("DROP TABLE new_rows")
        connection.commit() if keep else connection.rollback()
    return wall * 1000, (after - before) * 1000


def _refresh(urls: ServerUrls, owner: Owner, tenant: TenantId) -> float:
    """Return what refreshing views of the same content takes after 10,000 new rows."""
    for rollup in COUNTED:
        view = f"kamioi.{_bare(rollup)}_view"
        owner.run(f"CREATE MATERIALIZED VIEW {view} AS {counted(rollup)}")
        owner.run(f"CREATE UNIQUE INDEX ON {view} ({', '.join(rollup.keys)})")
        owner.run(f"ANALYZE {view}")
    _insert(urls, tenant, 1_000 + int(time.time()), keep=True)
    spent = sum(
        owner.run(f"REFRESH MATERIALIZED VIEW CONCURRENTLY kamioi.{_bare(rollup)}_view")
        for rollup in COUNTED
    )
    for rollup in COUNTED:
        owner.run(f"DROP MATERIALIZED VIEW kamioi.{_bare(rollup)}_view")
    return spent


def _planning(urls: ServerUrls, tenant: TenantId) -> float:
    """Return the milliseconds of planning the largest query of the page."""
    with psycopg.connect(urls.app_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        query = f"SELECT * FROM {PURCHASE_DAY.target} WHERE day >= '{SINCE}'"
        plans = [
            connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".encode()).fetchone()
            for _ in range(REPEATS)
        ]
    return float(
        statistics.median(plan[0][0]["Planning Time"] for plan in plans if plan is not None)
    )


def _triggers(owner: Owner, word: str) -> None:
    for rollup in (*COUNTED, *DECIDED):
        for event in ("insert", "update", "delete"):
            owner.run(f"ALTER TABLE {rollup.source} {word} TRIGGER {_bare(rollup)}_{event}")


def _bare(rollup: Rollup) -> str:
    return rollup.target.split(".")[1]


def _print(found: list[Measured]) -> None:
    table = Table(
        "purchases",
        "cached p95",
        "cold p95",
        "member p95",
        "planning",
        "raw",
        "analytics p95",
        "measuring",
        "rows",
        "+ counts",
        "cpu",
        "+ counts",
        "refresh",
        "ratio",
        "differences",
    )
    for one in found:
        small = (one.cached, one.cold, one.member, one.planning, one.raw, one.analytics)
        rows = (one.plain, one.rollup, one.plain_cpu, one.rollup_cpu)
        large = (one.measuring, *rows, one.refresh)
        table.add_row(
            f"{one.rows:,}",
            *(f"{number:,.1f}" for number in small),
            *(f"{number:,.0f}" for number in large),
            f"{one.ratio:,.0f}",
            str(one.differences),
        )
    Console(width=170).print(table)
    print("Milliseconds. Rows are 10,000 new ones, counts what the triggers add to them.")


def _result(found: list[Measured]) -> None:
    last = found[-1]
    each = " ".join(
        f"{name}_{_size(one.rows)}={value:.1f}"
        for one in found
        for name, value in (
            ("cached_p95_ms", one.cached),
            ("cold_p95_ms", one.cold),
            ("member_p95_ms", one.member),
            ("analytics_p95_ms", one.analytics),
            ("measuring_ms", one.measuring),
            ("raw_ms", one.raw),
            ("rows_ms", one.plain),
            ("rollup_ms", one.rollup),
            ("rows_cpu_ms", one.plain_cpu),
            ("rollup_cpu_ms", one.rollup_cpu),
            ("refresh_ms", one.refresh),
            ("rollup_vs_refresh", one.ratio),
        )
    )
    print(
        f"RESULT data-dashboards cached_p95_ms={last.cached:.2f} cold_p95_ms={last.cold:.1f} "
        f"analytics_p95_ms={last.analytics:.1f} rollup_vs_refresh={last.ratio:.0f} "
        f"raw_vs_cold={last.raw / last.cold:.0f} "
        f"rollup_cpu_share={last.rollup_cpu / last.plain_cpu:.2f} "
        f"differences={sum(one.differences for one in found)} {each}"
    )


def _size(rows: int) -> str:
    return f"{rows // 1_000_000}m" if rows >= 1_000_000 else f"{rows // 1_000}k"


if __name__ == "__main__":
    sys.exit(main())
