"""The money of the days that have passed, each at the hours at which its schedules would have run."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from myriad.products.kamioi.broker.market import NEW_YORK, market_day
from myriad.products.kamioi.facts.simulated import trading_days
from myriad.products.kamioi.money import actions, orders, round_ups, sweeps
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.brokers import paper_for
from myriad.products.kamioi.money.reconciliation import reconcile
from myriad.products.kamioi.repository import sql
from myriad.scale.jobs.direct import DirectWork, direct_work
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_SWEEP, _SETTLE, _OPEN, _WINDOW, _FILLS = time(3), time(6, 30), time(8), time(10), time(10, 15)
_CLOSE = time(18, 30)


async def live_days(
    runtime: Runtime, tenant_id: TenantId, since: date, now: datetime, refuses: frozenset[UUID]
) -> int:
    """Move the money of all trading days before today that it has not moved on; return how many.

    Each day is committed by itself, so that what is killed goes on where it was. Pulls of members in
    `refuses` are sent back by their banks.
    """
    today = market_day(now)
    async with direct_work(runtime, tenant_id) as work:
        last = (await sql.get(work.session, "last_order_window"))["window_at"]
        first = since if last is None else market_day(last) + timedelta(days=1)
        await round_ups.accrue(work.session, since, today)
        await work.checkpoint()
        days = list(trading_days(first, today - timedelta(days=1)))
        for day in days:
            await _live(work, day, PaperBank(refuses=refuses))
            await work.checkpoint()
        if days:
            await _compare(work, _at(days[-1], _CLOSE))
    return len(days)


async def _live(work: DirectWork, day: date, bank: PaperBank) -> None:
    session, window = work.session, _at(day, _WINDOW)
    await sweeps.request(session, bank, _at(day, _SWEEP))
    await sweeps.settle(session, bank, _at(day, _SETTLE))
    await actions.apply_due(session, market_day(_at(day, _OPEN)))
    await orders.open_window(session, window, "paper")
    await orders.send(session, await paper_for(session, window), window)
    await orders.take_fills(session, await paper_for(session, window), _at(day, _FILLS))


async def _compare(work: DirectWork, at: datetime) -> None:
    await reconcile(work.session, await paper_for(work.session, at), at)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, NEW_YORK).astimezone(UTC)
