"""Every job can be found, listed, replayed and cancelled by its tenant, alone or with many."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.jobs import (
    JobIsLiveError,
    JobNotFoundError,
    PermanentJobError,
    cancel,
    cancel_many,
    enqueue_many,
    list_dead,
    list_jobs,
    replay,
    replay_many,
)
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.registry import Payload
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.scale.jobs.workbench import TASK, add_job, effects, executor_for, sql, status_of


class _OtherError(PermanentJobError):
    code = "other_fault"


async def refuse(job: Job, payload: Payload) -> None:
    raise (_OtherError if payload["n"] % 2 else PermanentJobError)("no")


async def make_dead(runtime: Runtime, tenant: TenantId, n: int = 0, **options: Any) -> UUID:
    job_id = await add_job(runtime, tenant, n, **options)
    assert await run_job(runtime, tenant, job_id, executor_for(runtime, refuse)) == "dead"
    return job_id


async def states(runtime: Runtime, tenant: TenantId, ids: list[UUID]) -> list[str]:
    return [(await status_of(runtime, tenant, job_id)).state for job_id in ids]


async def test_a_job_is_found_in_each_of_its_states(runtime: Runtime, tenants: TwoTenants) -> None:
    done, gone = [await add_job(runtime, tenants.first) for _ in range(2)]
    await run_job(runtime, tenants.first, done, executor_for(runtime))
    async with runtime.database.session(tenants.first) as session:
        assert await cancel(session, gone)
        assert not await cancel(session, gone)
        assert not await cancel(session, done)
    ids = [
        done,
        gone,
        await make_dead(runtime, tenants.first),
        await add_job(runtime, tenants.first),
    ]
    found = await states(runtime, tenants.first, ids)
    assert found == ["succeeded", "cancelled", "dead", "queued"]


async def test_jobs_are_listed_newest_first_and_filtered_and_only_to_their_tenant(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    done = await add_job(runtime, tenants.first)
    await run_job(runtime, tenants.first, done, executor_for(runtime))
    dead = await make_dead(runtime, tenants.first)
    low = await add_job(runtime, tenants.first, job_class="low")
    other = await add_job(runtime, tenants.first, task="test.other.do")
    await add_job(runtime, tenants.second)
    async with runtime.database.read_session(tenants.first) as session:

        async def ids(**options: Any) -> list[UUID]:
            return [job.id for job in await list_jobs(session, **options)]

        assert await ids() == [other, low, dead, done]
        assert await ids(limit=2) == [other, low]
        assert await ids(limit=2, before=low) == [dead, done]
        assert await ids(state="succeeded") == [done]
        assert await ids(job_class="low") == [low]
        assert await ids(task="test.other.do") == [other]
        assert [job.id for job in await list_dead(session)] == [dead]
        with pytest.raises(InvalidInputError):
            await ids(state="asleep")


async def test_many_dead_letters_are_replayed_by_task_and_error(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ids = [await make_dead(runtime, tenants.first, n) for n in range(4)]
    theirs = await make_dead(runtime, tenants.second, 1)
    async with runtime.database.session(tenants.first) as session:
        assert await replay_many(session, task="test.other.do") == 0
        assert await replay_many(session, task=TASK, error_code="other_fault") == 2
    assert await states(runtime, tenants.first, ids) == ["dead", "queued", "dead", "queued"]
    async with runtime.database.session(tenants.first) as session:
        assert await replay_many(session, limit=1) == 1
    assert await states(runtime, tenants.first, ids) == ["queued", "queued", "dead", "queued"]
    assert await states(runtime, tenants.second, [theirs]) == ["dead"]
    for job_id in (ids[0], ids[1], ids[3]):
        assert await run_job(runtime, tenants.first, job_id, executor_for(runtime)) == "succeeded"
    assert await effects(runtime, tenants.first) == ["0", "1", "3"]


async def test_of_dead_letters_with_one_key_the_newest_is_replayed_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    old, new = [await make_dead(runtime, tenants.first, dedup_key="sync") for _ in range(2)]
    async with runtime.database.session(tenants.first) as session:
        assert await replay_many(session) == 1
        assert await replay_many(session) == 0
        with pytest.raises(JobIsLiveError):
            await replay(session, old)
    assert await states(runtime, tenants.first, [old, new]) == ["dead", "queued"]


async def test_only_a_dead_letter_is_replayed(runtime: Runtime, tenants: TwoTenants) -> None:
    live, dead = await add_job(runtime, tenants.first), await make_dead(runtime, tenants.first)
    async with runtime.database.session(tenants.first) as session:
        for job_id in (live, new_id()):
            with pytest.raises(JobNotFoundError):
                await replay(session, job_id)
    async with runtime.database.session(tenants.second) as session:
        with pytest.raises(JobNotFoundError):
            await replay(session, dead)


async def test_a_replayed_job_has_no_deadline_any_more(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    deadline = utc_now().replace(year=2100)
    dead = await make_dead(runtime, tenants.first, deadline_at=deadline)
    async with runtime.database.session(tenants.first) as session:
        await replay(session, dead)
    rows = await runtime.database.reader.rows(
        tenants.first, "SELECT deadline_at, attempts FROM platform.job"
    )
    assert rows == [{"deadline_at": None, "attempts": 0}]


async def test_many_jobs_are_cancelled_in_rows_and_in_packs(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    rows = [await add_job(runtime, tenants.first, n) for n in range(3)]
    other = await add_job(runtime, tenants.first, task="test.other.do")
    dead = await make_dead(runtime, tenants.first)
    async with runtime.database.session(tenants.first) as session:
        packed = await enqueue_many(session, TASK, ({"n": n} for n in range(120)))
        await cancel(session, packed[5])
    async with runtime.database.session(tenants.second) as session:
        assert await cancel_many(session) == 0
    async with runtime.database.session(tenants.first) as session:
        assert await cancel_many(session, task=TASK) == 122
        assert await cancel_many(session, task=TASK) == 0
        with pytest.raises(InvalidInputError):
            await cancel_many(session, state="dead")
    ids = [*rows, packed[0], packed[5], packed[119], other, dead]
    found = await states(runtime, tenants.first, ids)
    assert found == ["cancelled"] * 6 + ["queued", "dead"]


async def test_a_running_handler_that_is_cancelled_leaves_no_effect(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first, 7)

    async def cancel_myself(job: Job, payload: Payload) -> None:
        async with runtime.database.session(tenants.first) as session:
            assert await cancel(session, job.id)

    await run_job(runtime, tenants.first, job_id, executor_for(runtime, cancel_myself))
    status = await status_of(runtime, tenants.first, job_id)
    assert (status.state, status.attempts) == ("cancelled", 1)
    assert await effects(runtime, tenants.first) == []


async def test_a_call_heard_during_a_run_that_is_cancelled_still_has_its_run(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    options: dict[str, Any] = {"dedup_key": "hook", "debounce_seconds": 30.0}
    first = await add_job(runtime, tenants.first, **options)
    await sql(runtime, "UPDATE platform.job SET state = 'queued' WHERE id = :id", id=first)

    async def hear_another_and_be_cancelled(job: Job, payload: Payload) -> None:
        assert await add_job(runtime, tenants.first, 2, **options) == job.id
        async with runtime.database.session(tenants.first) as session:
            assert await cancel(session, job.id)

    executor = executor_for(runtime, hear_another_and_be_cancelled)
    await run_job(runtime, tenants.first, first, executor)
    async with runtime.database.read_session(tenants.first) as session:
        after, before = await list_jobs(session)
    assert (before.id, before.state, after.state) == (first, "cancelled", "waiting")
