"""Simulated closes go on while nobody starts anything, and never after a close that is real."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from myriad.kit.clock import utc_now
from myriad.products.kamioi.broker.market import last_closed_day, next_window
from myriad.products.kamioi.facts import tasks as registered
from myriad.products.kamioi.facts.importing import import_file, run_fact_query
from myriad.products.kamioi.facts.inventing import continue_closes
from myriad.products.kamioi.facts.schedules import CLOSES_TASK
from myriad.products.kamioi.facts.simulated import (
    EXCHANGE,
    FUND_NAME,
    FUND_TICKER,
    SOURCE,
    close_of,
    trading_days,
)
from myriad.products.kamioi.money import orders, sweeps
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.brokers import paper_for
from myriad.products.kamioi.money.round_ups import accrue
from myriad.scale.jobs import enqueue
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.products.kamioi.money.programme import MONDAY, NOON, WINDOW, Programme

assert registered.__name__


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        pytest.param(datetime(2026, 11, 23, 20, 59, tzinfo=UTC), date(2026, 11, 20), id="before"),
        pytest.param(datetime(2026, 11, 23, 21, 0, tzinfo=UTC), date(2026, 11, 23), id="after"),
        pytest.param(datetime(2026, 11, 22, 12, 0, tzinfo=UTC), date(2026, 11, 20), id="sunday"),
        pytest.param(datetime(2026, 11, 27, 4, 0, tzinfo=UTC), date(2026, 11, 25), id="holiday"),
    ],
)
def test_a_day_has_closed_once_new_york_has(moment: datetime, day: date) -> None:
    assert last_closed_day(moment) == day


async def _save(programme: Programme) -> None:
    """Let members' money stand ready to buy."""
    async with programme.session() as session:
        await accrue(session, MONDAY, MONDAY)
    async with programme.session() as session:
        await sweeps.request(session, PaperBank(), NOON)
    async with programme.session() as session:
        await sweeps.settle(session, PaperBank(), WINDOW)


async def _order(programme: Programme, window: datetime) -> str:
    """Go through an order window and return what became of its one order."""
    async with programme.session() as session:
        await orders.open_window(session, window, "paper")
        await orders.send(session, await paper_for(session, window), window)
        await orders.take_fills(session, await paper_for(session, window), window)
    query = "SELECT state FROM kamioi.trade_order WHERE window_at = %s"
    ((state,),) = await programme.run(query, window)
    return str(state)


async def _closes(programme: Programme, security_id: object) -> list[tuple[date, str]]:
    query = "SELECT day, close FROM kamioi.price WHERE security_id = %s ORDER BY day"
    return [(day, f"{close:.2f}") for day, close in await programme.run(query, security_id)]


async def test_orders_go_on_in_a_programme_that_is_left_running(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    programme, last = Programme(runtime, tenants.first), last_closed_day(utc_now())
    fund = {"name": FUND_NAME, "ticker": FUND_TICKER, "exchange": EXCHANGE, "source": SOURCE}
    async with runtime.database.crossing("test invents a fund") as session:
        await run_fact_query(session, "put_simulated_fund", {"name": FUND_NAME})
        await run_fact_query(session, "put_simulated_fund_listing", fund)
    shop, real, member = await programme.shop(), await programme.shop(), await programme.member()
    started = next(trading_days(last - timedelta(days=20), last))
    await programme.facts(
        "UPDATE kamioi.price SET source = %s, day = %s WHERE security_id = %s",
        SOURCE, started, shop.security_id,
    )  # fmt: skip
    for _ in range(10):
        await programme.buy(member, shop.descriptor_id, 450)
    await _save(programme)
    window = next_window(utc_now())
    assert await _order(programme, window) == "refused"
    async with programme.session() as session:
        job_id = await enqueue(session, CLOSES_TASK, {})
    assert str(await run_job(runtime, programme.tenant_id, job_id)).endswith("succeeded")
    assert await _order(programme, next_window(window + timedelta(hours=1))) == "filled"
    found = await _closes(programme, shop.security_id)
    days = list(trading_days(started, last))
    assert [day for day, _ in found] == days
    assert [close for _, close in found[1:]] == [
        f"{close_of(shop.ticker, day):.2f}" for day in days[1:]
    ]
    assert [day for day, _ in await _closes(programme, real.security_id)] == [MONDAY]
    assert await continue_closes(runtime.database, last) == 0


async def test_a_file_of_closes_takes_the_place_of_invented_ones_and_says_what_is_none(
    runtime: Runtime, tenants: TwoTenants, tmp_path: Path
) -> None:
    programme = Programme(runtime, tenants.first)
    shop = await programme.shop()
    simulated = "UPDATE kamioi.price SET source = %s WHERE security_id = %s"
    await programme.facts(simulated, SOURCE, shop.security_id)
    rows = (
        f"{shop.ticker.lower()},{MONDAY},12.345678", f"{shop.ticker},1999-12-31,12",
        f"{shop.ticker},16.11.2026,12", f"{shop.ticker},{MONDAY},-1",
        f"{shop.ticker},{MONDAY},1.2345678", f"{shop.ticker},{MONDAY},NaN", f",{MONDAY},12",
    )  # fmt: skip
    path = tmp_path / "market.csv"
    path.write_text("\n".join(("ticker,day,close", *rows)), encoding="utf-8")
    first = await import_file(runtime.database, path, MONDAY)
    assert (first.closes, first.refused) == (1, 6)
    told = await programme.run(
        "SELECT close, source FROM kamioi.price WHERE security_id = %s", shop.security_id
    )
    assert told == [(Decimal("12.345678"), "file market.csv")]
    again = await import_file(runtime.database, path, MONDAY)
    assert (again.closes, again.refused) == (0, 6)
    refused = await runtime.database.crossing_rows(
        "test reads refusals",
        "SELECT line FROM kamioi.fact_refusal WHERE file = 'market.csv' ORDER BY line",
    )
    assert [row["line"] for row in refused] == [3, 4, 5, 6, 7, 8]
