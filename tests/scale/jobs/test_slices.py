"""Many jobs of a pack travel as one slice; whatever happens to it, each of them runs once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.broker import Bundle
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.heartbeat import Heartbeat
from myriad.scale.jobs.overview import Share, list_shares, look_at_queue
from myriad.scale.jobs.packs import enqueue_many
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.jobs.slices import is_slice, refs_of
from myriad.scale.jobs.status import cancel, cancel_many, find_job, list_jobs
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants, create_tenant_row, runtime_for
from tests.scale.jobs.workbench import (
    TASK,
    RecordingPublisher,
    add_worker,
    effects,
    executor_for,
    sql,
)

_NUMBER = 40


@pytest.fixture
async def queue(quiet_servers: ServerUrls) -> AsyncIterator[Runtime]:
    """A runtime on a database whose whole queue belongs to this test."""
    async with runtime_for(quiet_servers) as opened:
        yield opened


@pytest.fixture
async def two(queue: Runtime) -> TwoTenants:
    """Two tenants of that database."""
    first, second = [TenantId(await create_tenant_row(queue, name)) for name in ("one", "two")]
    return TwoTenants(first, second)


@pytest.fixture
def publisher() -> RecordingPublisher:
    """What keeps the bundles instead of a broker."""
    return RecordingPublisher()


async def _send(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher, *, without: int | None = None
) -> dict[TenantId, Sequence[UUID]]:
    """Dispatch forty short jobs of each tenant to one worker and return their ids."""
    ids = {}
    for tenant in (two.first, two.second):
        async with queue.database.session(tenant) as session:
            payloads = [{"n": n} for n in range(_NUMBER)]
            ids[tenant] = await enqueue_many(session, TASK, payloads)
            if without is not None:
                assert await cancel(session, ids[tenant][without])
    await sql(queue, "UPDATE platform.job_task SET mean_seconds = 0.001")
    await add_worker(queue, slots=8)
    await Dispatcher(queue.database, publisher).dispatch()
    return ids


async def _deliver(executor: Executor, bundles: Sequence[Bundle]) -> None:
    for bundle in bundles:
        refs = [ref for member in bundle.members for ref in refs_of(member)]
        await executor.execute(refs, [member for member in bundle.members if is_slice(member)])


async def _count(queue: Runtime, table: str, where: str = "true") -> int:
    query = f"SELECT count(*) AS n FROM platform.{table} WHERE {where}"
    rows = await queue.database.crossing_rows("test counts", query, {})
    return int(rows[0]["n"])


async def _did(queue: Runtime, tenant: TenantId) -> list[int]:
    return sorted(int(subject) for subject in await effects(queue, tenant))


async def _finish(queue: Runtime, publisher: RecordingPublisher) -> None:
    """Dispatch and deliver until nothing is left."""
    executor = executor_for(queue)
    for _ in range(10):
        publisher.bundles.clear()
        done = await Dispatcher(queue.database, publisher).dispatch()
        await _deliver(executor, publisher.bundles)
        if not done.published:
            return


async def test_a_pack_for_one_worker_is_sent_as_slices_and_each_job_runs_once(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await _send(queue, two, publisher)
    assert await _count(queue, "job") == 0
    assert await _count(queue, "job_slice") == 2
    executor = executor_for(queue)
    await _deliver(executor, publisher.bundles)
    await _deliver(executor_for(queue), publisher.bundles)
    assert await _did(queue, two.first) == await _did(queue, two.second) == list(range(_NUMBER))
    assert await _count(queue, "job_slice") == await _count(queue, "job") == 0


async def test_two_workers_that_get_the_same_slice_at_once_run_each_job_once(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await _send(queue, two, publisher)
    both = executor_for(queue), executor_for(queue)
    await asyncio.gather(*(_deliver(executor, publisher.bundles) for executor in both))
    await sql(queue, "UPDATE platform.job SET state = 'queued' WHERE state = 'dispatched'")
    await _finish(queue, publisher)
    assert await _did(queue, two.first) == await _did(queue, two.second) == list(range(_NUMBER))


async def test_a_job_in_a_slice_is_found_and_listed_as_dispatched(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    ids = await _send(queue, two, publisher)
    async with queue.database.read_session(two.first) as session:
        found = await find_job(session, ids[two.first][7])
        assert found is not None
        assert (found.state, found.task, found.attempts) == ("dispatched", TASK, 0)
        assert await find_job(session, ids[two.second][7]) is None
        listed = await list_jobs(session, state="dispatched", limit=100)
        assert [job.id for job in listed] == list(ids[two.first])[::-1]


async def test_one_job_of_a_slice_is_cancelled_and_the_others_run(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    ids = await _send(queue, two, publisher)
    async with queue.database.session(two.second) as session:
        assert not await cancel(session, ids[two.first][3])
    async with queue.database.session(two.first) as session:
        assert await cancel(session, ids[two.first][3])
    await _deliver(executor_for(queue), publisher.bundles)
    assert await _did(queue, two.first) == [n for n in range(_NUMBER) if n != 3]
    assert await _did(queue, two.second) == list(range(_NUMBER))


async def test_all_jobs_of_slices_are_cancelled_for_one_tenant(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await _send(queue, two, publisher)
    async with queue.database.session(two.first) as session:
        assert await cancel_many(session, task=TASK) == _NUMBER
    await _deliver(executor_for(queue), publisher.bundles)
    assert await _did(queue, two.first) == []
    assert await _did(queue, two.second) == list(range(_NUMBER))


async def test_an_empty_place_of_a_slice_runs_nothing(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await _send(queue, two, publisher, without=5)
    assert sum(bundle.jobs for bundle in publisher.bundles) == 2 * (_NUMBER - 1)
    await _deliver(executor_for(queue), publisher.bundles)
    assert await _did(queue, two.first) == [n for n in range(_NUMBER) if n != 5]


_LOSSES: dict[str, Any] = {
    "the worker is gone": "UPDATE platform.job_worker SET seen_at = now() - interval '1 minute'",
    "the message was lost": "UPDATE platform.job_slice SET dispatched_at = now() - interval '1 hour'",
}


@pytest.mark.parametrize("cause", _LOSSES)
async def test_a_slice_that_is_lost_on_the_way_is_sent_again(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher, cause: str
) -> None:
    await _send(queue, two, publisher)
    await sql(queue, _LOSSES[cause])
    reaped = await Reaper(queue.database, publisher).reap()
    assert reaped.from_broker == 2 * _NUMBER
    await sql(queue, "UPDATE platform.job_worker SET seen_at = now()")
    await _finish(queue, publisher)
    assert await _did(queue, two.first) == await _did(queue, two.second) == list(range(_NUMBER))


async def test_a_draining_worker_gives_back_the_slices_it_was_sent(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await _send(queue, two, publisher)
    executor = executor_for(queue)
    await sql(queue, "UPDATE platform.job_slice SET worker_id = :id", id=executor.worker_id)
    executor.drain()
    heartbeat = Heartbeat(queue.database.settings.crossing, executor, slots=2)
    heartbeat.beat()
    heartbeat.stop()
    assert await _count(queue, "job", "state = 'queued'") == 2 * _NUMBER
    await _finish(queue, publisher)
    assert await _did(queue, two.first) == list(range(_NUMBER))


async def test_what_waits_in_slices_at_a_full_worker_is_taken_back_for_one_with_room(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await _send(queue, two, publisher)
    await sql(queue, "UPDATE platform.job_worker SET busy = slots")
    await sql(queue, "UPDATE platform.job_slice SET dispatched_at = now() - interval '2 seconds'")
    await add_worker(queue, name="free", slots=8)
    dispatcher = Dispatcher(queue.database, publisher)
    await dispatcher.standing.read()
    await dispatcher.standing.count()
    assert await dispatcher.steal() == 2 * _NUMBER


async def test_what_is_under_way_in_slices_counts_against_limits(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await sql(queue, "INSERT INTO platform.job_limit (key, concurrency) VALUES ('tenant', 25)")
    await _send(queue, two, publisher)
    under_way = sum(bundle.jobs for bundle in publisher.bundles)
    assert under_way == 2 * 25
    assert (await Dispatcher(queue.database, publisher).dispatch()).published == 0


async def test_the_queue_page_counts_what_slices_hold(
    queue: Runtime, two: TwoTenants, publisher: RecordingPublisher
) -> None:
    await _send(queue, two, publisher)
    async with queue.database.crossing("test looks at the queue") as session:
        seen = await look_at_queue(session)
    assert sum(lane.running for lane in seen.lanes) == 2 * _NUMBER
    assert [share.in_flight for share in await _shares(queue)] == [_NUMBER] * 2


async def _shares(queue: Runtime) -> tuple[Share, ...]:
    async with queue.database.crossing("test looks at shares") as session:
        return await list_shares(session)
