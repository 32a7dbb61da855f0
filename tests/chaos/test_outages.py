"""What freezes, forgets or goes away for a while costs time, never a job."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
import redis

from myriad.scale.data import Database
from myriad.scale.jobs import enqueue
from myriad.scale.tenancy import TenantId
from tests.chaos import ledger
from tests.chaos.household import Household, add_companies
from tests.chaos.ledger import read_books
from tests.fixtures.database import database_settings

pytestmark = pytest.mark.timeout(600)
_SECONDS = 120.0
_WORKER_OF = "SELECT count(*) FROM ledger.entry WHERE tenant_id = %s AND label = %s AND worker = %s"
_RUNNING = "SELECT count(*) FROM platform.job WHERE tenant_id = %s AND state = 'running'"


class Bench:
    """One tenant's queue and books on the household's servers."""

    def __init__(self, house: Household, database: Database, tenant: UUID) -> None:
        self.house = house
        self.database = database
        self.tenant = TenantId(tenant)

    async def add(self, *labels: str, task: str = ledger.TRANSFER, **facts: Any) -> list[UUID]:
        """Enqueue one job a label in one transaction."""
        async with self.database.session(self.tenant) as session:
            return [await enqueue(session, task, {"label": one, **facts}) for one in labels]

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Return when it is so."""
        end = time.monotonic() + _SECONDS
        while not await asyncio.to_thread(is_so):
            assert time.monotonic() < end, f"{what}: {read_books(self.house.urls, self.tenant)}"
            await asyncio.sleep(0.05)

    async def until_effects(self, count: int) -> None:
        """Return when that many movements stand in the books."""
        await self.until(lambda: self.effects().total() >= count, f"{count} effects")

    async def until_done(self) -> None:
        """Return when no job is left."""
        await self.until(lambda: not read_books(self.house.urls, self.tenant).live, "nothing live")

    async def until_running(self) -> None:
        """Return when a job is held by a worker."""
        await self.until(lambda: self.house.count(_RUNNING, self.tenant) > 0, "a job runs")

    def effects(self) -> Counter[str]:
        """Return how often each label stands in the books."""
        return read_books(self.house.urls, self.tenant).entries

    def was_done_by(self, worker: str, label: str) -> bool:
        """Say whether that worker has moved the money of `label`."""
        return self.house.count(_WORKER_OF, self.tenant, label, worker) == 1


@pytest.fixture
async def bench(house: Household) -> AsyncIterator[Bench]:
    """A tenant that no other test uses."""
    await add_companies(house)
    database = Database(database_settings(house.urls), process="test")
    yield Bench(house, database, house.companies[0].tenant_id)
    await database.close()


def _once(*labels: str) -> Counter[str]:
    return Counter(dict.fromkeys(labels, 1))


@pytest.mark.parametrize(
    ("moment", "facts"),
    [
        ("before its effect", {"seconds_before": 1.0}),
        ("after its effect, before the commit", {"seconds_after": 1.0}),
    ],
)
async def test_a_worker_frozen_past_its_lease_leaves_one_effect(
    bench: Bench, moment: str, facts: dict[str, Any]
) -> None:
    frozen = bench.house.add_worker("frozen", slots=1)
    await bench.add("held", **facts)
    await bench.until_running()
    frozen.signal(signal.SIGSTOP)
    bench.house.add_worker("awake", slots=1)
    if moment == "before its effect":
        await bench.until(lambda: bench.was_done_by("awake", "held"), "another took over")
    else:
        await bench.until(lambda: _attempts(bench) > 1, "another took over")
    frozen.signal(signal.SIGCONT)
    await bench.until_done()
    bench.house.stop([bench.house.get("awake")])
    # The frozen worker has one slot, so its old attempt is over when it has done another job.
    await bench.add("next")
    await bench.until(lambda: bench.was_done_by("frozen", "next"), "the frozen one works again")
    assert bench.effects() == _once("held", "next")


def _attempts(bench: Bench) -> int:
    return bench.house.count(
        "SELECT coalesce(max(attempts), 0) FROM platform.job_overview WHERE tenant_id = %s",
        bench.tenant,
    )


@pytest.mark.slow
async def test_a_broker_that_forgets_everything_loses_no_job(bench: Bench) -> None:
    labels = [str(n) for n in range(80)]
    bench.house.add_worker("first", slots=2)
    bench.house.add_worker("second", slots=2)
    await bench.add(*labels, seconds_before=0.05)
    with redis.Redis.from_url(bench.house.urls.broker_url) as broker:
        for share in (5, 20, 40):
            await bench.until_effects(share)
            broker.flushall()
    await bench.until_done()
    assert bench.effects() == _once(*labels)


async def test_a_job_longer_than_its_lease_runs_once(bench: Bench) -> None:
    bench.house.add_worker("patient")
    bench.house.add_worker("waiting")
    await bench.add("long", task=ledger.LONG)
    await bench.until_done()
    assert bench.effects() == _once("long")
    assert _attempts(bench) == 1


async def test_jobs_wait_while_the_broker_is_down_and_go_on_afterwards(bench: Bench) -> None:
    labels = [str(n) for n in range(40)]
    bench.house.add_worker("patient")
    broker = bench.house.get("redis-broker")
    await bench.add(*labels[:20], seconds_before=0.05)
    await bench.until_effects(3)
    broker.kill()
    await bench.add(*labels[20:])
    await asyncio.sleep(3)
    await bench.house.restart(broker)
    await bench.until_done()
    assert bench.effects() == _once(*labels)


async def test_jobs_do_not_need_the_cache(bench: Bench) -> None:
    bench.house.add_worker("patient")
    cache = bench.house.get("redis-cache")
    cache.kill()
    await bench.add("a", "b", "c")
    await bench.until_done()
    await bench.house.restart(cache)
    assert bench.effects() == _once("a", "b", "c")


async def test_waiting_processes_recover_from_a_crash_of_postgresql(bench: Bench) -> None:
    bench.house.add_worker("patient")
    await bench.add("before")
    await bench.until_done()
    waiting = [part for part in bench.house.parts if part.kind in ("worker", "ticker")]
    postgres = bench.house.get("postgres")
    postgres.kill(with_children=True)
    await bench.house.restart(postgres)
    await bench.add("after")
    await bench.until_done()
    assert bench.effects() == _once("before", "after")
    assert all(part.is_up for part in waiting)


async def test_a_worker_told_to_end_gives_its_job_back_and_ends_with_zero(bench: Bench) -> None:
    ending = bench.house.add_worker("ending", MYRIAD_WORKER__GRACE_SECONDS="0.5")
    await bench.add("held", seconds_before=20.0)
    await bench.until_running()
    ending.signal(signal.SIGTERM)
    assert ending.process is not None
    assert await asyncio.to_thread(ending.process.wait, 20) == 0
    assert (_attempts(bench), bench.effects()) == (0, Counter())
    async with bench.database.session(bench.tenant) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            'UPDATE platform.job SET payload = \'{"label": "held"}\' WHERE tenant_id = %s',
            (bench.tenant,),
        )
    bench.house.add_worker("next")
    await bench.until_done()
    assert bench.effects() == _once("held")
