"""The reaper brings back what workers and broker lost, and forgets what is old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from myriad.kit.ids import new_id
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs import enqueue_many
from myriad.scale.jobs.reaper import Reaped, Reaper, release_jobs_of
from myriad.scale.jobs.scaling import Load, loads
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants, create_tenant_row, runtime_for
from tests.scale.jobs.workbench import (
    TASK,
    RecordingPublisher,
    add_job,
    add_worker,
    history,
    sql,
    status_of,
)


@pytest.fixture
async def queue(quiet_servers: ServerUrls) -> AsyncIterator[Runtime]:
    """A runtime on a database whose whole queue belongs to this test."""
    async with runtime_for(quiet_servers) as opened:
        yield opened


@pytest.fixture
async def two(queue: Runtime) -> TwoTenants:
    """Two tenants of that database."""
    names = ("first", "second")
    first, second = [TenantId(await create_tenant_row(queue, name)) for name in names]
    return TwoTenants(first, second)


@pytest.fixture
def publisher() -> RecordingPublisher:
    """What tells how many bundles wait."""
    return RecordingPublisher()


@pytest.fixture
def reaper(queue: Runtime, publisher: RecordingPublisher) -> Reaper:
    """A reaper that works when told."""
    return Reaper(queue.database, publisher)


async def _claim(queue: Runtime, worker_id: UUID, lease_seconds: float) -> None:
    await sql(
        queue,
        "UPDATE platform.job SET state = 'running', worker_id = :worker, attempts = attempts + 1, "
        "fence = coalesce(fence, 0) + 1, started_at = now(), "
        "lease_until = now() + :seconds * interval '1 second'",
        worker=worker_id,
        seconds=lease_seconds,
    )


async def _dispatch(queue: Runtime, worker_id: UUID, seconds_ago: float) -> None:
    await sql(
        queue,
        "UPDATE platform.job SET state = 'dispatched', worker_id = :worker, "
        "dispatched_at = now() - :seconds * interval '1 second'",
        worker=worker_id,
        seconds=seconds_ago,
    )


async def test_a_silent_workers_job_is_queued_again_until_its_attempts_are_used_up(
    queue: Runtime, two: TwoTenants, reaper: Reaper
) -> None:
    job_id = await add_job(queue, two.first, max_attempts=2)
    worker_id = await add_worker(queue)
    states = []
    for _ in range(2):
        await _claim(queue, worker_id, 60)
        assert (await reaper.reap()).from_workers == 0
        await _claim(queue, worker_id, -1)
        await sql(queue, "UPDATE platform.job SET attempts = attempts - 1")
        assert (await reaper.reap()).from_workers == 1
        states.append((await status_of(queue, two.first, job_id)).state)
    assert states == ["queued", "dead"]
    status = await status_of(queue, two.first, job_id)
    assert status.error is not None
    assert status.error["code"] == "worker_lost"
    assert [outcome for _, outcome in await history(queue, two.first, job_id)] == ["lost", "dead"]


async def test_a_job_under_which_three_workers_died_is_poison(
    queue: Runtime, two: TwoTenants, reaper: Reaper
) -> None:
    job_id = await add_job(queue, two.first, max_attempts=50)
    worker_id = await add_worker(queue)
    rounds: list[Reaped] = []
    for _ in range(3):
        await _claim(queue, worker_id, -1)
        rounds.append(await reaper.reap())
    assert [reaped.died for reaped in rounds] == [0, 0, 1]
    status = await status_of(queue, two.first, job_id)
    assert status.error is not None
    assert (status.state, status.error["code"]) == ("dead", "poison")


async def test_two_reapers_count_a_lost_job_once(queue: Runtime, two: TwoTenants) -> None:
    await add_job(queue, two.first)
    await _claim(queue, await add_worker(queue), -1)
    reapers = [Reaper(queue.database, RecordingPublisher()) for _ in range(2)]
    rounds = await asyncio.gather(*(each.reap() for each in reapers))
    assert sum(reaped.from_workers for reaped in rounds) == 1


async def test_what_was_sent_to_a_worker_that_is_gone_comes_back_at_once(
    queue: Runtime, two: TwoTenants, reaper: Reaper
) -> None:
    job_id = await add_job(queue, two.first)
    await _dispatch(queue, new_id(), 0.1)
    assert (await reaper.reap()).from_broker == 1
    assert (await status_of(queue, two.first, job_id)).state == "queued"


async def test_a_lost_message_is_known_by_an_idle_worker_with_an_empty_queue(
    queue: Runtime, two: TwoTenants, reaper: Reaper, publisher: RecordingPublisher
) -> None:
    await add_job(queue, two.first)
    worker_id = await add_worker(queue)
    taken = []
    await _dispatch(queue, worker_id, 5)
    taken.append((await reaper.reap()).from_broker)
    await _dispatch(queue, worker_id, 11)
    publisher.waiting = 1
    taken.append((await reaper.reap()).from_broker)
    publisher.waiting = 0
    await sql(queue, "UPDATE platform.job_worker SET busy = slots")
    taken.append((await reaper.reap()).from_broker)
    await sql(queue, "UPDATE platform.job_worker SET busy = 0")
    taken.append((await reaper.reap()).from_broker)
    assert taken == [0, 0, 0, 1]


async def test_jobs_of_a_worker_known_to_be_dead_are_released_with_what_was_on_its_way(
    queue: Runtime, two: TwoTenants
) -> None:
    worker_id = await add_worker(queue)
    running = await add_job(queue, two.first)
    await _claim(queue, worker_id, 60)
    sent = await add_job(queue, two.second)
    await sql(
        queue,
        "UPDATE platform.job SET state = 'dispatched', worker_id = :worker, dispatched_at = now() "
        "WHERE state = 'queued'",
        worker=worker_id,
    )
    async with queue.database.crossing("test releases") as session:
        assert await release_jobs_of(session, [worker_id]) == 1
    assert (await status_of(queue, two.first, running)).state == "queued"
    assert (await status_of(queue, two.second, sent)).state == "queued"


async def test_dead_letters_go_after_a_quarter_and_history_by_the_day(
    queue: Runtime, two: TwoTenants, reaper: Reaper
) -> None:
    for days in (8, 91):
        job_id = await add_job(queue, two.first)
        await sql(
            queue,
            "UPDATE platform.job SET state = 'dead', "
            "finished_at = now() - :days * interval '1 day' WHERE id = :id",
            days=days,
            id=job_id,
        )
    assert await reaper.prune() == 1
    parts = "SELECT count(*) AS parts FROM pg_inherits WHERE inhparent = 'platform.job_finished'::regclass"
    rows = await queue.database.crossing_rows("test counts partitions", parts)
    assert rows[0]["parts"] >= 4


async def test_a_tenant_that_is_gone_leaves_no_job_behind(
    queue: Runtime, two: TwoTenants, reaper: Reaper
) -> None:
    gone = TenantId(new_id())
    async with queue.database.session(two.first) as session:
        await enqueue_many(session, TASK, [{"n": n} for n in range(40)])
    await add_job(queue, two.second)
    for table in ("job_pack", "job"):
        await sql(
            queue,
            f"UPDATE platform.{table} SET tenant_id = :gone WHERE tenant_id = :tenant",
            gone=gone,
            tenant=two.first,
        )
    await reaper.count()
    await reaper.prune()
    await reaper.count()
    left = await queue.database.crossing_rows(
        "test counts flows", "SELECT DISTINCT tenant_id FROM platform.job_flow"
    )
    assert {row["tenant_id"] for row in left} == {two.second}


async def test_the_backlog_is_counted_by_class_and_by_tenant(
    queue: Runtime, two: TwoTenants, reaper: Reaper
) -> None:
    async with queue.database.session(two.first) as session:
        await enqueue_many(session, TASK, [{"n": n} for n in range(130)], job_class="bulk")
    await add_job(queue, two.first, job_class="bulk")
    await add_job(queue, two.second)
    await reaper.count()
    of_class = "SELECT job_class, jobs FROM platform.job_backlog WHERE jobs > 0 ORDER BY job_class"
    of_tenant = "SELECT tenant_id, backlog FROM platform.job_flow WHERE backlog > 0"
    rows = await queue.database.crossing_rows("test counts", of_class)
    assert [(row["job_class"], row["jobs"]) for row in rows] == [(2, 1), (4, 131)]
    rows = await queue.database.crossing_rows("test counts", of_tenant)
    assert {row["tenant_id"]: row["backlog"] for row in rows} == {two.first: 131, two.second: 1}
    await sql(queue, "DELETE FROM platform.job")
    await sql(queue, "DELETE FROM platform.job_pack")
    await reaper.count()
    assert await queue.database.crossing_rows("test counts", of_class) == []


async def test_a_worker_silent_for_long_is_forgotten_with_its_queues(
    queue: Runtime, reaper: Reaper, publisher: RecordingPublisher
) -> None:
    await add_worker(queue, name="old")
    await sql(queue, "UPDATE platform.job_worker SET seen_at = now() - interval '2 minutes'")
    await add_worker(queue, name="new")
    assert await reaper.forget_workers() == 1
    assert publisher.forgotten == ["old"]


async def test_pressure_is_work_per_slot(queue: Runtime, two: TwoTenants, reaper: Reaper) -> None:
    for _ in range(6):
        await add_job(queue, two.first)
    await add_worker(queue, slots=4)
    async with queue.database.crossing("test measures") as session:
        measured = await reaper.meter.measure(session)
    assert measured["all"] == Load(ready=6, running=0, slots=4)
    assert measured["default"].pressure == 1.5
    assert measured["bulk"].pressure == 0


def test_work_without_a_slot_is_pressure_too() -> None:
    found = loads({(0, "queued"): 3, (0, "packed"): 4, (4, "running"): 2, (4, "dead"): 9}, {}, 0)
    assert (found["interactive"].pressure, found["all"].pressure) == (7, 9)
