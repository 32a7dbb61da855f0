"""One night of keeper-daily: accounts, the day's news, every job, and what it all cost."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
import psycopg
from cpu_meter import Meter
from job_peers.harness import Place
from keeper_accounts import Copier, Template

from myriad.kit.ids import new_id
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.weekly_queue import enqueue_week
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

CORES, PHASES = 2, 7
_LEFT = "SELECT count(*) FROM platform.job WHERE state <> 'dead'"
_ENDED = """
SELECT agent, state, count(*) FROM keeper.agent_run r
WHERE started_at >= %s AND tenant_id = ANY (%s::uuid[]) GROUP BY agent, state ORDER BY agent, state
"""


@dataclass(frozen=True, slots=True)
class Night:
    """One measured night."""

    accounts: int
    cpu_seconds: float
    wall_seconds: float
    worker_mb: float
    parts: Mapping[str, float]
    preparing_seconds: float = 0.0
    disk_gb: float = 0.0

    @property
    def per_hour(self) -> float:
        """Accounts an hour on two busy cores."""
        return 3600 * CORES * self.accounts / self.cpu_seconds


@dataclass(frozen=True)
class Bench:
    """What every night of the bench works with: servers, accounts to copy, and workers."""

    place: Place
    runtime: Runtime
    copier: Copier
    templates: list[Template]
    processes: list[psutil.Process]
    meter: Meter

    async def work(self, accounts: int, name: str) -> list[TenantId]:
        """Copy accounts, bring the news, and work through one night of them."""
        tenants = self._prepare(accounts, name)
        await self._night(tenants)
        return tenants

    async def measure(self, accounts: int) -> Night:
        """Time one night; checks that all agents ended."""
        began, before = time.perf_counter(), self._disk_gb()
        tenants = self._prepare(accounts, f"night-{accounts}")
        prepared, since = time.perf_counter(), datetime.now(UTC)
        before_parts = self.meter.parts()
        await self._night(tenants)
        wall = time.perf_counter() - prepared
        parts = {
            name: seconds - before_parts.get(name, 0.0)
            for name, seconds in self.meter.parts().items()
        }
        self._check(since, tenants)
        megabytes = max(_memory(process) for process in self.processes)
        return Night(
            accounts=accounts,
            cpu_seconds=sum(parts.values()),
            wall_seconds=wall,
            worker_mb=megabytes,
            parts=parts,
            preparing_seconds=prepared - began,
            disk_gb=self._disk_gb() - before,
        )

    def _prepare(self, accounts: int, name: str) -> list[TenantId]:
        tenants = copy_accounts(self.copier, self.templates, accounts, name)
        self.copier.analyze()
        return tenants

    async def _night(self, tenants: list[TenantId]) -> None:
        with psycopg.connect(self.place.urls.crossing_url, autocommit=True) as connection:
            await queue_night(self.runtime, tenants)
            await wait_until_empty(connection)

    def _check(self, since: datetime, tenants: list[TenantId]) -> None:
        with psycopg.connect(self.place.urls.crossing_url, autocommit=True) as connection:
            ended = connection.execute(_ENDED, (since, tenants)).fetchall()
        check(ended, len(tenants))

    def _disk_gb(self) -> float:
        with psycopg.connect(self.place.urls.database_url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return row[0] / 1e9 if row else 0.0


def copy_accounts(
    copier: Copier, templates: list[Template], accounts: int, name: str
) -> list[TenantId]:
    """Deal the accounts out among the templates."""
    tenants = [TenantId(new_id()) for _ in range(accounts)]
    for place, template in enumerate(templates):
        own = tenants[place :: len(templates)]
        if own:
            copier.copy(template, own, f"{name}-{place}")
            copier.add_news(template, own)
    return tenants


async def queue_night(runtime: Runtime, tenants: list[TenantId]) -> None:
    """Queue a run for every account, and the week of those whose phase has it tonight."""
    for place, tenant in enumerate(tenants):
        async with runtime.database.session(tenant) as session:
            await enqueue_run(session, is_asked=False)
            if place % PHASES == PHASES - 1:
                await enqueue_week(session)


async def wait_until_empty(connection: psycopg.Connection, seconds: float = 3600) -> None:
    """Wait until no job is left."""
    ends = time.monotonic() + seconds
    while True:
        row = connection.execute(_LEFT).fetchone()
        if row == (0,):
            return
        if time.monotonic() > ends:
            sys.exit(f"keeper-daily: {row} jobs are left after {seconds:.0f} s")
        await asyncio.sleep(0.2)


def check(ended: list[tuple[str, str, int]], accounts: int) -> None:
    """End the bench when an agent failed or did not run everywhere."""
    bad = [row for row in ended if row[1] not in ("ok", "skipped")]
    counts: dict[str, int] = {}
    for agent, _, count in ended:
        counts[agent] = counts.get(agent, 0) + count
    if bad or len(counts) != 7 or set(counts.values()) != {accounts}:
        sys.exit(f"keeper-daily: not every agent ended well for {accounts} accounts: {ended}")


def _memory(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6
