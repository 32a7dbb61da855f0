"""A job is born with its transaction, once per key, and belongs to one tenant."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.jobs import JobNotFoundError, enqueue, enqueue_many, find_job
from myriad.scale.jobs.payloads import MAX_PAYLOAD_BYTES, InvalidPayloadError
from myriad.scale.jobs.store import JobRef
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import NoTenantError
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.scale.jobs.workbench import TASK, add_job, effects, executor_for, sql, status_of


async def test_a_job_of_a_rolled_back_transaction_never_existed(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    made = []

    async def fail_after_enqueue() -> None:
        async with runtime.database.session(tenants.first) as session:
            made.append(await enqueue(session, TASK, {"n": 1}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_enqueue()
    async with runtime.database.read_session(tenants.first) as session:
        assert await find_job(session, made[0]) is None


async def test_a_job_appears_with_the_commit_that_made_it(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.session(tenants.first) as session:
        job_id = await enqueue(session, TASK, {"n": 1})
        async with runtime.database.read_session(tenants.first) as other:
            assert await find_job(other, job_id) is None
    assert (await status_of(runtime, tenants.first, job_id)).state == "queued"


async def test_another_tenant_neither_sees_nor_runs_a_job(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first)
    with pytest.raises(JobNotFoundError):
        await status_of(runtime, tenants.second, job_id)
    executor = executor_for(runtime)
    assert await executor.execute([JobRef(tenants.second, job_id, 2, 1)]) == ["duplicate"]
    assert await effects(runtime, tenants.second) == []


async def test_no_tenant_no_job(runtime: Runtime) -> None:
    async with runtime.database.crossing("test enqueues without a tenant") as session:
        with pytest.raises(NoTenantError):
            await enqueue(session, TASK, {})


async def test_a_later_job_waits(runtime: Runtime, tenants: TwoTenants) -> None:
    later = utc_now() + timedelta(hours=1)
    job_id = await add_job(runtime, tenants.first, run_at=later)
    status = await status_of(runtime, tenants.first, job_id)
    assert (status.state, status.run_at) == ("waiting", later)
    assert await run_job(runtime, tenants.first, job_id, executor_for(runtime)) == "duplicate"


async def test_twenty_simultaneous_enqueues_with_one_key_make_one_job(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ids = await asyncio.gather(
        *(add_job(runtime, tenants.first, dedup_key="sync") for _ in range(20))
    )
    assert len(set(ids)) == 1
    other = await add_job(runtime, tenants.second, dedup_key="sync")
    assert other != ids[0]


async def test_the_key_is_free_again_when_the_job_has_ended(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    first = await add_job(runtime, tenants.first, dedup_key="sync")
    assert await run_job(runtime, tenants.first, first, executor_for(runtime)) == "succeeded"
    assert await add_job(runtime, tenants.first, dedup_key="sync") != first


async def test_debouncing_moves_one_run_to_after_the_last_call(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    options: dict[str, Any] = {"dedup_key": "hook", "debounce_seconds": 30.0}
    first = await add_job(runtime, tenants.first, 1, **options)
    before = await status_of(runtime, tenants.first, first)
    second = await add_job(runtime, tenants.first, 2, **options)
    after = await status_of(runtime, tenants.first, second)
    assert first == second
    assert after.run_at > before.run_at


async def test_debouncing_for_ever_still_runs_after_ten_windows(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    options: dict[str, Any] = {"dedup_key": "hook", "debounce_seconds": 30.0}
    job_id = await add_job(runtime, tenants.first, **options)
    await sql(
        runtime,
        "UPDATE platform.job SET id = uuidv7(interval '-299 seconds') WHERE id = :id",
        id=job_id,
    )
    job_id = await add_job(runtime, tenants.first, **options)
    status = await status_of(runtime, tenants.first, job_id)
    assert status.run_at - status.created_at == timedelta(seconds=300)


async def test_a_debounced_call_during_the_run_causes_one_more_run(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    options: dict[str, Any] = {"dedup_key": "hook", "debounce_seconds": 0.01}
    first = await add_job(runtime, tenants.first, 1, **options)
    await sql(runtime, "UPDATE platform.job SET state = 'queued' WHERE id = :id", id=first)

    async def hear_another(job, payload):  # type: ignore[no-untyped-def]
        assert await add_job(runtime, tenants.first, 2, **options) == job.id

    executor = executor_for(runtime, hear_another)
    assert await run_job(runtime, tenants.first, first, executor) == "succeeded"
    again = await add_job(runtime, tenants.first, 3, **options)
    assert again != first
    assert (await status_of(runtime, tenants.first, again)).state == "waiting"


@pytest.mark.parametrize(
    "options",
    [
        {"job_class": "vip"},
        {"task": ""},
        {"task": "x" * 201},
        {"dedup_key": ""},
        {"dedup_key": "x" * 501},
        {"cost": 0.0},
        {"cost": float("nan")},
        {"max_attempts": 0},
        {"deadline_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
        {"deadline_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"run_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault under test
        {"debounce_seconds": 5.0},
        {"debounce_seconds": 0.0, "dedup_key": "x"},
    ],
)
async def test_a_bad_argument_is_named_and_writes_nothing(
    runtime: Runtime, tenants: TwoTenants, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError):
        await add_job(runtime, tenants.first, **options)
    rows = await runtime.database.reader.rows(tenants.first, "SELECT 1 FROM platform.job")
    assert rows == []


@pytest.mark.parametrize(
    "payload",
    [["no", "object"], {"n": object()}, {"text": "a\u0000b"}, {"text": "x" * MAX_PAYLOAD_BYTES}],
)
async def test_a_payload_that_cannot_be_kept_is_refused_and_writes_nothing(
    runtime: Runtime, tenants: TwoTenants, payload: Any
) -> None:
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(InvalidPayloadError):
            await enqueue(session, TASK, payload)
    rows = await runtime.database.reader.rows(tenants.first, "SELECT 1 FROM platform.job")
    assert rows == []


async def test_task_and_plan_decide_the_class_unless_the_caller_does(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    task = "test.routed.do"
    await add_job(runtime, tenants.first, task=task)
    await sql(
        runtime,
        "UPDATE platform.job_task SET job_class = 3, class_by_plan = '{\"gold\": 1}' "
        "WHERE name = :name",
        name=task,
    )
    await sql(runtime, "UPDATE platform.tenant SET plan = 'gold' WHERE id = :id", id=tenants.second)
    classes = []
    for tenant, options in (
        (tenants.first, {}),
        (tenants.second, {}),
        (tenants.second, {"job_class": "interactive"}),
        (tenants.second, {"dedup_key": "hook", "debounce_seconds": 1.0}),
    ):
        job_id = await add_job(runtime, tenant, task=task, **options)
        classes.append((await status_of(runtime, tenant, job_id)).job_class)
    assert classes == ["low", "high", "interactive", "high"]
    async with runtime.database.session(tenants.second) as session:
        ids = await enqueue_many(session, task, [{"n": n} for n in range(25)])
    assert (await status_of(runtime, tenants.second, ids[0])).job_class == "high"


async def test_a_task_that_nobody_has_named_before_gets_one_number(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    task = f"test.new{new_id().hex[-12:]}.do"
    both = (tenants.first, tenants.second)
    ids = await asyncio.gather(
        *(add_job(runtime, both[n % 2], n, task=task) for n in range(20)),
        *(add_job(runtime, both[n % 2], dedup_key=task, debounce_seconds=9.0) for n in range(4)),
    )
    assert len(set(ids[:20])) == 20
    rows = await runtime.database.reader.rows(
        tenants.first, "SELECT 1 FROM platform.job_task WHERE name = %(task)s", {"task": task}
    )
    assert len(rows) == 1
