"""Two APIs, two tickers and three workers at once: as one installation on several hosts runs."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from myriad.scale.data import Database
from myriad.scale.schedule import ScheduleSpec, ensure_schedules
from tests.chaos import ledger
from tests.chaos.household import Household, open_household
from tests.chaos.ledger import Order, judge, read_books
from tests.fixtures.app import Company
from tests.fixtures.database import database_settings

pytestmark = pytest.mark.timeout(600)
_SECONDS = 120.0
_SCHEDULES = ("one", "two", "three")
_PACKS = 20
_WAITING = "SELECT sum(size - taken) FROM platform.job_pack WHERE job_class = 4 AND tenant_id = %s"


@dataclass
class Installation:
    """The processes, and what was ordered from them."""

    house: Household
    http: httpx.AsyncClient
    ordered: list[tuple[Company, Order]] = field(default_factory=list)
    numbers: Any = field(default_factory=itertools.count)

    async def order(self, company: Company, kind: str = ledger.TRANSFER, **more: Any) -> Order:
        """Order through the next API in turn."""
        order = Order(next(self.numbers), kind)
        url = self.house.api_urls[order.number % len(self.house.api_urls)]
        answer = await self.http.post(
            f"{url}/api/v1/ledger/orders",
            json={"number": order.number, "kind": kind, **more},
            headers=company.owner.bearer | {"Idempotency-Key": f"order-{order.number}"},
        )
        assert answer.status_code == 202, answer.text
        self.ordered.append((company, order))
        return order

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Return when it is so."""
        end = time.monotonic() + _SECONDS
        while not await asyncio.to_thread(is_so):
            assert time.monotonic() < end, what
            await asyncio.sleep(0.05)

    async def until_done(self) -> None:
        """Return when neither company has a job left."""
        await self.until(
            lambda: not any(read_books(self.house.urls, c.tenant_id).live for c in self.companies),
            "every job ends",
        )

    @property
    def companies(self) -> tuple[Company, ...]:
        """The companies that order."""
        return self.house.companies

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query over all tenants."""
        with psycopg.connect(self.house.urls.crossing_url) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def number(self, query: str, *parameters: object) -> int:
        """Return the one number that a query gives."""
        return int(self.rows(query, *parameters)[0][0] or 0)

    def workers_that_did_something(self) -> set[str]:
        """Return the names of the workers in the books."""
        return {name for (name,) in self.rows("SELECT DISTINCT worker FROM ledger.entry")}


@pytest.fixture
async def installation(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    """Two APIs, two tickers, three workers: one for everything, one for each end of the classes."""
    async with open_household(tmp_path_factory.mktemp("several")) as house:
        await _make_schedules_due(house)
        for n in range(2):
            house.add_api(f"api-{n}")
            house.add_ticker(f"ticker-{n}")
        house.add_worker("first")
        house.add_worker("second", MYRIAD_WORKER__CLASSES='["high", "default", "low", "bulk"]')
        house.add_worker("urgent", MYRIAD_WORKER__CLASSES='["interactive", "high"]')
        await house.until_api_answers()
        await house.until_workers_are_known(3)
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            yield Installation(house, http)


async def _make_schedules_due(house: Household) -> None:
    database = Database(database_settings(house.urls), process="test")
    specs = [
        ScheduleSpec(f"ledger.{name}", ledger.TRANSFER, "hourly", {"label": f"schedule {name}"})
        for name in _SCHEDULES
    ]
    for company in house.companies:
        async with database.session(company.tenant_id) as session:
            await ensure_schedules(session, company.tenant_id, specs)
    await database.close()
    with psycopg.connect(house.urls.crossing_url) as connection:
        connection.execute("UPDATE platform.schedule SET next_fire_at = now() - interval '1 s'")


@pytest.mark.slow
async def test_several_processes_of_each_kind_are_one_installation(
    installation: Installation,
) -> None:
    first, second = installation.companies
    await _an_interactive_job_overtakes_a_pile(installation, first, second)
    await _a_drained_worker_leaves_its_jobs_to_others(installation)
    await _a_worker_runs_the_classes_that_it_is_for(installation)
    assert installation.workers_that_did_something() == {"first", "second", "urgent"}
    _each_schedule_fired_once(installation)
    _each_order_was_done_once(installation)
    processes = [part for part in installation.house.parts if part.name != "first"]
    assert all(part.is_up for part in processes)


async def _an_interactive_job_overtakes_a_pile(
    installation: Installation, first: Company, second: Company
) -> None:
    """What somebody waits for runs while most of another tenant's pile still waits."""
    for _ in range(3):
        await installation.order(second, ledger.GRAPH)
        await installation.order(second, ledger.PACK)
    for _ in range(_PACKS):
        await installation.order(
            first, ledger.PACK, job_class="bulk", facts={"seconds_before": 0.1}
        )
    waiting = installation.number(_WAITING, first.tenant_id)
    assert waiting > ledger.PACK_JOBS, "the pile was gone before the interactive job came"
    urgent = await installation.order(second, job_class="interactive")
    await installation.until_done()
    place = installation.number(
        "SELECT id FROM ledger.entry WHERE tenant_id = %s AND label = %s",
        second.tenant_id,
        str(urgent.number),
    )
    later = installation.number(
        "SELECT count(*) FROM ledger.entry WHERE tenant_id = %s AND id > %s", first.tenant_id, place
    )
    assert later >= waiting // 2


