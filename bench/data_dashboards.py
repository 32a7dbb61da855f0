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
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_dashboards_costs import REPEATS, cost_of_planning, cost_of_refresh, cost_of_rows
from data_dashboards_pages import (
    RAW,
    SINCE,
    TODAY,
    cached_p95,
    find_member,
    keep_quality,
    look_as_member,
    look_at_analytics,
    p95,
    timed,
)
from data_dashboards_world import COUNTED, DECIDED, Owner, grow, prepare
from rich.console import Console
from rich.table import Table

from myriad.apps.products import migration_locations
from myriad.products.kamioi.repository.dashboards import get_programme_counts
from myriad.scale.data import DatabaseSettings
from myriad.scale.data.migrations import upgrade
from myriad.scale.data.rollups import compare
from myriad.scale.directory import create_tenant
from myriad.scale.embedded.servers import ServerUrls, running_servers
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

SIZES, FULL_SIZES = (1_000_000,), (1_000_000, 5_000_000, 14_000_000)


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
        prepare(owner)
        for size in sizes:
            grow(owner, tenants, before, size)
            found.append(await _at_size(runtime, urls, owner, tenants, size))
            print(f"{size:,} purchases: {found[-1]}", flush=True)
            before = size
    _print(found)
    _result(found)
    return 0 if not any(one.differences for one in found) else 1


async def _tenant(runtime: Runtime, name: str) -> TenantId:
    async with runtime.database.crossing("the bench makes tenants") as session:
        return await create_tenant(session, slug=name, name=name.title())


async def _at_size(
    runtime: Runtime, urls: ServerUrls, owner: Owner, tenants: list[TenantId], size: int
) -> Measured:
    whale = tenants[0]
    reader = BoundReader(runtime, whale)
    member = find_member(owner, whale)
    cached = await cached_p95(runtime, urls, reader)
    cold = await p95(lambda: get_programme_counts(reader, SINCE, TODAY))
    looked = await p95(lambda: look_as_member(reader, member))
    measuring = await timed(lambda: keep_quality(runtime, whale))
    analytics = await p95(lambda: look_at_analytics(runtime, whale))
    raw = statistics.median(
        [await timed(lambda: reader.rows(RAW, {"since": SINCE})) for _ in range(REPEATS)]
    )
    cost = cost_of_rows(urls, owner, whale)
    refresh = cost_of_refresh(urls, owner, whale)
    differences = 0
    for tenant in tenants:
        for one in (*COUNTED, *DECIDED):
            differences += len(await compare(runtime.database, one, tenant))
    planning = cost_of_planning(urls, whale)
    pages = (cached, cold, looked, planning, raw, analytics, measuring)
    return Measured(size, *pages, *cost, refresh, differences)


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
