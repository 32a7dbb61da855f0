"""The dispatcher keeps a short window, fairly, and nothing is lost between table and broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from kombu import Exchange, Queue
from prometheus_client import REGISTRY
from redis import Redis

from myriad.kit.errors import UnavailableError
from myriad.scale.directory import set_status
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs import enqueue_many
from myriad.scale.jobs.broker import QUEUE, Bundle, Publisher, create_celery, queue_name
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.limits import clear_limit, set_limit
from myriad.scale.jobs.overview import count_waiting_of, list_shares, look_at_queue
from myriad.scale.jobs.scaling import Meter
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants, create_tenant_row, runtime_for
from tests.scale.jobs.workbench import (
    TASK,
    RecordingPublisher,
    add_job,
    add_worker,
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
    """What keeps the bundles instead of a broker."""
    return RecordingPublisher()


@pytest.fixture
def dispatcher(queue: Runtime, publisher: RecordingPublisher) -> Dispatcher:
    """A dispatcher that leads nothing and dispatches when told."""
    return Dispatcher(queue.database, publisher)


async def _learn(queue: Runtime, mean_seconds: float) -> None:
    """Let the test's task take that long."""
    await sql(queue, "UPDATE platform.job_task SET mean_seconds = :mean", mean=mean_seconds)


async def _add_many(queue: Runtime, tenant: TenantId, number: int, **options: Any) -> list[UUID]:
    async with queue.database.session(tenant) as session:
        payloads = [{"n": n} for n in range(number)]
        return list(await enqueue_many(session, TASK, payloads, **options))


async def _under_way(queue: Runtime) -> int:
    async with queue.database.crossing("test counts") as session:
        connection = await session.connection()
        found = await connection.exec_driver_sql(
            "SELECT count(*) FROM platform.job WHERE state IN ('dispatched', 'running')"
        )
        return int(found.scalar_one())