async def _a_drained_worker_leaves_its_jobs_to_others(installation: Installation) -> None:
    """SIGTERM in the middle: exit code 0, and its jobs go on elsewhere."""
    draining = installation.house.get("first")
    for company in installation.companies * 8:
        await installation.order(company, facts={"seconds_before": 3.0})
    await installation.until(lambda: _runs_on(installation, "first") > 0, "the first one works")
    draining.signal(signal.SIGTERM)
    assert draining.process is not None
    assert await asyncio.to_thread(draining.process.wait, 30) == 0
    assert _runs_on(installation, "first") == 0
    await installation.until_done()


async def _a_worker_runs_the_classes_that_it_is_for(installation: Installation) -> None:
    """With the first worker gone only one is left that takes interactive jobs."""
    for company in installation.companies:
        await installation.order(company, job_class="interactive")
        await installation.order(company, job_class="low")
    await installation.until_done()


def _runs_on(installation: Installation, worker: str) -> int:
    query = (
        "SELECT count(*) FROM platform.job JOIN platform.job_worker AS worker "
        "ON worker.id = job.worker_id WHERE worker.name = %s AND job.state = 'running'"
    )
    return installation.number(query, worker)


def _each_schedule_fired_once(installation: Installation) -> None:
    """Two tickers made one job for each schedule and time, and each has its one effect."""
    fires = installation.rows(
        "SELECT tenant_id, payload ->> 'schedule', payload ->> 'fire_time', count(*) "
        "FROM platform.job_finished WHERE payload ? 'fire_time' GROUP BY 1, 2, 3"
    )
    assert {(tenant, name) for tenant, name, _, _ in fires} == {
        (company.tenant_id, f"ledger.{name}")
        for company in installation.companies
        for name in _SCHEDULES
    }
    assert {jobs for *_, jobs in fires} == {1}
    effects = installation.number(
        "SELECT count(*) FROM ledger.entry WHERE starts_with(label, %s)", "schedule "
    )
    assert effects == len(fires)


def _each_order_was_done_once(installation: Installation) -> None:
    for company in installation.companies:
        books = read_books(installation.house.urls, company.tenant_id)
        ordered = [order for owner, order in installation.ordered if owner is company]
        for name in _SCHEDULES:
            del books.entries[f"schedule {name}"]
        verdict = judge(books, ordered, {order.number for order in ordered})
        assert verdict.is_clean, verdict
