"""Two who want the same job at the same moment, and ends whose answer was lost: still one effect."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs import (
    JobNotFoundError,
    Node,
    cancel,
    enqueue,
    enqueue_graph,
    enqueue_many,
    replay,
)
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.jobs.registry import Payload
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.chaos.proxy import CuttingProxy, cutting
from tests.fixtures.database import TwoTenants, create_tenant_row, runtime_for
from tests.scale.jobs.workbench import (
    TASK,
    RecordingPublisher,
    add_job,
    add_worker,
    effects,
    executor_for,
    expire_lease,
    ref_of,
    run_job,
    sql,
    status_of,
    write_effect,
)

_ROUNDS = 20


async def _write_and_wait(job: Job, payload: Payload) -> None:
    await write_effect(job, payload)
    await asyncio.sleep(0.02)


async def test_a_message_that_comes_four_times_to_two_workers_has_one_effect(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    workers = [executor_for(runtime, _write_and_wait) for _ in range(2)]
    ids = [await add_job(runtime, tenants.first, n) for n in range(_ROUNDS)]
    refs = [await ref_of(runtime, tenants.first, job_id) for job_id in ids]
    await asyncio.gather(*(worker.execute(refs) for worker in workers * 2))
    assert Counter(await effects(runtime, tenants.first)) == Counter(map(str, range(_ROUNDS)))


@asynccontextmanager
async def _by_way_of(proxy: CuttingProxy, urls: ServerUrls) -> AsyncIterator[Runtime]:
    through = replace(
        urls, app_url=proxy.url(urls.app_url), crossing_url=proxy.url(urls.crossing_url)
    )
    async with runtime_for(through) as opened:
        yield opened


async def _write_in_two_transactions(job: Job, payload: Payload) -> None:
    async def first() -> int:
        await write_effect(job, {"n": f"{payload['n']}a"})
        return 1

    await job.step("first", first)
    await write_effect(job, {"n": f"{payload['n']}b"})


@pytest.mark.parametrize("word", [b"COMMIT", b"platform.finish_job", b"'running'", b"job_step"])
async def test_an_attempt_whose_answer_is_cut_off_counts_once(
    runtime: Runtime, tenants: TwoTenants, database_urls: ServerUrls, word: bytes
) -> None:
    """Whatever the worker could not hear, a commit, an end or a claim, another attempt repairs."""
    port = urlsplit(database_urls.app_url).port
    assert port
    with cutting(port, random.Random(0), 1.0, word) as proxy:
        for n in range(3):
            job_id = await add_job(runtime, tenants.first, n)
            ref = await ref_of(runtime, tenants.first, job_id)
            async with _by_way_of(proxy, database_urls) as far:
                worker = executor_for(far, _write_in_two_transactions)
                proxy.is_cutting.set()
                attempt = asyncio.create_task(worker.execute([ref]))
                cut = proxy.cuts
                while proxy.cuts == cut and not attempt.done():  # noqa: ASYNC110 - others act
                    await asyncio.sleep(0.01)
                proxy.is_cutting.clear()
                await attempt
            await _until_ended(runtime, tenants.first, job_id)
    assert proxy.cuts >= 3
    labels = [f"{n}{part}" for n in range(3) for part in "ab"]
    assert Counter(await effects(runtime, tenants.first)) == Counter(labels)


async def _until_ended(runtime: Runtime, tenant: TenantId, job_id: UUID) -> None:
    """Do what dispatcher and reaper do for a job that was left, until it ends."""
    for _ in range(10):
        status = await status_of(runtime, tenant, job_id)
        if status.state == "succeeded":
            return
        await expire_lease(runtime, job_id)
        await sql(
            runtime,
            "UPDATE platform.job SET state = 'queued' WHERE id = :id AND state = 'waiting'",
            id=job_id,
        )
        await run_job(executor_for(runtime, _write_in_two_transactions), tenant, job_id)
    pytest.fail(f"the job does not end: {status}")


async def test_a_job_cancelled_at_any_moment_is_either_done_or_cancelled(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    dice = random.Random(5)
    worker = executor_for(runtime, _write_and_wait)
    states = []
    for n in range(_ROUNDS):
        job_id = await add_job(runtime, tenants.first, n)
        running = asyncio.create_task(run_job(worker, tenants.first, job_id))
        await asyncio.sleep(dice.random() * 0.05)
        async with runtime.database.session(tenants.first) as session:
            was_live = await cancel(session, job_id)
        await running
        state = (await status_of(runtime, tenants.first, job_id)).state
        assert state == ("cancelled" if was_live else "succeeded")
        states.append(state)
    done = [str(n) for n, state in enumerate(states) if state == "succeeded"]
    assert await effects(runtime, tenants.first) == done


async def test_an_item_that_leaves_its_pack_while_it_is_cancelled_is_cancelled(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.session(tenants.first) as session:
        ids = await enqueue_many(session, TASK, [{"n": n} for n in range(30)])
    async with runtime.database.crossing("test takes an item out") as taking:
        await taking.execute(
            text(
                "WITH pack AS (UPDATE platform.job_pack SET taken = 1 WHERE id = :id RETURNING *) "
                "INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload) "
                "SELECT tenant_id, id, 'dispatched', job_class, task_id, payloads -> 0 FROM pack"
            ),
            {"id": ids[0]},
        )
        cancelling = asyncio.create_task(_cancel(runtime, tenants.first, ids[0]))
        await asyncio.sleep(0.2)
    assert await cancelling
    assert (await status_of(runtime, tenants.first, ids[0])).state == "cancelled"


async def _cancel(runtime: Runtime, tenant: TenantId, job_id: UUID) -> bool:
    async with runtime.database.session(tenant) as session:
        return await cancel(session, job_id)


async def test_calls_that_come_while_a_debounced_job_runs_cause_one_run_more(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async def call(n: int) -> UUID:
        async with runtime.database.session(tenants.first) as session:
            return await enqueue(session, TASK, {"n": n}, dedup_key="settle", debounce_seconds=0.01)

    job_id = await call(0)
    began = asyncio.Event()

    async def handler(job: Job, payload: Payload) -> None:
        began.set()
        await write_effect(job, payload)
        await asyncio.sleep(0.2)

    worker = executor_for(runtime, handler)
    await _make_due(runtime, tenants.first)
    running = asyncio.create_task(run_job(worker, tenants.first, job_id))
    await began.wait()
    await asyncio.gather(*(call(n) for n in range(1, 6)))
    assert await running == "succeeded"
    found = await _live_ids(runtime, tenants.first)
    assert len(found) == 1
    await _make_due(runtime, tenants.first)
    await run_job(worker, tenants.first, found[0])
    assert await _live_ids(runtime, tenants.first) == []
    assert len(await effects(runtime, tenants.first)) == 2


async def _make_due(runtime: Runtime, tenant: TenantId) -> None:
    await sql(
        runtime,
        "UPDATE platform.job SET state = 'queued' WHERE tenant_id = :tenant AND state = 'waiting'",
        tenant=tenant,
    )


async def _live_ids(runtime: Runtime, tenant: TenantId) -> list[UUID]:
    rows = await runtime.database.crossing_rows(
        "test looks for jobs",
        "SELECT id FROM platform.job WHERE tenant_id = %(tenant)s AND state <> 'dead'",
        {"tenant": tenant},
    )
    return [row["id"] for row in rows]


async def test_a_dead_letter_that_two_people_replay_runs_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    job_id = await add_job(runtime, tenants.first, 1, max_attempts=1)
    await run_job(_failing(runtime), tenants.first, job_id)
    answers = await asyncio.gather(
        *(_replay(runtime, tenants.first, job_id) for _ in range(4)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, JobNotFoundError) for answer in answers) == 3
    workers = [executor_for(runtime, _write_and_wait) for _ in range(2)]
    await asyncio.gather(*(run_job(worker, tenants.first, job_id) for worker in workers))
    assert await effects(runtime, tenants.first) == ["1"]


def _failing(runtime: Runtime) -> Executor:
    async def handler(job: Job, payload: Payload) -> None:
        await write_effect(job, payload)
        message = "no"
        raise ConnectionError(message)

    return executor_for(runtime, handler)


async def _replay(runtime: Runtime, tenant: TenantId, job_id: UUID) -> None:
    async with runtime.database.session(tenant) as session:
        await replay(session, job_id)


def _triangle(n: int) -> list[Node]:
    parents = [Node(name, TASK, {"n": f"{n}{name}"}) for name in ("left", "right")]
    return [*parents, Node("sum", TASK, {"n": f"{n}sum"}, after=("left", "right"))]


async def _state_of(runtime: Runtime, tenant: TenantId, job_id: UUID) -> str:
    return (await status_of(runtime, tenant, job_id)).state


async def test_a_child_whose_parents_end_at_the_same_moment_runs_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    workers = [executor_for(runtime, _write_and_wait) for _ in range(2)]
    for n in range(_ROUNDS):
        async with runtime.database.session(tenants.first) as session:
            jobs = (await enqueue_graph(session, _triangle(n))).jobs
        parents = (jobs["left"], jobs["right"])
        await asyncio.gather(
            *(
                run_job(worker, tenants.first, job_id)
                for worker, job_id in zip(workers, parents, strict=True)
            )
        )
        assert await _state_of(runtime, tenants.first, jobs["sum"]) == "queued"
        await asyncio.gather(*(run_job(worker, tenants.first, jobs["sum"]) for worker in workers))
    expected = [f"{n}{name}" for n in range(_ROUNDS) for name in ("left", "right", "sum")]
    assert Counter(await effects(runtime, tenants.first)) == Counter(expected)


async def test_a_parent_cancelled_while_it_ends_takes_its_child_along_or_frees_it(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    dice = random.Random(9)
    worker = executor_for(runtime, _write_and_wait)
    for n in range(_ROUNDS):
        nodes = [Node("first", TASK, {"n": n}), Node("next", TASK, {"n": -n}, after=("first",))]
        async with runtime.database.session(tenants.first) as session:
            jobs = (await enqueue_graph(session, nodes)).jobs
        running = asyncio.create_task(run_job(worker, tenants.first, jobs["first"]))
        await asyncio.sleep(0.02 + dice.random() * 0.03)
        was_live = await _cancel(runtime, tenants.first, jobs["first"])
        outcome = await running
        states = [await _state_of(runtime, tenants.first, job_id) for job_id in jobs.values()]
        assert states == (["cancelled"] * 2 if was_live else ["succeeded", "queued"]), outcome


async def test_a_reaper_that_comes_back_lets_workers_speak_up_before_it_takes_their_jobs(
    fresh_servers: ServerUrls,
) -> None:
    """After an outage of PostgreSQL every lease has run out, though every worker lives."""
    async with runtime_for(fresh_servers) as runtime:
        tenant = TenantId(await create_tenant_row(runtime, "first"))
        job_id = await add_job(runtime, tenant)
        began, may_end = asyncio.Event(), asyncio.Event()

        async def handler(job: Job, payload: Payload) -> None:
            began.set()
            await may_end.wait()

        running = asyncio.create_task(run_job(executor_for(runtime, handler), tenant, job_id))
        await began.wait()
        reaper = Reaper(runtime.database, RecordingPublisher())
        await expire_lease(runtime, job_id)
        await reaper._round()
        assert await _state_of(runtime, tenant, job_id) == "running"
        await reaper._round()
        assert await _state_of(runtime, tenant, job_id) == "queued"
        may_end.set()
        assert await running == "lost"


async def test_two_dispatchers_at_once_hand_out_every_job_of_a_pack_once(
    fresh_servers: ServerUrls,
) -> None:
    """As in a take-over, when the old leader has not yet noticed that it leads no longer."""
    async with runtime_for(fresh_servers) as one, runtime_for(fresh_servers) as other:
        tenant = TenantId(await create_tenant_row(one, "first"))
        async with one.database.session(tenant) as session:
            packed = await enqueue_many(session, TASK, [{"n": n} for n in range(250)])
        single = [await add_job(one, tenant, n) for n in range(20)]
        await add_worker(one, slots=1000)
        broker = RecordingPublisher()
        dispatchers = [Dispatcher(runtime.database, broker) for runtime in (one, other)]
        for _ in range(20):
            await asyncio.gather(*(each.dispatch(limit=15) for each in dispatchers))
        assert Counter(broker.ids) == Counter([*packed, *single])
