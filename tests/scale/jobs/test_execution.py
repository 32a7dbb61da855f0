"""An attempt commits its effect and its end together, under its fence, or writes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from myriad.kit.clock import utc_now
from myriad.scale.jobs import (
    Job,
    JobIsLiveError,
    JobNotFoundError,
    LeaseLostError,
    PermanentJobError,
    RetryLaterError,
    cancel,
    list_dead,
    replay,
)
from myriad.scale.jobs.errors import BudgetExhaustedError, DuplicateTaskError
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.heartbeat import Heartbeat
from myriad.scale.jobs.registry import Registry, Task, task
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.scale.jobs.workbench import (
    TASK,
    add_job,
    effects,
    executor_for,
    expire_lease,
    history,
    make_due,
    run_job,
    sql,
    status_of,
    write_effect,
)


@asynccontextmanager
async def beating(executor: Executor) -> AsyncIterator[None]:
    """Run the heartbeat of `executor` during the block."""
    url = executor.runtime.database.settings.crossing
    heartbeat = Heartbeat(url, executor, slots=1)
    await asyncio.to_thread(heartbeat.start)
    try:
        yield
    finally:
        await asyncio.to_thread(heartbeat.stop)


async def test_effect_and_end_commit_together(runtime: Runtime, tenants: TwoTenants) -> None:
    job_id = await add_job(runtime, tenants.first, 7)
    assert await run_job(executor_for(runtime), tenants.first, job_id) == "succeeded"
    status = await status_of(runtime, tenants.first, job_id)
    assert (status.state, status.attempts) == ("succeeded", 1)
    assert await effects(runtime, tenants.first) == ["7"]


async def test_a_second_wake_up_for_the_same_job_does_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    workers = [executor_for(runtime) for _ in range(4)]
    outcomes = await asyncio.gather(*(run_job(worker, tenants.first, job_id) for worker in workers))
    assert sorted(outcomes) == ["duplicate"] * 3 + ["succeeded"]
    assert await effects(runtime, tenants.first) == ["0"]


async def test_a_slow_worker_that_lost_its_lease_writes_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    began, replaced = asyncio.Event(), asyncio.Event()

    async def slow(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        began.set()
        await replaced.wait()

    loser = asyncio.create_task(run_job(executor_for(runtime, slow), tenants.first, job_id))
    await began.wait()
    await expire_lease(runtime, job_id)
    assert await run_job(executor_for(runtime), tenants.first, job_id) == "succeeded"
    replaced.set()
    assert await loser == "lost"
    assert await effects(runtime, tenants.first) == ["0"]


async def test_an_error_after_the_lease_was_lost_changes_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    began, replaced = asyncio.Event(), asyncio.Event()

    async def fails_late(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        began.set()
        await replaced.wait()
        raise PermanentJobError("too late to say so")

    loser = asyncio.create_task(run_job(executor_for(runtime, fails_late), tenants.first, job_id))
    await began.wait()
    await expire_lease(runtime, job_id)
    assert await run_job(executor_for(runtime), tenants.first, job_id) == "succeeded"
    replaced.set()
    assert await loser == "lost"
    assert (await status_of(runtime, tenants.first, job_id)).state == "succeeded"
    assert await history(runtime, tenants.first, job_id) == []
    assert await effects(runtime, tenants.first) == ["0"]


async def test_a_handler_without_effects_does_not_end_a_job_that_it_lost(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    began, replaced = asyncio.Event(), asyncio.Event()

    async def waits(job: Job, payload: dict[str, Any]) -> None:
        began.set()
        await replaced.wait()

    loser = asyncio.create_task(run_job(executor_for(runtime, waits), tenants.first, job_id))
    await began.wait()
    await sql(
        runtime,
        "UPDATE platform.job SET state = 'queued', fence = fence + 1, lease_until = NULL, "
        "worker_id = NULL WHERE id = :id",
        id=job_id,
    )
    replaced.set()
    assert await loser == "lost"
    assert (await status_of(runtime, tenants.first, job_id)).state == "queued"


async def test_a_lost_lease_is_noticed_at_the_checkpoint(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    seen: list[type[BaseException]] = []

    async def overtaken(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        await job.checkpoint()
        await write_effect(job, {"n": "lost"})
        await expire_lease(runtime, job_id)
        assert await run_job(executor_for(runtime), tenants.first, job_id) == "succeeded"
        try:
            await job.checkpoint()
        except LeaseLostError as error:
            seen.append(type(error))
            raise

    assert await run_job(executor_for(runtime, overtaken), tenants.first, job_id) == "lost"
    assert seen == [LeaseLostError]
    assert await effects(runtime, tenants.first) == ["0", "0"]


async def test_a_checkpoint_keeps_what_was_done_and_the_tenant(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def breaks_off(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, {"n": "kept"})
        await job.checkpoint()
        await write_effect(job, {"n": "rolled back"})
        raise OSError

    assert await run_job(executor_for(runtime, breaks_off), tenants.first, job_id) == "retry"
    assert await effects(runtime, tenants.first) == ["kept"]


async def test_a_failure_waits_a_jittered_while_and_keeps_its_error(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def fails(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        raise OSError("connection reset")

    assert await run_job(executor_for(runtime, fails), tenants.first, job_id) == "retry"
    status = await status_of(runtime, tenants.first, job_id)
    assert (status.state, status.attempts) == ("waiting", 1)
    assert status.error is not None
    assert status.error["type"] == "OSError"
    assert status.error["detail"] == "connection reset"
    assert await effects(runtime, tenants.first) == []


async def test_retry_after_is_honoured_and_costs_no_attempt(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def told_to_wait(job: Job, payload: dict[str, Any]) -> None:
        raise RetryLaterError(120)

    executor = executor_for(runtime, told_to_wait, max_attempts=1)
    assert await run_job(executor, tenants.first, job_id) == "later"
    status = await status_of(runtime, tenants.first, job_id)
    assert (status.state, status.attempts) == ("waiting", 0)
    assert status.started_at is not None
    assert 119 <= (status.run_at - status.started_at).total_seconds() <= 135


async def test_a_used_up_budget_waits_until_its_next_period_and_costs_no_attempt(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    until = utc_now() + timedelta(hours=5)

    async def is_broke(job: Job, payload: dict[str, Any]) -> None:
        raise BudgetExhaustedError(until)

    executor = executor_for(runtime, is_broke, max_attempts=1)
    assert await run_job(executor, tenants.first, job_id) == "budget"
    status = await status_of(runtime, tenants.first, job_id)
    assert (status.state, status.attempts) == ("waiting", 0)
    assert until <= status.run_at + timedelta(seconds=1)
    assert status.run_at <= until + timedelta(seconds=70)
    assert await history(runtime, tenants.first, job_id) == [(1, "budget")]


async def test_a_job_past_its_deadline_is_not_begun_and_dead(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    await sql(
        runtime,
        "UPDATE platform.job SET deadline_at = now() - interval '1 second' WHERE id = :id",
        id=job_id,
    )
    assert await run_job(executor_for(runtime), tenants.first, job_id) == "dead"
    status = await status_of(runtime, tenants.first, job_id)
    assert status.error is not None
    assert status.error["code"] == "deadline_passed"
    assert await effects(runtime, tenants.first) == []


async def test_a_deadline_ends_a_running_attempt_for_good(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    deadline = utc_now() + timedelta(seconds=1.5)
    job_id = await add_job(runtime, tenants.first, deadline_at=deadline)

    async def endless(job: Job, payload: dict[str, Any]) -> None:
        assert job.deadline_at == deadline
        await write_effect(job, payload)
        await asyncio.sleep(60)

    assert await run_job(executor_for(runtime, endless), tenants.first, job_id) == "dead"
    status = await status_of(runtime, tenants.first, job_id)
    assert status.error is not None
    assert status.error["code"] == "deadline_passed"
    assert await effects(runtime, tenants.first) == []


async def test_each_attempt_that_did_not_succeed_stands_in_the_history(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def fails_twice(job: Job, payload: dict[str, Any]) -> None:
        if job.attempt == 1:
            raise RetryLaterError(5)
        raise OSError("again")

    executor = executor_for(runtime, fails_twice, max_attempts=2)
    assert await run_job(executor, tenants.first, job_id) == "later"
    for expected in ("later", "retry", "dead"):
        if expected != "later":
            await make_due(runtime, job_id)
            executor.registry = Registry()
            executor.registry.add(Task(TASK, _raise_os_error, max_attempts=2))
            assert await run_job(executor, tenants.first, job_id) == expected
    assert await history(runtime, tenants.first, job_id) == [
        (1, "later"),
        (1, "retry"),
        (2, "dead"),
    ]
    assert await history(runtime, tenants.second, job_id) == []


async def _raise_os_error(job: Job, payload: dict[str, Any]) -> None:
    raise OSError


async def test_a_permanent_error_is_a_dead_letter_at_once_and_can_be_replayed(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first, 5)

    async def hopeless(job: Job, payload: dict[str, Any]) -> None:
        raise PermanentJobError("the account is closed")

    assert await run_job(executor_for(runtime, hopeless), tenants.first, job_id) == "dead"
    async with runtime.database.session(tenants.first) as session:
        assert [letter.id for letter in await list_dead(session)] == [job_id]
        await replay(session, job_id)
    assert await run_job(executor_for(runtime), tenants.first, job_id) == "succeeded"
    assert await effects(runtime, tenants.first) == ["5"]


async def test_the_last_attempt_that_fails_makes_a_dead_letter(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first, max_attempts=1)

    async def fails(job: Job, payload: dict[str, Any]) -> None:
        raise ValueError

    assert await run_job(executor_for(runtime, fails), tenants.first, job_id) == "dead"


async def test_a_dead_letter_is_not_replayed_beside_a_living_successor_or_by_others(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first, dedup_key="sync")

    async def hopeless(job: Job, payload: dict[str, Any]) -> None:
        raise PermanentJobError("no")

    await run_job(executor_for(runtime, hopeless), tenants.first, job_id)
    successor = await add_job(runtime, tenants.first, dedup_key="sync")
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(JobIsLiveError):
            await replay(session, job_id)
        with pytest.raises(JobNotFoundError):
            await replay(session, successor)
    async with runtime.database.session(tenants.second) as session:
        assert await list_dead(session) == []
        with pytest.raises(JobNotFoundError):
            await replay(session, job_id)


async def test_a_task_that_this_worker_does_not_know_is_tried_again_elsewhere(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first, task="test.thing.unknown")
    executor = Executor(runtime, Registry())
    assert await run_job(executor, tenants.first, job_id) == "retry"
    status = await status_of(runtime, tenants.first, job_id)
    assert status.error is not None
    assert status.error["code"] == "unknown_task"


async def test_an_attempt_that_takes_too_long_is_stopped(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)

    async def endless(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        await asyncio.sleep(60)

    executor = executor_for(runtime, endless, timeout_seconds=0.1)
    assert await run_job(executor, tenants.first, job_id) == "retry"
    status = await status_of(runtime, tenants.first, job_id)
    assert status.error is not None
    assert status.error["code"] == "job_timeout"
    assert await effects(runtime, tenants.first) == []


async def test_the_heartbeat_keeps_a_job_longer_than_its_lease_single_even_without_awaiting(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """The anchor: no redelivery; a broker's visibility timeout ran such a job three times."""
    job_id = await add_job(runtime, tenants.first)

    async def computes(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        time.sleep(2.5)  # noqa: ASYNC251 - blocks the loop on purpose

    executor = executor_for(runtime, computes, lease_seconds=0.9)
    async with beating(executor):
        assert await run_job(executor, tenants.first, job_id) == "succeeded"
    status = await status_of(runtime, tenants.first, job_id)
    assert status.attempts == 1
    assert await effects(runtime, tenants.first) == ["0"]


async def test_a_hanging_handler_cannot_keep_its_lease_beyond_the_deadline(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    executor = executor_for(runtime)

    async def hangs(job: Job, payload: dict[str, Any]) -> None:
        executor.leases.all()[0].deadline = time.monotonic() - 1
        assert executor.leases.to_extend() == []

    executor.registry = Registry()
    executor.registry.add(Task(TASK, hangs))
    assert await run_job(executor, tenants.first, job_id) == "succeeded"


async def test_cancelling_stops_a_running_handler_and_drops_its_effects(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    began = asyncio.Event()

    async def endless(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        began.set()
        await asyncio.sleep(60)

    executor = executor_for(runtime, endless, lease_seconds=0.6)
    async with beating(executor):
        running = asyncio.create_task(run_job(executor, tenants.first, job_id))
        await began.wait()
        async with runtime.database.session(tenants.first) as session:
            assert await cancel(session, job_id)
        assert await asyncio.wait_for(running, 10) == "cancelled"
    assert (await status_of(runtime, tenants.first, job_id)).state == "cancelled"
    assert await effects(runtime, tenants.first) == []


async def test_shutdown_gives_the_job_back_without_costing_an_attempt(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    began = asyncio.Event()

    async def endless(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        began.set()
        await asyncio.sleep(60)

    executor = executor_for(runtime, endless)
    running = asyncio.create_task(run_job(executor, tenants.first, job_id))
    await began.wait()
    executor.leases.all()[0].stop("shutdown")
    assert await running == "given_back"
    status = await status_of(runtime, tenants.first, job_id)
    assert (status.state, status.attempts) == ("queued", 0)
    assert await effects(runtime, tenants.first) == []


async def test_progress_is_seen_before_the_job_ends_and_its_last_step_always(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    seen = []

    async def tells(job: Job, payload: dict[str, Any]) -> None:
        for done in range(1, 101):
            await job.progress(done, 100, f"{done} of 100", stage="reading")
        seen.append(await status_of(runtime, tenants.first, job_id))

    assert await run_job(executor_for(runtime, tells), tenants.first, job_id) == "succeeded"
    assert (seen[0].progress_done, seen[0].message, seen[0].stage) == (
        100,
        "100 of 100",
        "reading",
    )


async def test_a_short_job_in_the_background_tells_nobody_how_far_it_is(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first, job_class="low")
    seen = []

    async def tells(job: Job, payload: dict[str, Any]) -> None:
        await job.progress(1, 1, "1 of 1")
        assert not job.has_told
        seen.append(await status_of(runtime, tenants.first, job_id))

    assert await run_job(executor_for(runtime, tells), tenants.first, job_id) == "succeeded"
    assert (seen[0].state, seen[0].progress_done, seen[0].message) == ("running", None, None)


def test_one_name_has_one_handler() -> None:
    registry = Registry()
    task("test.thing.do", registry=registry)(write_effect)
    task("test.thing.do", registry=registry)(write_effect)

    async def other(job: Job, payload: dict[str, Any]) -> None:
        """Another handler under the same name."""

    with pytest.raises(DuplicateTaskError):
        task("test.thing.do", registry=registry)(other)
