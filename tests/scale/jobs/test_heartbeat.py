"""Each beat announces the worker and tells what was served: to whom, and how long tasks take."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.scale.jobs import Job
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.heartbeat import Heartbeat
from myriad.scale.jobs.store import JobRef
from myriad.scale.jobs.tally import Tally
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.scale.jobs.workbench import add_job, executor_for, run_job

_FLOW = (
    "SELECT served_jobs, served_cost, correction FROM platform.job_flow WHERE tenant_id = %(id)s"
)
_WORKER = "SELECT * FROM platform.job_worker WHERE id = %(id)s"


def _heartbeat(executor: Executor) -> Heartbeat:
    url = executor.runtime.database.settings.crossing
    return Heartbeat(url, executor, slots=4, name="here", classes=(0, 1))


async def _row(runtime: Runtime, query: str, of: UUID) -> dict[str, Any] | None:
    rows = await runtime.database.crossing_rows("test looks at workers", query, {"id": of})
    return rows[0] if rows else None


async def test_what_a_tenant_was_served_is_told_with_its_correction(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async def charges(job: Job, payload: dict[str, Any]) -> None:
        job.charge(30)
        job.charge(12)

    executor = executor_for(runtime, charges)
    for cost in (40.0, 50.0):
        await run_job(executor, tenants.first, await add_job(runtime, tenants.first, cost=cost))
    heartbeat = _heartbeat(executor)
    await asyncio.to_thread(heartbeat.beat)
    flow = await _row(runtime, _FLOW, tenants.first)
    assert flow == {"served_jobs": 2, "served_cost": 84.0, "correction": -6.0}
    assert await _row(runtime, _FLOW, tenants.second) is None
    await asyncio.to_thread(heartbeat.stop)


async def test_an_attempt_without_a_charge_costs_the_seconds_it_took(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async def takes_a_while(job: Job, payload: dict[str, Any]) -> None:
        await asyncio.sleep(0.2)

    executor = executor_for(runtime, takes_a_while)
    await run_job(executor, tenants.first, await add_job(runtime, tenants.first))
    heartbeat = _heartbeat(executor)
    await asyncio.to_thread(heartbeat.beat)
    flow = await _row(runtime, _FLOW, tenants.first)
    assert flow is not None
    assert flow["served_cost"] >= 0.2
    await asyncio.to_thread(heartbeat.stop)


async def test_a_worker_is_announced_drains_and_is_forgotten(runtime: Runtime) -> None:
    executor = executor_for(runtime)
    heartbeat = _heartbeat(executor)
    await asyncio.to_thread(heartbeat.beat)
    row = await _row(runtime, _WORKER, executor.worker_id)
    assert row is not None
    assert (row["name"], row["slots"], row["classes"]) == ("here", 4, [0, 1])
    assert not row["is_draining"]
    executor.drain()
    await asyncio.to_thread(heartbeat.beat)
    row = await _row(runtime, _WORKER, executor.worker_id)
    assert row is not None
    assert row["is_draining"]
    await asyncio.to_thread(heartbeat.stop)
    assert await _row(runtime, _WORKER, executor.worker_id) is None


async def test_a_draining_worker_gives_back_what_was_sent_to_it(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    executor = executor_for(runtime)
    job_id = await add_job(runtime, tenants.first)
    async with runtime.database.crossing("test dispatches") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE platform.job SET state = 'dispatched', worker_id = %s, dispatched_at = now() "
            "WHERE id = %s",
            (executor.worker_id, job_id),
        )
    executor.drain()
    heartbeat = _heartbeat(executor)
    await asyncio.to_thread(heartbeat.beat)
    state = "SELECT state::text, attempts, worker_id FROM platform.job WHERE id = %(id)s"
    found = await _row(runtime, state, job_id)
    assert found == {"state": "queued", "attempts": 0, "worker_id": None}
    await asyncio.to_thread(heartbeat.stop)


_attempts = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.floats(0, 1e6), st.floats(0, 1e6)),
    max_size=30,
)
_TENANTS = [TenantId(new_id()) for _ in range(3)]


@settings(deadline=None)
@given(_attempts, st.integers(0, 30))
def test_nothing_that_was_served_is_lost_between_two_beats(
    attempts: list[tuple[int, int, float, float]], taken_after: int
) -> None:
    tally = Tally()
    for number, (tenant, rank, cost, estimate) in enumerate(attempts):
        if number == taken_after:
            tally.put_back(tally.take())
        ref = JobRef(_TENANTS[tenant], new_id(), rank, 7)
        tally.add(ref, cost=cost, estimate=estimate, seconds=1.0)
    sums = tally.take()
    assert sum(flow.jobs for flow in sums.flows.values()) == len(attempts)
    for (tenant_id, rank), flow in sums.flows.items():
        mine = [a for a in attempts if (_TENANTS[a[0]], a[1]) == (tenant_id, rank)]
        assert flow.jobs == len(mine)
        assert abs(flow.cost - sum(a[2] for a in mine)) <= 1e-6 * max(1, flow.cost)
    assert sum(task.cost for task in sums.tasks.values()) == len(attempts)
    assert not tally.take().flows
