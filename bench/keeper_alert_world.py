"""The servers and accounts of `keeper_alert`, the night that they have, and the processes at it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from job_peers.harness import Place, running
from keeper_accounts import make_templates

from myriad.products.keeper.runs import run_account
from myriad.scale.directory import Role, issue_api_key
from myriad.scale.jobs import Job, enqueue_many, task
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

NIGHT_TASK = "bench.night.run"
SLOTS = 4
CUSTOMERS = 90
KEY, HOOK_KEY = bytes(range(32)), "bench-webhook-key"
MERCHANT, ONE_QUEUE = "BENCH-MERCHANT", "KEEPER_ALERT_ONE_QUEUE"
_BENCH = Path(__file__).with_name("keeper_alert.py")
_AWAY = """
SELECT DISTINCT ON (m.person_id) m.person_id, c.ext_id FROM keeper.person_metrics m
JOIN keeper.customer c ON c.tenant_id = m.tenant_id AND c.person_id = m.person_id
WHERE m.tenant_id = %s AND m.state IN ('slowing', 'likely_lapsed', 'lapsed')
    AND m.business_date = (SELECT business_date FROM keeper.account WHERE tenant_id = %s)
"""
_CONNECTION = """
INSERT INTO keeper.connection (tenant_id, merchant_id, base_url, status)
VALUES (%s, %s, 'http://127.0.0.1:1', 'active')
"""
_LIVE = """
SELECT (SELECT count(*) FROM platform.job WHERE state IN ('queued', 'dispatched', 'running'))
    + (SELECT coalesce(sum(size - taken), 0) FROM platform.job_pack)
    + (SELECT coalesce(sum(jobs), 0) FROM platform.job_slice)
"""
# From 20 on they would be a pack, which goes after single jobs.
_AT_ONCE = 19


@task(NIGHT_TASK, job_class="low", max_attempts=3, timeout_seconds=600)
async def night(job: Job, payload: dict[str, Any]) -> None:
    """Run every agent of an account again."""
    await run_account(job.runtime, TenantId(UUID(payload["tenant"])), again=True)


@dataclass(frozen=True)
class World:
    """The servers, the account whose page is open, and how many people may come back."""

    place: Place
    runtime: Runtime
    tenant: TenantId
    others: list[TenantId]
    key: str
    location: str
    people: list[str]

    def environment(self, port: int, *, one_queue: bool) -> dict[str, str]:
        """Return the settings of every process."""
        urls = self.place.urls
        return {
            "MYRIAD_HOME": str(self.place.folder / "home"),
            "MYRIAD_DATABASE__URL": urls.database_url,
            "MYRIAD_DATABASE__APP_URL": urls.app_url,
            "MYRIAD_DATABASE__CROSSING_URL": urls.crossing_url,
            "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
            "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
            "MYRIAD_SECRETS__KEY": base64.b64encode(KEY).decode(),
            "MYRIAD_WORKER__SLOTS": str(SLOTS),
            "MYRIAD_KEEPER__SQUARE_WEBHOOK_KEY": HOOK_KEY,
            "MYRIAD_KEEPER__SQUARE_WEBHOOK_URL": hook_url(port),
            "OPENBLAS_NUM_THREADS": "1",
            ONE_QUEUE: "yes" if one_queue else "",
        }


def hook_url(port: int) -> str:
    """Return where Square sends its webhooks."""
    return f"http://127.0.0.1:{port}/api/v1/keeper/webhooks/square"


@contextlib.asynccontextmanager
async def told_planner(owner_url: str) -> AsyncIterator[None]:
    """Tell the planner every few seconds what a first load brings, as autovacuum does in time."""

    async def tell() -> None:
        async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
            while True:
                await owner.execute("ANALYZE")
                await asyncio.sleep(3.0)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def make_world(place: Place, runtime: Runtime, accounts: int) -> World:
    """Make the account whose page is open, and those whose night it is."""
    crossing = place.urls.crossing_url
    count = accounts + 1
    async with told_planner(place.urls.database_url):
        templates = await make_templates(runtime, crossing, count, CUSTOMERS, nights=lambda _: (1,))
    tenant, *others = [template.base for template in templates]
    with psycopg.connect(crossing) as connection:
        connection.execute(_CONNECTION, (tenant, MERCHANT))
        away = connection.execute(_AWAY, (tenant, tenant)).fetchall()
        row = connection.execute(
            "SELECT ext_id FROM keeper.location WHERE tenant_id = %s LIMIT 1", (tenant,)
        ).fetchone()
    async with runtime.database.session(tenant) as session:
        key = (await issue_api_key(session, tenant, name="page", role=Role.STAFF)).token
    people = [f"{person}|{customer}" for person, customer in away]
    return World(place, runtime, tenant, others, key, row[0] if row else "", people)


@contextlib.contextmanager
def serving(world: World, port: int, *, one_queue: bool) -> Iterator[None]:
    """Run the API, the worker and the ticker while the block lasts."""
    place, settings = world.place, world.environment(port, one_queue=one_queue)
    name = "one_class" if one_queue else "classes"
    api = [sys.executable, "-m", "uvicorn", "--factory", "myriad.apps.api:create_app"]
    commands: dict[str, list[str | Path]] = {
        "api": [*api, "--port", str(port), "--log-level", "warning"],
        "ticker": [sys.executable, "-m", "myriad.apps.ticker"],
        "worker": [sys.executable, _BENCH, "--part", "worker"],
    }
    with contextlib.ExitStack() as stack:
        for part, command in commands.items():
            stack.enter_context(running(command, place.log_of(f"{name}-{part}"), settings))
        wait_until_up(port, place.log_of(f"{name}-api"))
        yield


def wait_until_up(port: int, log: Path, seconds: float = 120.0) -> None:
    """Wait for the API's first answer, or end with the last of its log."""
    ends = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.HTTPError):
            address = f"http://127.0.0.1:{port}/livez"
            if httpx.get(address, trust_env=False, timeout=5).is_success:
                return
        if time.monotonic() > ends:
            sys.exit(f"keeper-alert: the API does not answer: {log.read_text()[-2000:]}")
        time.sleep(0.2)


