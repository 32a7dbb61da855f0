"""Today never comforts where nothing can be said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from myriad.products.keeper.pages import words
from myriad.products.keeper.repository.today import get_today
from myriad.products.keeper.views import TodayView
from tests.products.keeper.ledger import LAST, Shop, fill


async def today_of(shop: Shop) -> TodayView:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return await get_today(session)


@pytest.mark.parametrize("people", [1, 30])
async def test_an_account_with_up_to_30_customers_is_told_not_enough_history(
    shop: Shop, other_shop: Shop, people: int
) -> None:
    """The page says that they are too few to say who is slipping; the neighbour's page does not."""
    await fill(shop, people)
    await fill(other_shop, 60)
    for one in (shop, other_shop):
        await one.run()
    thin, full = await today_of(shop), await today_of(other_shop)
    assert not thin.enough_history
    assert "too few to say" in words.today(thin)
    assert full.enough_history


async def test_customers_who_never_came_back_are_not_enough_history_either(shop: Shop) -> None:
    """Forty people who came once say nothing about who is slipping away."""
    for number in range(40):
        await shop.add_customer(f"c{number}", email=f"c{number}@example.com")
        await shop.sell(f"c{number}", [LAST - timedelta(days=number)])
    await shop.run()
    assert not (await today_of(shop)).enough_history
