"""Jobs of money: ids and days in, one call each; every one may run again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.products.kamioi.broker.market import market_day, next_window
from myriad.products.kamioi.money import actions, orders, round_ups, sweeps
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.brokers import check_broker, open_broker
from myriad.products.kamioi.money.costs import close_month
from myriad.products.kamioi.money.errors import BrokerAnswerError
from myriad.products.kamioi.money.reconciliation import check_books, reconcile
from myriad.products.kamioi.money.task_names import (
    ACCRUE_TASK,
    ACTIONS_TASK,
    AMORTIZE_TASK,
    END_TASK,
    FILLS_TASK,
    RECONCILE_TASK,
    SETTLE_TASK,
    SWEEP_TASK,
    WINDOW_TASK,
)
from myriad.products.kamioi.notification.alerts import announce
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.jobs import Job, enqueue, task

# Amounts may change and refunds come for so long after a purchase; every accrual looks back.
LOOK_BACK_DAYS = 14


def _moment(payload: dict[str, Any]) -> datetime:
    """Return the moment for which the job was made: that of its schedule, or now."""
    return datetime.fromisoformat(payload["fire_time"]) if "fire_time" in payload else utc_now()


async def _parts(job: Job, name: str, payload: dict[str, Any]) -> list[round_ups.Members]:
    """Return the members that this job works on: those it names, all of a small programme.

    Of a large one each part becomes a job of its own, so that workers share them and a part that
    fails is tried again alone.
    """
    if "member_id" in payload:
        return [round_ups.Members.only(UUID(payload["member_id"]))]
    if "low" in payload:
        high = payload.get("high")
        return [round_ups.Members(UUID(payload["low"]), UUID(high) if high else None)]
    parts = await round_ups.list_parts(job.session)
    if len(parts) <= 1:
        return parts
    for part in parts:
        ends = {"low": str(part.low), "high": str(part.high) if part.high else None}
        await enqueue(job.session, name, payload | ends)
    return []


async def _tell(job: Job) -> None:
    """Commit, and let members' open pages look at what they are told."""
    await job.checkpoint()
    await announce(job.runtime, job.tenant_id)


@task(ACCRUE_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=3600, job_class="default")
async def accrue(job: Job, payload: dict[str, Any]) -> None:
    """Bring the round-ups of some days up to date, a part of the members at a time."""
    last = date.fromisoformat(payload["last"]) if "last" in payload else market_day(utc_now())
    back = last - timedelta(days=LOOK_BACK_DAYS)
    first = date.fromisoformat(payload["first"]) if "first" in payload else back
    days = {"first": first.isoformat(), "last": last.isoformat()}
    for part in await _parts(job, ACCRUE_TASK, payload | days):
        await round_ups.accrue(job.session, first, last, part)


@task(SWEEP_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=1800, job_class="default")
async def request_sweeps(job: Job, payload: dict[str, Any]) -> None:
    """Request the pulls that are due."""
    now = _moment(payload)
    for part in await _parts(job, SWEEP_TASK, payload | {"fire_time": now.isoformat()}):
        if await sweeps.request(job.session, PaperBank(), now, part):
            await _tell(job)


@task(SETTLE_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=1800, job_class="default")
async def settle_sweeps(job: Job, payload: dict[str, Any]) -> None:
    """Settle the pulls whose day has come."""
    while await sweeps.settle(job.session, PaperBank(), _moment(payload)) != sweeps.Settled():
        await job.checkpoint()


@task(WINDOW_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=1800, job_class="high")
async def window(job: Job, payload: dict[str, Any]) -> None:
    """Apply the actions of the day, then open and send the orders of this window.

    On a day without another window, such as a holiday, nothing happens: what is ordered ahead would
    keep what comes until then out of its own window.
    """
    now = _moment(payload)
    at = payload.get("window_at")
    window_at = datetime.fromisoformat(at) if at else next_window(now)
    if not at and market_day(window_at) > market_day(now):
        return
    settings = job.runtime.settings_of(KamioiSettings)
    await actions.apply_due(job.session, market_day(window_at))
    await job.checkpoint()
    name = settings.broker_of(job.tenant_id)
    await check_broker(job.session, name)
    await orders.open_window(job.session, window_at, name)
    await job.checkpoint()
    async with open_broker(settings, job.session, job.tenant_id, window_at) as broker:
        await orders.send(job.session, broker, window_at, job.checkpoint)


@task(FILLS_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=1800, job_class="default")
async def fills(job: Job, payload: dict[str, Any]) -> None:
    """Take in what was executed."""
    now = _moment(payload)
    settings = job.runtime.settings_of(KamioiSettings)
    async with open_broker(settings, job.session, job.tenant_id, now) as broker:
        # What an interrupted window left unsent is sent first; a fault in that keeps no fill away.
        fault: BrokerAnswerError | None = None
        try:
            await orders.send(job.session, broker, now, job.checkpoint)
        except BrokerAnswerError as error:
            fault = error
        await job.checkpoint()
        if await orders.take_fills(job.session, broker, now, job.checkpoint):
            await _tell(job)
    if fault is not None:
        raise fault


@task(END_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=300, job_class="default")
async def end_order(job: Job, payload: dict[str, Any]) -> None:
    """End an order that the broker does not know."""
    now, order_id = _moment(payload), UUID(payload["order_id"])
    settings = job.runtime.settings_of(KamioiSettings)
    async with open_broker(settings, job.session, job.tenant_id, now) as broker:
        await orders.end_unknown(job.session, broker, order_id, now, job.checkpoint)


@task(ACTIONS_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=1800, job_class="default")
async def apply_actions(job: Job, payload: dict[str, Any]) -> None:
    """Apply what companies did, before the market opens."""
    await actions.apply_due(job.session, market_day(_moment(payload)))


@task(RECONCILE_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=1800, job_class="low")
async def reconcile_broker(job: Job, payload: dict[str, Any]) -> None:
    """Compare what the broker holds with members' lots, and the books with themselves."""
    now = _moment(payload)
    settings = job.runtime.settings_of(KamioiSettings)
    async with open_broker(settings, job.session, job.tenant_id, now) as broker:
        await reconcile(job.session, broker, now)
    await check_books(job.session, now)


@task(AMORTIZE_TASK, max_attempts=5, lease_seconds=30, timeout_seconds=300, job_class="low")
async def amortize_costs(job: Job, payload: dict[str, Any]) -> None:
    """Let each month bear its share of what mapping has cost."""
    await close_month(job.session, market_day(_moment(payload)))