def live_jobs(world: World) -> int:
    """Return how many jobs are due or under way."""
    with psycopg.connect(world.place.urls.crossing_url) as connection:
        row = connection.execute(_LIVE).fetchone()
        return int(row[0]) if row else 0


async def enqueue_night(world: World, runs: int, *, one_queue: bool) -> None:
    """Queue runs of the other accounts: each in its own lane, or all in one."""
    payloads = [{"tenant": str(world.others[n % len(world.others)])} for n in range(runs)]
    lanes = {world.tenant: payloads} if one_queue else {}
    for tenant, payload in zip(world.others, payloads, strict=False) if not one_queue else ():
        lanes.setdefault(tenant, []).extend([payload] * (runs // len(world.others)))
    for tenant, mine in lanes.items():
        for first in range(0, len(mine), _AT_ONCE):
            async with world.runtime.database.session(tenant) as session:
                await enqueue_many(session, NIGHT_TASK, mine[first : first + _AT_ONCE])


async def wait_until_busy(world: World, name: str, seconds: float = 90.0) -> None:
    """Wait until the worker is at the night's work."""
    busy = "SELECT count(*) FROM platform.job WHERE state = 'running'"
    ends = time.monotonic() + seconds
    with psycopg.connect(world.place.urls.crossing_url, autocommit=True) as connection:
        while (connection.execute(busy).fetchone() or (0,))[0] < 1:
            if time.monotonic() > ends:
                log = world.place.log_of(f"{name}-worker").read_text()[-2000:]
                sys.exit(f"keeper-alert: the worker does not work: {log}")
            await asyncio.sleep(0.2)
    # What loads at first use belongs to no alert.
    await asyncio.sleep(3.0)