async def test_the_window_is_filled_and_the_rest_stays_in_the_table(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    ids = [await add_job(queue, two.first, n) for n in range(30)]
    await _learn(queue, 10.0)
    await add_worker(queue, slots=5)
    assert (await dispatcher.dispatch()).is_full
    sent = len(publisher.ids)
    assert 4 <= sent <= 6
    assert publisher.ids == ids[:sent]
    assert (await dispatcher.dispatch()).published == 0
    await sql(queue, "DELETE FROM platform.job WHERE id = :id", id=ids[0])
    assert (await dispatcher.dispatch()).published == 1


async def test_short_jobs_have_a_deep_window_and_go_in_bundles(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    ids = await _add_many(queue, two.first, 300)
    await _learn(queue, 0.001)
    await add_worker(queue, slots=4)
    await dispatcher.dispatch()
    assert 150 <= len(publisher.ids) <= 204
    assert publisher.ids == ids[: len(publisher.ids)]
    assert max(bundle.jobs for bundle in publisher.bundles) == 50


async def test_nothing_of_a_suspended_tenant_goes_out_until_it_is_resumed(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    """Whatever limit of its own it has; what waits so makes no class look stuck."""
    await add_worker(queue, slots=5)
    held, free = await add_job(queue, two.first), await add_job(queue, two.second)
    await sql(
        queue,
        "UPDATE platform.job SET run_at = now() - interval '2 days' WHERE id = :id",
        id=held,
    )
    async with queue.database.crossing("test suspends") as session:
        await set_limit(session, f"tenant:{two.first}", 3)
        await set_status(session, two.first, is_suspended=True)
    await dispatcher.dispatch()
    assert publisher.ids == [free]
    async with queue.database.crossing("test looks") as session:
        seen = await look_at_queue(session)
        assert (seen.ready, seen.stuck) == (1, ())
        assert [share.cap for share in await list_shares(session) if share.ready] == [0]
        await Meter().measure(session)
        oldest = {"job_class": "default", "state": "queued"}
        assert REGISTRY.get_sample_value("myriad_jobs_oldest_seconds", oldest) == 0
        assert await count_waiting_of(session, two.first) == 1
        await set_status(session, two.first, is_suspended=False)
    await dispatcher.dispatch()
    assert publisher.ids == [free, held]


async def test_without_a_worker_nothing_leaves_the_table(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher
) -> None:
    job_id = await add_job(queue, two.first)
    assert (await dispatcher.dispatch()).published == 0
    assert (await status_of(queue, two.first, job_id)).state == "queued"


async def test_only_a_worker_of_the_class_is_sent_its_jobs(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    await add_job(queue, two.first, job_class="bulk")
    await add_job(queue, two.first, job_class="high")
    await add_worker(queue, name="fast", classes="{0,1}")
    await dispatcher.dispatch()
    assert [(bundle.worker_name, bundle.job_class) for bundle in publisher.bundles] == [("fast", 1)]


async def test_tenants_alternate_and_classes_go_in_order(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    many = [await add_job(queue, two.first) for _ in range(4)]
    few = [await add_job(queue, two.second) for _ in range(2)]
    urgent = await add_job(queue, two.second, job_class="interactive")
    await add_worker(queue, slots=20)
    await dispatcher.dispatch()
    assert publisher.ids[0] == urgent
    assert set(publisher.ids[1:5]) == {*many[:2], *few}
    assert publisher.ids[5:] == many[2:]


async def test_items_of_packs_and_single_jobs_are_dispatched_once_each(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    ids = [*await _add_many(queue, two.first, 250), *await _add_many(queue, two.second, 30)]
    ids += [await add_job(queue, two.second) for _ in range(7)]
    await _learn(queue, 0.01)
    await add_worker(queue, slots=100)
    for _ in range(4):
        await dispatcher.dispatch()
    assert Counter(publisher.ids) == Counter(ids)
    assert await _under_way(queue) == len(ids)


async def test_two_dispatchers_publish_each_job_once(queue: Runtime, two: TwoTenants) -> None:
    ids = [*await _add_many(queue, two.first, 130)]
    ids += [await add_job(queue, two.first) for _ in range(40)]
    await add_worker(queue, slots=500)
    publisher = RecordingPublisher()
    dispatchers = [Dispatcher(queue.database, publisher) for _ in range(2)]
    for _ in range(20):
        await asyncio.gather(*(each.dispatch() for each in dispatchers))
    assert Counter(publisher.ids) == Counter(ids)


async def test_a_due_job_is_promoted(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    job_id = await add_job(queue, two.first)
    await sql(
        queue,
        "UPDATE platform.job SET state = 'waiting', run_at = now() - interval '1 s' WHERE id = :id",
        id=job_id,
    )
    await add_worker(queue)
    await dispatcher.dispatch()
    assert publisher.ids == [job_id]


async def test_a_job_past_its_deadline_is_a_dead_letter(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    job_id = await add_job(queue, two.first)
    await sql(queue, "UPDATE platform.job SET deadline_at = now() - interval '1 s'")
    await add_worker(queue)
    await dispatcher.dispatch()
    status = await status_of(queue, two.first, job_id)
    assert (status.state, publisher.ids) == ("dead", [])
    assert status.error is not None
    assert status.error["code"] == "deadline_passed"


async def test_a_limit_holds_is_raised_and_lifted_while_jobs_wait(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher
) -> None:
    await _add_many(queue, two.first, 25)
    await _add_many(queue, two.second, 25)
    await add_worker(queue, slots=100)
    seen = []
    for key, concurrency in (("global", 0), ("global", 3), (f"tenant:{two.first}", 2), ("", 0)):
        async with queue.database.crossing("test sets a limit") as session:
            if key:
                await set_limit(session, key, concurrency)
            if key != "global":
                await clear_limit(session, "global" if key else f"tenant:{two.first}")
        await dispatcher.dispatch()
        seen.append(await _under_way(queue))
    assert seen[:2] == [0, 3]
    assert seen[2] <= 2 + 25
    assert seen[3] == 50


async def test_a_tenant_alone_may_take_every_slot_but_others_come_before_its_sixth(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    await _add_many(queue, two.first, 40)
    await _learn(queue, 10.0)
    await add_worker(queue, slots=10, name="a")
    await dispatcher.dispatch()
    assert await _under_way(queue) == 9
    await _add_many(queue, two.second, 40)
    await add_worker(queue, slots=6, name="b")
    await dispatcher.dispatch()
    later = Counter(member[0] for member in publisher.published[9:])
    assert later == {str(two.second): 5}


async def test_when_the_broker_is_away_the_jobs_stay_queued(
    queue: Runtime, two: TwoTenants
) -> None:
    job_id = await add_job(queue, two.first)
    ids = await _add_many(queue, two.first, 150)
    await add_worker(queue, slots=1000)
    publisher = Publisher(create_celery("redis://127.0.0.1:1/0"))
    with pytest.raises(UnavailableError):
        await Dispatcher(queue.database, publisher).dispatch()
    assert (await status_of(queue, two.first, job_id)).state == "queued"
    assert await _under_way(queue) == 0
    later = RecordingPublisher()
    for _ in range(3):
        await Dispatcher(queue.database, later).dispatch()
    assert set(later.ids) == {job_id, *ids}


async def test_a_message_reaches_its_workers_queue_and_goes_with_it(
    queue: Runtime, two: TwoTenants
) -> None:
    app = create_celery(queue.broker_url)
    publisher = Publisher(app)
    job_id = await add_job(queue, two.first)
    await add_worker(queue, name="host-7.a")
    name = queue_name("host-7.a", 2)
    with app.connection_for_write() as connection:
        exchange = Exchange(QUEUE, type="direct")
        Queue(name, exchange, QUEUE)(connection.default_channel).declare()
    await Dispatcher(queue.database, publisher).dispatch()
    assert publisher.lengths(["host-7.a", "other"]) == {"host-7.a": 1, "other": 0}
    with Redis.from_url(queue.broker_url) as broker:
        message = json.loads(broker.lindex(f"myriad:{name}", 0))
        assert message["headers"]["task"] == "myriad.run_job"
        publisher.forget(["host-7.a"])
        left = [key.decode() for key in broker.keys("myriad:*")]
        assert not [key for key in left if "host-7" in key]
        bound = broker.smembers("myriad:_kombu.binding.jobs")
        assert not [member for member in bound if b"host-7" in member]
    assert str(job_id)
    publisher.close()


async def test_a_broker_that_restarts_costs_no_job(queue: Runtime, two: TwoTenants) -> None:
    job_ids = [await add_job(queue, two.first, n) for n in range(4)]
    await add_worker(queue, slots=20)
    publisher = Publisher(create_celery(queue.broker_url))
    dispatcher = Dispatcher(queue.database, publisher)
    await dispatcher.dispatch(1)
    with Redis.from_url(queue.broker_url) as broker:
        broker.client_kill_filter(_type="normal", skipme=True)
    for _ in range(3):
        with contextlib.suppress(UnavailableError):
            await dispatcher.dispatch()
    states = {(await status_of(queue, two.first, job_id)).state for job_id in job_ids}
    assert states == {"dispatched"}
    publisher.forget(["w1"])
    publisher.close()


async def test_what_waits_at_a_full_worker_is_stolen_for_one_that_is_idle(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher, publisher: RecordingPublisher
) -> None:
    full = await add_worker(queue, slots=2, name="full")
    ids = [await add_job(queue, two.first) for _ in range(2)]
    await dispatcher.dispatch()
    await sql(queue, "UPDATE platform.job_worker SET busy = slots WHERE id = :id", id=full)
    await sql(queue, "UPDATE platform.job SET dispatched_at = now() - interval '2 seconds'")
    await add_worker(queue, slots=2, name="idle")
    await dispatcher.standing.read()
    assert await dispatcher.steal() == 2
    await dispatcher.dispatch()
    sent: list[Bundle] = publisher.bundles[-2:]
    assert {bundle.worker_name for bundle in sent} <= {"idle", "full"}
    assert "idle" in {bundle.worker_name for bundle in sent}
    assert set(publisher.ids) == set(ids)


async def test_virtual_time_outlives_the_dispatcher(
    queue: Runtime, two: TwoTenants, dispatcher: Dispatcher
) -> None:
    """A tenant that was served much is not served first by the successor."""
    await _add_many(queue, two.first, 50, cost=4.0)
    await add_worker(queue, slots=30)
    await dispatcher.dispatch(20)
    await dispatcher.flows.keep()
    late = await add_job(queue, two.second)
    publisher = RecordingPublisher()
    successor = Dispatcher(queue.database, publisher)
    await successor.flows.restore()
    await successor.dispatch(1)
    assert publisher.ids == [late]


async def test_one_leads_and_the_other_takes_over(queue: Runtime, two: TwoTenants) -> None:
    await add_worker(queue, slots=500)
    publishers = [RecordingPublisher() for _ in range(2)]
    serving = [
        asyncio.create_task(Dispatcher(queue.database, publisher).serve())
        for publisher in publishers
    ]
    try:
        first = await add_job(queue, two.first)
        await _until(lambda: any(first in publisher.ids for publisher in publishers))
        leader = next(n for n, publisher in enumerate(publishers) if publisher.ids)
        serving[leader].cancel()
        second = await add_job(queue, two.first)
        await _until(lambda: second in publishers[1 - leader].ids)
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _until(is_so: Any) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.02)
