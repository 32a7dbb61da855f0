"""Today never comforts where nothing can be said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from myriad.products.keeper.google.connections import ENDED_NOTICE, GONE_NOTICE
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


async def test_rows_of_a_file_of_reviews_are_no_objects_from_square(shop: Shop) -> None:
    """What an import refused is told with the reviews; of Square one object is spoken of."""
    sql = (
        "INSERT INTO keeper.quarantine (tenant_id, object, ext_id, reason, body) "
        "VALUES (%s, %s, %s, 'malformed', '{}')"
    )
    await shop.change(sql, (shop.tenant_id, "review", "line 9 of file 460441498081"))
    assert (await today_of(shop)).notices == ()
    await shop.change(sql, (shop.tenant_id, "payment", "pay-1"))
    (notice,) = (await today_of(shop)).notices
    assert notice.detail == "1 object from Square makes no sense and is counted nowhere."


async def test_what_ails_google_is_not_said_of_square(shop: Shop) -> None:
    """A permission that Google took back, a location that it hides, and an end that was wanted."""
    await connect(shop, "google", "g-1", "revoked", GONE_NOTICE)
    await connect(shop, "square", "m-1", "active", None)
    (notice,) = (await today_of(shop)).notices
    assert (notice.title, notice.detail) == ("Google is not read", GONE_NOTICE)
    await shop.change("UPDATE keeper.connection SET notice = %s", (ENDED_NOTICE,))
    await shop.change("UPDATE keeper.connection SET notice = NULL WHERE provider = 'square'")
    assert (await today_of(shop)).notices == ()
    await connect(shop, "google", "g-2", "active", "Google shows no reviews for Alder.")
    (notice,) = (await today_of(shop)).notices
    assert notice.title == "About your reviews on Google"


async def connect(
    shop: Shop, provider: str, merchant_id: str, status: str, notice: str | None
) -> None:
    await shop.change(
        "INSERT INTO keeper.connection (tenant_id, provider, merchant_id, merchant_name, status, "
        "notice, base_url, scopes, expires_at, refreshed_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, 'http://127.0.0.1', '{}', now(), now())",
        (shop.tenant_id, provider, merchant_id, merchant_id, status, notice),
    )
