"""The dispatcher keeps a short window, in order, and nothing is lost between table and broker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest
from redis import Redis

from myriad.kit.errors import UnavailableError
from myriad.scale.data import Session
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.broker import Publisher, create_celery
from myriad.scale.jobs.choice import ChosenJob, choose_in_order
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.jobs.worker import release_dead_neighbours
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants, create_tenant_row, runtime_for
from tests.scale.jobs.workbench import (
    TASK,
    RecordingPublisher,
    add_job,
    executor_for,
    expire_lease,
    sql,
    status_of,
)


@pytest.fixture
async def queue(fresh_servers: ServerUrls) -> AsyncIterator[Runtime]:
    """A runtime on a database whose whole queue belongs to this test."""
    async with runtime_for(fresh_servers) as opened:
        yield opened


@pytest.fixture
async def two(queue: Runtime) -> TwoTenants:
    """Two tenants of that database."""
    names = ("first", "second")
    first, second = [TenantId(await create_tenant_row(queue, name)) for name in names]
    return TwoTenants(first, second)


def _ids(published: Sequence[ChosenJob]) -> list[UUID]:
    return [job.job_id for job in published]


async def test_the_window_is_filled_and_the_rest_stays_in_the_table(
    queue: Runtime, two: TwoTenants
) -> None:
    ids = [await add_job(queue, two.first, n) for n in range(10)]
    publisher = RecordingPublisher()
    dispatcher = Dispatcher(queue.database, publisher)
    assert (await dispatcher.dispatch(window=4)).published == 4
    assert (await dispatcher.dispatch(window=4)).published == 0
    await executor_for(queue).execute(two.first, ids[0], TASK)
    assert (await dispatcher.dispatch(window=4)).published == 1
    assert _ids(publisher.published) == ids[:5]


async def test_without_a_worker_nothing_leaves_the_table(queue: Runtime, two: TwoTenants) -> None:
    job_id = await add_job(queue, two.first)
    dispatcher = Dispatcher(queue.database, RecordingPublisher())
    assert (await dispatcher.dispatch()).published == 0
    assert (await status_of(queue, two.first, job_id)).state == "queued"


async def test_classes_go_first_then_virtual_finish_time_then_age(
    queue: Runtime, two: TwoTenants
) -> None:
    bulk = await add_job(queue, two.first, job_class="bulk")
    old = await add_job(queue, two.first)
    late = await add_job(queue, two.first)
    early = await add_job(queue, two.second)
    urgent = await add_job(queue, two.second, job_class="interactive")
    await sql(queue, "UPDATE platform.job SET virtual_finish_time = 1 WHERE id = :id", id=late)
    publisher = RecordingPublisher()
    await Dispatcher(queue.database, publisher).dispatch(window=10)
    assert _ids(publisher.published) == [urgent, old, early, late, bulk]


async def test_two_dispatchers_publish_each_job_once(queue: Runtime, two: TwoTenants) -> None:
    ids = {await add_job(queue, two.first, n) for n in range(60)}
    publisher = RecordingPublisher()
    dispatchers = [Dispatcher(queue.database, publisher) for _ in range(2)]
    for _ in range(20):
        await asyncio.gather(*(d.dispatch(window=10_000) for d in dispatchers))
    assert len(publisher.published) == 60
    assert set(_ids(publisher.published)) == ids


async def test_the_order_is_one_replaceable_function(queue: Runtime, two: TwoTenants) -> None:
    for n in range(3):
        await add_job(queue, two.first, n)
    chosen_before = []

    async def newest_first(session: Session, room: int) -> list[ChosenJob]:
        chosen = await choose_in_order(session, 100)
        chosen_before.extend(chosen)
        return chosen[::-1][:room]

    publisher = RecordingPublisher()
    await Dispatcher(queue.database, publisher, newest_first).dispatch(window=2)
    assert publisher.published == chosen_before[::-1][:2]


async def test_a_due_job_is_promoted(queue: Runtime, two: TwoTenants) -> None:
    job_id = await add_job(queue, two.first)
    await sql(
        queue,
        "UPDATE platform.job SET state = 'waiting', run_at = now() - interval '1 s' WHERE id = :id",
        id=job_id,
    )
    publisher = RecordingPublisher()
    await Dispatcher(queue.database, publisher).dispatch(window=1)
    assert _ids(publisher.published) == [job_id]


async def test_when_the_broker_is_away_the_jobs_stay_queued(
    queue: Runtime, two: TwoTenants
) -> None:
    job_id = await add_job(queue, two.first)
    publisher = Publisher(create_celery("redis://127.0.0.1:1/0"))
    with pytest.raises(UnavailableError):
        await Dispatcher(queue.database, publisher).dispatch(window=5)
    assert (await status_of(queue, two.first, job_id)).state == "queued"


async def test_a_message_reaches_the_real_broker(queue: Runtime, two: TwoTenants) -> None:
    publisher = Publisher(create_celery(queue.broker_url))
    before = publisher.backlog()
    for n in range(3):
        await add_job(queue, two.first, n)
    await Dispatcher(queue.database, publisher).dispatch(window=5)
    assert publisher.backlog() - before == 3
    publisher.close()


async def test_a_broker_that_restarts_costs_no_job(queue: Runtime, two: TwoTenants) -> None:
    job_ids = [await add_job(queue, two.first, n) for n in range(4)]
    publisher = Publisher(create_celery(queue.broker_url))
    dispatcher = Dispatcher(queue.database, publisher)
    await dispatcher.dispatch(window=1)
    with Redis.from_url(queue.broker_url) as broker:
        broker.client_kill_filter(_type="normal", skipme=True)
    for _ in range(3):
        with contextlib.suppress(UnavailableError):
            await dispatcher.dispatch(window=4)
    states = {(await status_of(queue, two.first, job_id)).state for job_id in job_ids}
    assert states == {"dispatched"}
    publisher.close()


async def test_a_job_whose_message_was_lost_is_published_again(
    queue: Runtime, two: TwoTenants
) -> None:
    """A dispatcher that dies between commit and publish leaves this row."""
    job_id = await add_job(queue, two.first)
    publisher = RecordingPublisher()
    dispatcher, reaper = Dispatcher(queue.database, publisher), Reaper(queue.database, publisher)
    await dispatcher.dispatch(window=5)
    assert (await reaper.reap()).from_broker == 0
    await sql(queue, "UPDATE platform.job SET dispatched_at = now() - interval '11 seconds'")
    publisher.waiting = 1
    assert (await reaper.reap()).from_broker == 0
    publisher.waiting = 0
    assert (await reaper.reap()).from_broker == 1
    await dispatcher.dispatch(window=5)
    assert _ids(publisher.published) == [job_id, job_id]


async def _leave_running(queue: Runtime, tenant: TenantId, job_id: UUID) -> None:
    """Claim the job as a worker that dies at once."""
    executor = executor_for(queue)
    async with queue.database.session(tenant) as session:
        await executor._claim(session, tenant, job_id, executor.registry.get(TASK))


async def test_a_silent_workers_job_is_queued_again_until_its_attempts_are_used_up(
    queue: Runtime, two: TwoTenants
) -> None:
    job_id = await add_job(queue, two.first, max_attempts=2)
    reaper = Reaper(queue.database, RecordingPublisher())
    states = []
    for _ in range(2):
        await _leave_running(queue, two.first, job_id)
        assert (await reaper.reap()).from_workers == 0
        await expire_lease(queue, job_id)
        assert (await reaper.reap()).from_workers == 1
        states.append((await status_of(queue, two.first, job_id)).state)
    assert states == ["queued", "dead"]
    status = await status_of(queue, two.first, job_id)
    assert status.error is not None
    assert status.error["code"] == "worker_lost"


async def test_two_reapers_count_a_lost_job_once(queue: Runtime, two: TwoTenants) -> None:
    job_id = await add_job(queue, two.first)
    await _leave_running(queue, two.first, job_id)
    await expire_lease(queue, job_id)
    reapers = [Reaper(queue.database, RecordingPublisher()) for _ in range(2)]
    rounds = await asyncio.gather(*(reaper.reap() for reaper in reapers))
    assert sum(reaped.from_workers for reaped in rounds) == 1


async def test_a_starting_worker_frees_the_jobs_of_its_dead_predecessor(
    queue: Runtime, two: TwoTenants
) -> None:
    job_id = await add_job(queue, two.first)
    await _leave_running(queue, two.first, job_id)
    place = Place.here()
    announce = (
        "INSERT INTO platform.job_worker (id, host, pid, slots) "
        "SELECT worker_id, :host, :pid, 1 FROM platform.job WHERE state = 'running'"
    )
    await sql(queue, announce, host=place.host, pid=4_000_000)
    await sql(
        queue,
        "INSERT INTO platform.job_worker VALUES (:id, 'elsewhere', 4000000, 1)",
        id=uuid4(),
    )
    assert await release_dead_neighbours(queue, place) == 1
    assert (await status_of(queue, two.first, job_id)).state == "queued"


async def test_finished_jobs_are_pruned_after_a_week_dead_ones_after_a_quarter(
    queue: Runtime, two: TwoTenants
) -> None:
    for state, days in (("succeeded", 8), ("succeeded", 6), ("dead", 8), ("dead", 91)):
        job_id = await add_job(queue, two.first)
        await sql(
            queue,
            "UPDATE platform.job SET state = :state, "
            "finished_at = now() - :days * interval '1 day' WHERE id = :id",
            state=state,
            days=days,
            id=job_id,
        )
    reaper = Reaper(queue.database, RecordingPublisher())
    assert await reaper.prune() == 2
    await reaper.measure()
