"""Jobs do a day's work, and doing it again does nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from myriad.products.kamioi.money import task_names as tasks
from myriad.products.kamioi.money import tasks as registered
from myriad.scale.jobs import enqueue
from tests.fixtures.jobs import run_job
from tests.products.kamioi.money.programme import MONDAY, NOON, WINDOW, Programme

assert registered.__name__


async def _run(programme: Programme, name: str, **payload: Any) -> None:
    async with programme.session() as session:
        job_id = await enqueue(session, name, payload)
    outcome = await run_job(programme.runtime, programme.tenant_id, job_id)
    assert str(outcome).endswith("succeeded"), outcome


async def test_a_purchase_becomes_shares_by_jobs_alone(programme: Programme) -> None:
    shop, member = await programme.shop("50"), await programme.member()
    for _ in range(12):
        await programme.buy(member, shop.descriptor_id, 450)
    days = {"first": MONDAY.isoformat(), "last": MONDAY.isoformat()}
    for _ in range(2):
        await _run(programme, tasks.ACCRUE_TASK, **days)
        await _run(programme, tasks.SWEEP_TASK, fire_time=NOON.isoformat())
        await _run(programme, tasks.SETTLE_TASK, fire_time=WINDOW.isoformat())
        await _run(programme, tasks.WINDOW_TASK, fire_time=WINDOW.isoformat())
        later = (WINDOW + timedelta(minutes=15)).isoformat()
        await _run(programme, tasks.FILLS_TASK, fire_time=later)
        await _run(programme, tasks.RECONCILE_TASK, fire_time=later)
        await _run(programme, tasks.ACTIONS_TASK, fire_time=later)
        await _run(programme, tasks.AMORTIZE_TASK, fire_time=later)
    rows = await programme.run("SELECT qty, cost_minor FROM kamioi.lot")
    assert [(str(qty), cost) for qty, cost in rows] == [("0.120000000", 600)]
    states = await programme.run("SELECT DISTINCT state FROM kamioi.reconciliation")
    assert states == [("equal",)]
    assert await programme.violations() == []


async def test_a_holiday_has_no_window_and_orders_nothing_ahead(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    await programme.ready(member, shop.security_id, 500)
    thanksgiving = datetime(2026, 11, 26, 15, tzinfo=UTC)
    await _run(programme, tasks.WINDOW_TASK, fire_time=thanksgiving.isoformat())
    assert await programme.run("SELECT id FROM kamioi.trade_order") == []
    friday = thanksgiving + timedelta(days=1)
    await _run(programme, tasks.WINDOW_TASK, fire_time=friday.isoformat())
    rows = await programme.run("SELECT window_at FROM kamioi.trade_order")
    assert rows == [(friday,)]
