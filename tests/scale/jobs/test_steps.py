"""What a step did once is not done again; a job's result is kept."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs import Job
from myriad.scale.jobs.errors import ResultNotJsonError
from myriad.scale.jobs.steps import as_result, checked_name
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.scale.jobs.workbench import (
    add_job,
    effects,
    executor_for,
    expire_lease,
    make_due,
    run_job,
    sql,
    status_of,
    write_effect,
)

_STEPS = "SELECT name, result FROM platform.job_step WHERE job_id = %(id)s ORDER BY name"
_LOSSES = "SELECT losses FROM platform.job WHERE id = %(id)s"


async def test_a_step_that_was_done_is_not_done_again_by_the_next_attempt(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    calls: list[str] = []
    seen: list[Any] = []

    async def ask() -> dict[str, Any]:
        calls.append("asked")
        return {"cents": 1240, "names": ("a", "b")}

    async def handler(job: Job, payload: dict[str, Any]) -> None:
        seen.append(await job.step("ask", ask))
        if job.attempt == 1:
            raise OSError

    executor = executor_for(runtime, handler)
    assert await run_job(executor, tenants.first, job_id) == "retry"
    await make_due(runtime, job_id)
    assert await run_job(executor, tenants.first, job_id) == "succeeded"
    assert calls == ["asked"]
    assert seen == [{"cents": 1240, "names": ["a", "b"]}] * 2


async def test_workers_that_died_before_a_step_was_kept_do_not_count_after_it(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    jobs = [await add_job(runtime, tenants.first) for _ in range(2)]
    for job_id in jobs:
        await sql(runtime, "UPDATE platform.job SET losses = 2 WHERE id = :id", id=job_id)

    async def three() -> int:
        return 3

    async def handler(job: Job, payload: dict[str, Any]) -> None:
        if job.id == jobs[0]:
            await job.step("three", three)
        raise OSError

    executor, losses = executor_for(runtime, handler), []
    for job_id in jobs:
        assert await run_job(executor, tenants.first, job_id) == "retry"
        rows = await runtime.database.reader.rows(tenants.first, _LOSSES, {"id": job_id})
        losses += [row["losses"] for row in rows]
    assert losses == [None, 2]


async def test_a_steps_effects_and_its_result_are_committed_together(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def handler(job: Job, payload: dict[str, Any]) -> None:
        async def write() -> int:
            await write_effect(job, {"n": f"step {job.attempt}"})
            return job.attempt

        first = await job.step("write", write)
        await write_effect(job, {"n": f"after {first}"})
        if job.attempt == 1:
            raise OSError

    executor = executor_for(runtime, handler)
    assert await run_job(executor, tenants.first, job_id) == "retry"
    assert await effects(runtime, tenants.first) == ["step 1"]
    await make_due(runtime, job_id)
    assert await run_job(executor, tenants.first, job_id) == "succeeded"
    assert await effects(runtime, tenants.first) == ["step 1", "after 1"]


async def test_a_step_of_a_lost_job_is_neither_kept_nor_are_its_effects(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def overtaken(job: Job, payload: dict[str, Any]) -> None:
        async def lose() -> str:
            await write_effect(job, {"n": "loser"})
            await expire_lease(runtime, job_id)
            assert await run_job(executor_for(runtime), tenants.first, job_id) == "succeeded"
            return "lost"

        await job.step("lose", lose)

    assert await run_job(executor_for(runtime, overtaken), tenants.first, job_id) == "lost"
    assert await effects(runtime, tenants.first) == ["0"]
    assert await runtime.database.reader.rows(tenants.first, _STEPS, {"id": job_id}) == []


@pytest.mark.parametrize("has_effects", [False, True])
async def test_what_a_handler_returns_is_the_jobs_result_seen_by_its_tenant_only(
    runtime: Runtime, tenants: TwoTenants, has_effects: bool
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def handler(job: Job, payload: dict[str, Any]) -> dict[str, int]:
        if has_effects:
            await write_effect(job, payload)
        return {"found": 3}

    assert await run_job(executor_for(runtime, handler), tenants.first, job_id) == "succeeded"
    rows = await runtime.database.reader.rows(tenants.first, _STEPS, {"id": job_id})
    assert rows == [{"name": "", "result": {"found": 3}}]
    assert await runtime.database.reader.rows(tenants.second, _STEPS, {"id": job_id}) == []


@pytest.mark.parametrize("result", [math.nan, object(), "a\0b", {1j: 2}])
async def test_a_result_that_json_cannot_hold_is_a_dead_letter_without_effects(
    runtime: Runtime, tenants: TwoTenants, result: object
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def handler(job: Job, payload: dict[str, Any]) -> object:
        await write_effect(job, payload)
        return result

    assert await run_job(executor_for(runtime, handler), tenants.first, job_id) == "dead"
    status = await status_of(runtime, tenants.first, job_id)
    assert status.error is not None
    assert status.error["code"] == "result_not_json"
    assert await effects(runtime, tenants.first) == []


@settings(deadline=None)
@given(name=st.text(max_size=300))
def test_a_steps_name_has_1_to_200_characters(name: str) -> None:
    if 1 <= len(name) <= 200:
        assert checked_name(name) == name
    else:
        with pytest.raises(InvalidInputError):
            checked_name(name)


def test_results_that_are_not_json_are_refused() -> None:
    with pytest.raises(ResultNotJsonError):
        as_result({1, 2})
