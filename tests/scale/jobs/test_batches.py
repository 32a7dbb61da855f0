"""Items that arrive one by one are worked on many at a time, and none is lost or taken twice."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs import Batch, enqueue_item, enqueue_items
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.payloads import InvalidPayloadError
from myriad.scale.jobs.registry import Payload
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.scale.jobs.workbench import TASK, executor_for, sql, status_of

BATCH = Batch(max_items=3, max_wait_seconds=60)
_RUNS = "SELECT id, state FROM platform.job ORDER BY id"


async def add(runtime: Runtime, tenant: TenantId, *items: Any, key: str = "") -> UUID:
    async with runtime.database.session(tenant) as session:
        return await enqueue_items(session, TASK, items, key, batch=BATCH)


def collector(runtime: Runtime, taken: list[Any], batch: Batch = BATCH) -> Executor:
    async def collect(job: Job, _: Payload) -> None:
        taken.append(await job.take_items())

    return executor_for(runtime, collect, batch=batch)


async def make_due(runtime: Runtime, job_id: UUID) -> None:
    await sql(runtime, "UPDATE platform.job SET state = 'queued' WHERE id = :id", id=job_id)


async def test_items_wait_for_one_run_until_there_are_enough(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    runs = {await add(runtime, tenants.first, n) for n in (1, 2)}
    assert [(await status_of(runtime, tenants.first, run)).state for run in runs] == ["waiting"]
    runs.add(await add(runtime, tenants.first, 3))
    assert [(await status_of(runtime, tenants.first, run)).state for run in runs] == ["queued"]
    taken: list[Any] = []
    assert (
        await run_job(runtime, tenants.first, runs.pop(), collector(runtime, taken)) == "succeeded"
    )
    assert taken == [[1, 2, 3]]


async def test_the_first_item_decides_how_long_the_run_waits(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    run = await add(runtime, tenants.first, 1)
    before = await status_of(runtime, tenants.first, run)
    await add(runtime, tenants.first, 2)
    after = await status_of(runtime, tenants.first, run)
    assert before.run_at == after.run_at
    assert (before.run_at - before.created_at).total_seconds() == pytest.approx(60, abs=5)


async def test_keys_and_tenants_have_runs_of_their_own(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    mine = await add(runtime, tenants.first, 1)
    other = await add(runtime, tenants.first, 2, key="other")
    theirs = await add(runtime, tenants.second, 3)
    assert len({mine, other, theirs}) == 3
    taken: list[Any] = []
    for tenant, run in ((tenants.second, theirs), (tenants.first, mine)):
        await make_due(runtime, run)
        await run_job(runtime, tenant, run, collector(runtime, taken))
    assert taken == [[3], [1]]


async def test_what_a_run_leaves_another_run_takes(runtime: Runtime, tenants: TwoTenants) -> None:
    run = await add(runtime, tenants.first, *range(7))
    taken: list[Any] = []
    for _ in range(3):
        assert await run_job(runtime, tenants.first, run, collector(runtime, taken)) == "succeeded"
        rows = await runtime.database.reader.rows(tenants.first, _RUNS)
        if rows:
            run = rows[0]["id"]
            await make_due(runtime, run)
    assert taken == [[0, 1, 2], [3, 4, 5], [6]]
    assert rows == []


async def test_items_of_a_failed_run_are_there_for_its_next_attempt(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    run = await add(runtime, tenants.first, 1, 2, 3)
    taken: list[Any] = []

    async def take_and_fail(job: Job, _: Payload) -> None:
        taken.append(await job.take_items())
        raise RuntimeError

    executor = executor_for(runtime, take_and_fail, batch=BATCH)
    assert await run_job(runtime, tenants.first, run, executor) == "retry"
    await make_due(runtime, run)
    assert await run_job(runtime, tenants.first, run, collector(runtime, taken)) == "succeeded"
    assert taken == [[1, 2, 3], [1, 2, 3]]


async def test_an_item_that_arrives_during_a_run_has_a_run_after_it(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    run = await add(runtime, tenants.first, 1, 2)
    await make_due(runtime, run)
    taken: list[Any] = []

    async def hear_another(job: Job, _: Payload) -> None:
        taken.append(await job.take_items())
        assert await add(runtime, tenants.first, 3) == job.id

    executor = executor_for(runtime, hear_another, batch=BATCH)
    assert await run_job(runtime, tenants.first, run, executor) == "succeeded"
    (after,) = await runtime.database.reader.rows(tenants.first, _RUNS)
    assert (after["id"] != run, after["state"]) == (True, "waiting")
    await make_due(runtime, after["id"])
    await run_job(runtime, tenants.first, after["id"], collector(runtime, taken))
    assert taken == [[1, 2], [3]]


async def test_items_of_many_callers_at_once_are_each_taken_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    taken: list[Any] = []

    async def work_until_idle(adding: asyncio.Future[Any]) -> None:
        executor = collector(runtime, taken)
        while True:
            was_done = adding.done()
            rows = await runtime.database.reader.rows(tenants.first, _RUNS)
            for row in rows:
                await sql(
                    runtime,
                    "UPDATE platform.job SET state = 'queued' WHERE id = :id AND state = 'waiting'",
                    id=row["id"],
                )
                await run_job(runtime, tenants.first, row["id"], executor)
            if was_done and not rows:
                return

    adding = asyncio.gather(*(add(runtime, tenants.first, n) for n in range(40)))
    await work_until_idle(adding)
    assert sorted(n for items in taken for n in items) == list(range(40))


async def test_a_rolled_back_item_never_existed(runtime: Runtime, tenants: TwoTenants) -> None:
    async with runtime.database.session(tenants.first) as session:
        await enqueue_item(session, TASK, 1, batch=BATCH)
        await session.rollback()
    rows = await runtime.database.reader.rows(tenants.first, "SELECT 1 FROM platform.job_item")
    assert rows == []


async def test_a_task_without_a_batch_takes_no_items(runtime: Runtime, tenants: TwoTenants) -> None:
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(InvalidInputError, match="batch=Batch"):
            await enqueue_item(session, "test.thing.unknown", 1)


@pytest.mark.parametrize(
    ("item", "key", "error"),
    [(1, "x" * 201, InvalidInputError), (object(), "", InvalidPayloadError)],
)
async def test_a_bad_item_or_key_is_named_and_writes_nothing(
    runtime: Runtime, tenants: TwoTenants, item: Any, key: str, error: type[Exception]
) -> None:
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(error):
            await enqueue_item(session, TASK, item, key, batch=BATCH)
    assert await runtime.database.reader.rows(tenants.first, _RUNS) == []
