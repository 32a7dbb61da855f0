"""Bundles: one slot, one after another, none held up by a long, a locked or a dangerous member."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import text

from myriad.scale.jobs import Job
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.ledger import Ask
from myriad.scale.jobs.store import JobRef
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.scale.jobs.workbench import (
    TASK,
    add_job,
    effects,
    executor_for,
    history,
    ref_of,
    sql,
    status_of,
    write_effect,
)

_CUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = session_user AND (application_name IN "
    "('test-work', 'myriad-claims', 'myriad-ends', 'myriad-notes'))"
)


async def _bundle(runtime: Runtime, tenants: TwoTenants, size: int) -> list[JobRef]:
    """Return jobs 0, 1, … of the two tenants by turns."""
    refs = []
    for n in range(size):
        tenant = (tenants.first, tenants.second)[n % 2]
        refs.append(await ref_of(runtime, tenant, await add_job(runtime, tenant, n)))
    return refs


async def test_members_of_all_tenants_run_in_their_order_each_as_its_tenant(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    refs = await _bundle(runtime, tenants, 6)
    order: list[int] = []

    async def notes(job: Job, payload: dict[str, Any]) -> None:
        order.append(payload["n"])
        await write_effect(job, payload)

    assert await executor_for(runtime, notes).execute(refs) == ["succeeded"] * 6
    assert order == list(range(6))
    assert await effects(runtime, tenants.first) == ["0", "2", "4"]
    assert await effects(runtime, tenants.second) == ["1", "3", "5"]


async def test_a_long_member_does_not_keep_the_next_one_from_beginning(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    refs = await _bundle(runtime, tenants, 2)
    second_ran = asyncio.Event()

    async def first_waits_for_second(job: Job, payload: dict[str, Any]) -> None:
        if payload["n"] == 0:
            await asyncio.wait_for(second_ran.wait(), 20)
        second_ran.set()

    executor = executor_for(runtime, first_waits_for_second)
    assert await executor.execute(refs) == ["succeeded"] * 2


async def test_a_member_that_fails_harms_no_other(runtime: Runtime, tenants: TwoTenants) -> None:
    refs = await _bundle(runtime, tenants, 3)

    async def second_fails(job: Job, payload: dict[str, Any]) -> None:
        await write_effect(job, payload)
        if payload["n"] == 1:
            raise OSError

    outcomes = await executor_for(runtime, second_fails).execute(refs)
    assert outcomes == ["succeeded", "retry", "succeeded"]
    assert await effects(runtime, tenants.first) == ["0", "2"]
    assert await effects(runtime, tenants.second) == []


async def test_a_job_that_stands_twice_in_a_bundle_or_in_two_runs_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    refs = await _bundle(runtime, tenants, 2)
    executor = executor_for(runtime)
    first, second = await asyncio.gather(
        executor.execute([refs[0], refs[0], refs[1]]), executor.execute(refs)
    )
    assert sorted(first + second).count("duplicate") >= 2
    assert await effects(runtime, tenants.first) == ["0"]
    assert await effects(runtime, tenants.second) == ["1"]


async def test_what_has_not_begun_when_the_worker_drains_goes_back_and_costs_no_attempt(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    refs = await _bundle(runtime, tenants, 3)
    executor = executor_for(runtime)

    async def drains(job: Job, payload: dict[str, Any]) -> None:
        executor.drain()
        await write_effect(job, payload)

    executor.registry = executor_for(runtime, drains).registry
    assert await executor.execute(refs) == ["succeeded", "given_back", "given_back"]
    status = await status_of(runtime, tenants.second, refs[1].job_id)
    assert (status.state, status.attempts) == ("queued", 0)
    assert await history(runtime, tenants.second, refs[1].job_id) == [(1, "given_back")]
    assert await executor.execute(refs[1:]) == ["given_back"] * 2


async def test_a_row_that_somebody_keeps_locked_holds_up_neither_claims_nor_ends_of_others(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    refs = await _bundle(runtime, tenants, 2)
    executor = executor_for(runtime)
    async with runtime.database.session(tenants.first) as holder:
        await holder.execute(text("SELECT FROM platform.job FOR UPDATE"))
        held = asyncio.create_task(executor.execute(refs[:1]))
        assert await executor.execute(refs[1:]) == ["succeeded"]
    assert await held == ["succeeded"]


async def test_an_end_waits_for_a_row_that_somebody_keeps_locked(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    [ref, other] = await _bundle(runtime, tenants, 2)
    began, locked = asyncio.Event(), asyncio.Event()

    async def has_no_effects(job: Job, payload: dict[str, Any]) -> None:
        began.set()
        await locked.wait()

    executor = executor_for(runtime, has_no_effects)
    ending = asyncio.create_task(executor.execute([ref]))
    await began.wait()
    async with runtime.database.session(tenants.first) as holder:
        await holder.execute(text("SELECT FROM platform.job FOR UPDATE"))
        locked.set()
        assert await executor.execute([other]) == ["succeeded"]
        assert not ending.done()
    assert await ending == ["succeeded"]


async def test_jobs_that_lost_two_workers_run_one_at_a_time(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """So that the one that kills its worker takes no other suspect with it."""
    refs = await _bundle(runtime, tenants, 4)
    for ref in refs[1:]:
        await _set_losses(runtime, ref.job_id, 2)
    together, most = 0, 0

    async def counts(job: Job, payload: dict[str, Any]) -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        await asyncio.sleep(0.15)
        together -= 1

    executor = executor_for(runtime, counts)
    outcomes = await asyncio.gather(executor.execute(refs[:2]), executor.execute(refs[2:]))
    assert [*outcomes[0], *outcomes[1]] == ["succeeded"] * 4
    assert most == 2  # the one that is no suspect, and one that is


async def _set_losses(runtime: Runtime, job_id: UUID, losses: int) -> None:
    await sql(
        runtime,
        "UPDATE platform.job SET losses = :losses WHERE id = :id",
        id=job_id,
        losses=losses,
    )


async def test_a_claim_over_a_lease_that_ran_out_counts_as_a_lost_worker(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    [ref] = await _bundle(runtime, tenants, 1)
    await sql(
        runtime,
        "UPDATE platform.job SET state = 'running', lease_until = now() - interval '1 second', "
        "fence = 1, attempts = 1 WHERE id = :id",
        id=ref.job_id,
    )
    seen: list[int] = []

    async def looks(job: Job, payload: dict[str, Any]) -> None:
        found = await job.session.execute(text("SELECT losses, attempts FROM platform.job"))
        seen.extend(found.one())

    assert await executor_for(runtime, looks).execute([ref]) == ["succeeded"]
    assert seen == [1, 2]


async def test_a_claim_whose_answer_was_lost_is_made_again_and_counts_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    [ref] = await _bundle(runtime, tenants, 1)
    executor = executor_for(runtime)
    unheard = Ask(ref, executor.worker_id, 60.0, 10)
    assert (await executor.ledger.claim([unheard]))[0] is not None
    assert await executor_for(runtime).execute([ref]) == ["duplicate"]
    assert await executor.execute([ref]) == ["succeeded"]
    status = await status_of(runtime, tenants.first, ref.job_id)
    assert (status.state, status.attempts) == ("succeeded", 1)
    assert await effects(runtime, tenants.first) == ["0"]


async def test_a_cut_connection_costs_no_job(runtime: Runtime, tenants: TwoTenants) -> None:
    refs = await _bundle(runtime, tenants, 4)
    executor: Executor = executor_for(runtime)
    assert await executor.execute(refs[:2]) == ["succeeded"] * 2
    # A role may end its own connections only.
    async with runtime.database.session(tenants.first) as app:
        await app.execute(_CUT)
    async with runtime.database.crossing("test cuts connections") as crossing:
        await crossing.execute(_CUT)
    assert await executor.execute(refs[2:]) == ["succeeded"] * 2
    assert executor.registry.get(TASK).max_attempts == 10
    assert (await status_of(runtime, tenants.first, refs[2].job_id)).attempts == 1
