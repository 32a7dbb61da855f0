"""Many jobs at once lie in packs, and each of them is a job all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.clock import utc_now
from myriad.scale.jobs import (
    Batch,
    Node,
    cancel,
    enqueue_fan_out,
    enqueue_graph,
    enqueue_item,
    enqueue_many,
    find_job,
    list_jobs,
)
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.packs import PACK_SIZE, PackedIds, first_pack_id, place_in_pack
from myriad.scale.jobs.payloads import MAX_PAYLOAD_BYTES, InvalidPayloadError
from myriad.scale.jobs.registry import Payload
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.scale.jobs.workbench import (
    TASK,
    add_job,
    effects,
    executor_for,
    sql,
    status_of,
    write_effect,
)

_PACKS = "SELECT id, size, payloads FROM platform.job_pack ORDER BY id"
_ROWS = "SELECT id, payload FROM platform.job ORDER BY id"


def numbers(count: int) -> Iterator[dict[str, Any]]:
    return ({"n": n} for n in range(count))


async def enqueue_numbers(
    runtime: Runtime, tenant: TenantId, count: int, **options: Any
) -> list[UUID]:
    async with runtime.database.session(tenant) as session:
        return list(await enqueue_many(session, TASK, numbers(count), **options))


@given(st.integers(0, 1000))
def test_the_ids_of_packed_jobs_are_distinct_and_in_order(count: int) -> None:
    ids = PackedIds(first_pack_id(), count)
    assert len(ids) == len(list(ids)) == count
    assert all(before < after for before, after in pairwise(ids))
    assert all(one.version == 7 for one in ids)
    assert list(ids[1:]) == list(ids)[1:]
    for place, one in enumerate(ids):
        assert place_in_pack(one)[1] == place % PACK_SIZE


def test_an_id_beyond_the_last_does_not_exist() -> None:
    with pytest.raises(IndexError):
        PackedIds(first_pack_id(), 3)[3]


async def test_many_jobs_are_packed_by_the_hundred_in_their_order(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ids = await enqueue_numbers(runtime, tenants.first, 250)
    packs = await runtime.database.reader.rows(tenants.first, _PACKS)
    assert [pack["size"] for pack in packs] == [100, 100, 50]
    assert [one["n"] for pack in packs for one in pack["payloads"]] == list(range(250))
    assert [pack["id"] for pack in packs] == [ids[0], ids[100], ids[200]]


async def test_a_few_jobs_are_rows(runtime: Runtime, tenants: TwoTenants) -> None:
    ids = await enqueue_numbers(runtime, tenants.first, 19)
    rows = await runtime.database.reader.rows(tenants.first, _ROWS)
    assert [row["id"] for row in rows] == ids
    assert [row["payload"]["n"] for row in rows] == list(range(19))


async def test_nothing_is_enqueued_for_no_payload(runtime: Runtime, tenants: TwoTenants) -> None:
    assert await enqueue_numbers(runtime, tenants.first, 0) == []


async def test_a_packed_job_is_found_by_its_id_and_only_by_its_tenant(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ids = await enqueue_numbers(runtime, tenants.first, 30, job_class="low", max_attempts=3)
    status = await status_of(runtime, tenants.first, ids[29])
    assert (status.state, status.job_class, status.max_attempts) == ("queued", "low", 3)
    assert status.task == TASK
    async with runtime.database.read_session(tenants.second) as session:
        assert await find_job(session, ids[29]) is None
    async with runtime.database.read_session(tenants.first) as session:
        assert await find_job(session, UUID(int=ids[29].int + 1)) is None


async def test_a_packed_job_is_cancelled_alone(runtime: Runtime, tenants: TwoTenants) -> None:
    ids = await enqueue_numbers(runtime, tenants.first, 30)
    async with runtime.database.session(tenants.first) as session:
        assert await cancel(session, ids[7])
        assert not await cancel(session, ids[7])
    states = [(await status_of(runtime, tenants.first, one)).state for one in ids[6:9]]
    assert states == ["queued", "cancelled", "queued"]
    packs = await runtime.database.reader.rows(tenants.first, _PACKS)
    assert packs[0]["payloads"][7] is None


async def test_another_tenant_cannot_cancel_a_packed_job(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ids = await enqueue_numbers(runtime, tenants.first, 30)
    async with runtime.database.session(tenants.second) as session:
        assert not await cancel(session, ids[0])
    assert (await status_of(runtime, tenants.first, ids[0])).state == "queued"


async def test_packed_jobs_are_listed_newest_first_and_by_pages(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ids = await enqueue_numbers(runtime, tenants.first, 130)
    await enqueue_numbers(runtime, tenants.second, 130)
    listed: list[UUID] = []
    async with runtime.database.read_session(tenants.first) as session:
        page = await list_jobs(session, limit=50)
        while page:
            listed += [job.id for job in page]
            page = await list_jobs(session, limit=50, before=listed[-1])
    assert listed == ids[::-1]


async def test_a_rolled_back_transaction_leaves_no_pack(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.session(tenants.first) as session:
        await enqueue_many(session, TASK, numbers(500))
        await session.rollback()
    assert await runtime.database.reader.rows(tenants.first, _PACKS) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"n": object()},
        {"text": "a\u0000b"},
        {"text": "\ud800"},
        {"text": "x" * MAX_PAYLOAD_BYTES},
        ["no", "object"],
    ],
)
async def test_one_bad_payload_among_many_is_named_and_nothing_is_written(
    runtime: Runtime, tenants: TwoTenants, bad: Any
) -> None:
    payloads: list[Any] = [*numbers(300), bad]
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(InvalidPayloadError):
            await enqueue_many(session, TASK, payloads)
    assert await runtime.database.reader.rows(tenants.first, _PACKS) == []


async def test_large_payloads_within_the_limit_are_packed(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    payloads = [{"n": n, "text": "x" * 10_000} for n in range(100)]
    async with runtime.database.session(tenants.first) as session:
        await enqueue_many(session, TASK, payloads)
    packs = await runtime.database.reader.rows(tenants.first, _PACKS)
    assert packs[0]["payloads"] == payloads


async def test_a_text_that_only_looks_like_nul_is_kept(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    payloads = [{"text": r"\u0000"}] * 25
    async with runtime.database.session(tenants.first) as session:
        await enqueue_many(session, TASK, payloads)
    packs = await runtime.database.reader.rows(tenants.first, _PACKS)
    assert packs[0]["payloads"] == payloads


async def test_a_fan_out_gives_each_tenant_its_own_jobs(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    wanted = {tenants.first: list(numbers(150)), tenants.second: list(numbers(2))}
    deadline = utc_now() + timedelta(hours=1)
    async with runtime.database.crossing("test fans out") as session:
        ids = await enqueue_fan_out(session, TASK, wanted, deadline_at=deadline)
    for tenant, other in ((tenants.first, tenants.second), (tenants.second, tenants.first)):
        async with runtime.database.read_session(tenant) as session:
            mine = {job.id for job in await list_jobs(session, limit=500)}
        assert mine == set(ids[tenant])
        assert mine.isdisjoint(ids[other])


async def test_what_a_handler_enqueues_commits_with_its_end_or_not_at_all(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    fails = [True, False]

    async def spread(job: Job, _: Payload) -> None:
        await enqueue_many(job.session, TASK, numbers(120))
        await enqueue_graph(job.session, [Node("a", TASK), Node("b", TASK, after=("a",))])
        await enqueue_item(job.session, TASK, 1, batch=Batch())
        if fails.pop(0):
            raise RuntimeError

    executor = executor_for(runtime, spread)
    job_id = await add_job(runtime, tenants.first, task=TASK)
    assert await run_job(runtime, tenants.first, job_id, executor) == "retry"
    assert await runtime.database.reader.rows(tenants.first, _PACKS) == []
    await sql(runtime, "UPDATE platform.job SET state = 'queued' WHERE id = :id", id=job_id)
    assert await run_job(runtime, tenants.first, job_id, executor) == "succeeded"
    async with runtime.database.read_session(tenants.first) as session:
        found = [job.state for job in await list_jobs(session, limit=500)]
    assert Counter(found) == {"queued": 121, "blocked": 1, "waiting": 1, "succeeded": 1}


async def test_a_handler_that_meets_a_bad_payload_can_go_on_without_those_jobs(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async def go_on(job: Job, payload: Payload) -> None:
        bad: list[Any] = [*numbers(30_000), {"n": object()}]
        with pytest.raises(InvalidPayloadError):
            await enqueue_many(job.session, TASK, bad)
        await write_effect(job, payload)

    job_id = await add_job(runtime, tenants.first, 5)
    assert (
        await run_job(runtime, tenants.first, job_id, executor_for(runtime, go_on)) == "succeeded"
    )
    assert await effects(runtime, tenants.first) == ["5"]
    assert await runtime.database.reader.rows(tenants.first, _PACKS) == []
