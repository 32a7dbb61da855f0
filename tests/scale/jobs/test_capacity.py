"""Beyond the backlog's capacity nothing is taken in, and the refusal says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs import BacklogFullError, Node, enqueue, enqueue_graph, enqueue_many
from myriad.scale.jobs.batches import enqueue_item
from myriad.scale.jobs.capacity import TenantBacklogFullError, serve_capacity, set_capacity
from myriad.scale.jobs.registry import Batch
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import create_tenant_row, runtime_for
from tests.scale.jobs.workbench import TASK, add_job, sql

_WRITTEN = (
    "SELECT (SELECT count(*) FROM platform.job) + (SELECT count(*) FROM platform.job_pack) "
    "+ (SELECT count(*) FROM platform.job_item) AS n"
)
_MEASURED = "UPDATE platform.job_backlog SET jobs = :jobs WHERE job_class = :job_class"


@pytest.fixture
async def alone(quiet_servers: ServerUrls) -> AsyncIterator[Runtime]:
    """A runtime whose queue nobody else uses, with room for a thousand jobs."""
    async with runtime_for(quiet_servers) as opened:
        async with opened.database.crossing("test sets the capacity") as session:
            await set_capacity(session, 1000)
        yield opened


@pytest.fixture
async def tenant(alone: Runtime) -> TenantId:
    """A tenant of that runtime."""
    return TenantId(await create_tenant_row(alone, "full"))


async def written(runtime: Runtime, tenant: TenantId) -> int:
    row = await runtime.database.reader.row(tenant, _WRITTEN)
    assert row is not None
    return int(row["n"])


async def test_a_full_queue_refuses_with_a_time_to_come_back_and_writes_nothing(
    alone: Runtime, tenant: TenantId
) -> None:
    await sql(alone, _MEASURED, jobs=1000, job_class=4)
    with pytest.raises(BacklogFullError, match="MYRIAD_JOBS__BACKLOG_CAPACITY") as refusal:
        await add_job(alone, tenant)
    assert (refusal.value.status, refusal.value.retry_after_seconds) == (503, 30)
    assert await written(alone, tenant) == 0


async def test_the_last_tenth_is_kept_for_what_people_wait_for(
    alone: Runtime, tenant: TenantId
) -> None:
    await sql(alone, _MEASURED, jobs=900, job_class=4)
    for job_class in ("default", "low", "bulk"):
        with pytest.raises(BacklogFullError):
            await add_job(alone, tenant, job_class=job_class)
    for job_class in ("interactive", "high"):
        await add_job(alone, tenant, job_class=job_class)
    assert await written(alone, tenant) == 2


async def test_a_tenant_fills_at_most_half_and_others_go_on(
    alone: Runtime, tenant: TenantId
) -> None:
    other = TenantId(await create_tenant_row(alone, "other"))
    await sql(
        alone,
        "INSERT INTO platform.job_flow (tenant_id, job_class, backlog) VALUES (:tenant, 2, 450)",
        tenant=tenant,
    )
    with pytest.raises(TenantBacklogFullError) as refusal:
        await add_job(alone, tenant)
    assert refusal.value.status == 429
    await add_job(alone, other)


async def test_many_jobs_are_taken_in_as_a_whole_or_not_at_all(
    alone: Runtime, tenant: TenantId
) -> None:
    async with alone.database.session(tenant) as session:
        with pytest.raises(BacklogFullError):
            await enqueue_many(session, TASK, ({"n": n} for n in range(901)))
        await enqueue(session, TASK)
    assert await written(alone, tenant) == 1


async def test_a_graph_and_an_item_are_refused_as_well(alone: Runtime, tenant: TenantId) -> None:
    await sql(alone, _MEASURED, jobs=899, job_class=4)
    async with alone.database.session(tenant) as session:
        with pytest.raises(BacklogFullError):
            await enqueue_graph(session, [Node("a", TASK), Node("b", TASK, after=("a",))])
        await enqueue_graph(session, [Node("a", TASK)])
    await sql(alone, _MEASURED, jobs=900, job_class=4)
    async with alone.database.session(tenant) as session:
        with pytest.raises(BacklogFullError):
            await enqueue_item(session, TASK, 1, batch=Batch())
    assert await written(alone, tenant) == 1


async def test_a_live_job_with_the_key_is_returned_though_the_queue_is_full(
    alone: Runtime, tenant: TenantId
) -> None:
    first = await add_job(alone, tenant, dedup_key="sync")
    later = await add_job(alone, tenant, dedup_key="hook", debounce_seconds=30.0)
    await sql(alone, _MEASURED, jobs=1000, job_class=4)
    assert await add_job(alone, tenant, dedup_key="sync") == first
    assert await add_job(alone, tenant, dedup_key="hook", debounce_seconds=30.0) == later
    with pytest.raises(BacklogFullError):
        await add_job(alone, tenant, dedup_key="another", debounce_seconds=30.0)


async def test_the_tickers_setting_is_what_every_process_goes_by(
    alone: Runtime, tenant: TenantId
) -> None:
    await sql(alone, _MEASURED, jobs=900, job_class=4)
    serving = asyncio.create_task(serve_capacity(alone.database, 2000))
    for _ in range(400):
        if await is_taken_in(alone, tenant):
            break
        await asyncio.sleep(0.05)
    serving.cancel()
    assert await written(alone, tenant) == 1


async def is_taken_in(runtime: Runtime, tenant: TenantId) -> bool:
    try:
        await add_job(runtime, tenant)
    except BacklogFullError:
        return False
    return True
