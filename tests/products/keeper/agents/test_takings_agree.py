"""The same words mean the same number on every screen."""

from __future__ import annotations

from datetime import timedelta

from myriad.kit.money import Money
from myriad.products.keeper.repository import get_today
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.goals import list_paces
from myriad.products.keeper.views.preferences import Goals, Preferences
from tests.products.keeper.ledger import LAST, Shop


async def test_takings_of_28_days_are_one_number_with_sales_to_nobody_known(
    busy_shop: Shop,
) -> None:
    """An insight counts every sale, as Today does, not only those with a profile.

    One of them is given back with its tip: no takings, and no less than none.
    """
    await busy_shop.sell(None, [LAST - timedelta(days=days) for days in range(0, 50, 3)], 4_321)
    await busy_shop.sell(None, [LAST - timedelta(days=4)], 5_500, tip=1_138, refunded=6_638)
    await busy_shop.run()
    evidence = await busy_shop.value(
        "SELECT evidence FROM keeper.insight WHERE kind = 'takings_trend'"
    )
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        today = await get_today(session)
    said = {fact["label"]: fact["value"] for fact in evidence["facts"]}
    assert said["Last 28 days"] == Money(int(today.revenue_28_days.now), "USD").format(whole=True)
    month = await busy_shop.value(
        "SELECT numbers -> 'revenue' ->> 'now' FROM keeper.report WHERE kind = 'monthly'"
    )
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        goal = Preferences(goals=Goals(takings_per_month=1))
        (pace,) = await list_paces(session, await get_account(session), goal)
    assert int(month) == pace.so_far
