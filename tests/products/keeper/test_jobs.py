"""Keeper's jobs: what each puts into the queue, and that a tenant without an account costs nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.queueing import enqueue_run, enqueue_sync
from myriad.products.keeper.repository import get_account, get_connections
from myriad.scale.jobs import enqueue
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import LAST, Shop, fill

_JOBS = "SELECT task, payload, state FROM platform.job_overview ORDER BY id"


async def execute(runtime: Runtime, tenant_id: TenantId, task: str, **payload: Any) -> None:
    """Put a job into the queue and run it as a worker would."""
    async with runtime.database.session(tenant_id) as session:
        job_id: UUID = await enqueue(session, task, payload)
    await run_job(runtime, tenant_id, job_id)


async def jobs_of(runtime: Runtime, tenant_id: TenantId) -> list[tuple[str, bool | None, str]]:
    rows = await runtime.database.reader.rows(tenant_id, _JOBS)
    return [(row["task"], row["payload"].get("run"), row["state"]) for row in rows]


@pytest.mark.parametrize(
    "task", ["keeper.account.increment", "keeper.account.night", "keeper.account.sync"]
)
async def test_a_tenant_without_an_account_costs_one_empty_job(
    runtime: Runtime, tenants: TwoTenants, task: str
) -> None:
    await execute(runtime, tenants.first, task)
    assert await jobs_of(runtime, tenants.first) == [(task, None, "succeeded")]


async def test_the_hour_reads_and_the_night_runs_the_agents(shop: Shop) -> None:
    await execute(shop.runtime, shop.tenant_id, "keeper.account.increment")
    await execute(shop.runtime, shop.tenant_id, "keeper.account.night")
    syncs = [job for job in await jobs_of(shop.runtime, shop.tenant_id) if job[1] is not None]
    assert [run for _, run, _ in syncs] == [False, True]


async def test_a_run_job_runs_every_agent_and_shows_its_progress(shop: Shop) -> None:
    await fill(shop, 40)
    async with shop.runtime.database.session(shop.tenant_id) as session:
        job_id = await enqueue_run(session, day=LAST)
        assert await enqueue_run(session, day=LAST) == job_id
    await run_job(shop.runtime, shop.tenant_id, job_id)
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        view = await get_connections(session)
        account = await get_account(session)
    assert view.job is not None
    assert (view.job.state, view.job.done, view.job.total) == ("done", 7, 7)
    assert {agent.agent for agent in view.agents} >= {"data", "analysis", "report", "employee"}
    assert account.business_date == LAST


async def test_a_second_request_for_a_sync_is_the_same_job(shop: Shop) -> None:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        first = await enqueue_sync(session)
        assert await enqueue_sync(session) == first
        assert await enqueue_sync(session, "nightly") != first
