"""The week of an account: whole weeks, once for the same inputs, nobody else's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.errors import NoAccountError
from myriad.products.keeper.repository.patterns import get_patterns, list_patterns, week_before
from myriad.products.keeper.views.patterns import PatternRow, PatternsView
from myriad.products.keeper.weekly import run_week
from myriad.scale.jobs import enqueue
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.patterns.selling import sell_baskets
from tests.products.keeper.patterns.shops import random_rows, with_pair, with_sequence

_VISITS = 1_200


@pytest.fixture
async def selling(shop: Shop) -> Shop:
    """A shop with two years of baskets in which one pair and one sequence are planted."""
    rows = with_sequence(with_pair(random_rows(4, visits=_VISITS, items=8), 4), 4)
    await sell_baskets(shop, rows)
    await shop.change("UPDATE keeper.account SET business_date = %s", (LAST,))
    return shop


async def view_of(shop: Shop) -> PatternsView:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return await get_patterns(session)


def test_a_week_is_whole_and_over() -> None:
    monday = date(2025, 6, 23)
    for offset in range(7):
        assert week_before(monday + timedelta(days=6 + offset)) == monday


async def test_what_was_planted_is_kept_with_its_counts(selling: Shop, other_shop: Shop) -> None:
    report = await run_week(selling.runtime, selling.tenant_id)
    view = await view_of(selling)
    assert report.week_start == view.week_start == week_before(LAST)
    assert [(one.first_item, one.second_item) for one in view.pairs] == [("item 0", "item 1")]
    assert [(one.first_item, one.second_item) for one in view.sequences] == [("item 2", "item 3")]
    assert view.week_start is not None
    counted = await selling.value(
        "SELECT count(*) FROM (SELECT FROM keeper.order_line l "
        "JOIN keeper.payment p USING (tenant_id, order_ext_id) "
        "WHERE l.name IN ('item 0', 'item 1') AND p.local_date BETWEEN %(first)s AND %(last)s "
        "GROUP BY p.customer_ext_id, p.local_date HAVING count(DISTINCT l.name) = 2) o",
        first=view.week_start - timedelta(weeks=103),
        last=view.week_start + timedelta(days=6),
    )
    assert view.pairs[0].both_count == counted
    assert view.pairs[0].share_with > view.pairs[0].share_without
    assert (view.baskets > 500, view.items, view.weeks_of_data) == (True, 8, 104)
    assert (await view_of(other_shop)).week_start is None


async def test_the_same_week_with_the_same_inputs_is_searched_once(selling: Shop) -> None:
    first = await run_week(selling.runtime, selling.tenant_id)
    made = await selling.rows("SELECT id FROM keeper.pattern ORDER BY id")
    second = await run_week(selling.runtime, selling.tenant_id)
    assert (first.unchanged, second.unchanged) == (False, True)
    assert await selling.rows("SELECT id FROM keeper.pattern ORDER BY id") == made
    assert not (await run_week(selling.runtime, selling.tenant_id, again=True)).unchanged
    assert len(await selling.rows("SELECT id FROM keeper.pattern")) == len(made)


async def test_a_pattern_found_again_a_week_later_says_since_when(selling: Shop) -> None:
    await selling.change("UPDATE keeper.account SET business_date = %s", (LAST - timedelta(7),))
    await run_week(selling.runtime, selling.tenant_id)
    await selling.change("UPDATE keeper.account SET business_date = %s", (LAST,))
    await run_week(selling.runtime, selling.tenant_id)
    view = await view_of(selling)
    assert view.week_start == week_before(LAST)
    assert {one.since for one in view.pairs} == {week_before(LAST) - timedelta(days=7)}


async def test_nothing_after_the_week_is_looked_at(selling: Shop) -> None:
    await run_week(selling.runtime, selling.tenant_id)
    before = await view_of(selling)
    day = week_before(LAST) + timedelta(days=7)
    await selling.sell("c-1", [day] * 50, 900_000)
    await run_week(selling.runtime, selling.tenant_id, again=True)
    after = await view_of(selling)
    assert [row.points for row in after.trends] == [row.points for row in before.trends]
    assert after.baskets == before.baskets


async def test_trends_are_those_of_the_tables(selling: Shop) -> None:
    await run_week(selling.runtime, selling.tenant_id)
    view = await view_of(selling)
    trends = {row.metric: row for row in view.trends}
    assert view.week_start is not None
    taken = await selling.value(
        "SELECT sum(amount) FROM keeper.payment WHERE local_date BETWEEN %(first)s AND %(last)s",
        first=view.week_start,
        last=view.week_start + timedelta(days=6),
    )
    assert trends["takings"].points[-1] == float(taken)
    assert trends["takings"].method == "season"
    assert trends["takings"].slope_low <= trends["takings"].slope <= trends["takings"].slope_high
    assert "retail_share" not in trends  # Without an appointment nobody knows what is a service.
    assert len(trends["new_customers"].points) == 52


async def test_pages_hold_every_pattern_once(selling: Shop) -> None:
    await run_week(selling.runtime, selling.tenant_id)
    await selling.change(
        "INSERT INTO keeper.pattern (tenant_id, week_start, kind, first_item, second_item, total, "
        "first_count, second_count, both_count, people, expected, lift, lift_in_month, lift_early, "
        "lift_late, p_value, q_value, since) SELECT tenant_id, week_start, kind, first_item || n, "
        "second_item, total, first_count, second_count, both_count, people, expected, lift, "
        "lift_in_month, lift_early, lift_late, p_value, q_value, since "
        "FROM keeper.pattern, generate_series(1, 7) n"
    )
    seen: list[PatternRow] = []
    after: str | None = None
    async with selling.runtime.database.read_session(selling.tenant_id) as session:
        while True:
            rows, after = await list_patterns(session, None, after, 3)
            seen += rows
            if after is None:
                break
        with pytest.raises(InvalidInputError):
            await list_patterns(session, None, "nonsense", 3)
    assert len(seen) == len({row.id for row in seen}) == 16
    assert [row.q_value for row in seen] == sorted(row.q_value for row in seen)


async def test_an_account_without_data_is_told_nothing(shop: Shop) -> None:
    report = await run_week(shop.runtime, shop.tenant_id)
    assert (report.patterns, report.trends, report.lent) == (0, 0, 0)
    assert (await view_of(shop)).baskets == 0


async def test_without_an_account_the_job_is_empty(runtime: Runtime, tenants: TwoTenants) -> None:
    with pytest.raises(NoAccountError):
        await run_week(runtime, tenants.first)
    async with runtime.database.session(tenants.first) as session:
        job_id = await enqueue(session, "keeper.account.week", {})
    assert await run_job(runtime, tenants.first, job_id) == "succeeded"


async def test_the_size_band_is_that_of_the_active(selling: Shop) -> None:
    await selling.change("UPDATE keeper.account SET size_band = 'large'")
    await run_week(selling.runtime, selling.tenant_id)
    assert await selling.value("SELECT size_band FROM keeper.account") == "small"


async def test_every_night_puts_the_account_into_its_size_band(shop: Shop) -> None:
    """Six hundred profiles of people who never came do not make a large business."""
    await shop.change(
        "INSERT INTO keeper.customer (tenant_id, ext_id, ext_created_at) "
        "SELECT tenant_id, 'c-' || n, now() FROM keeper.account, generate_series(1, 600) n"
    )
    await shop.sell("c-1", [LAST])
    await shop.run()
    await shop.run(LAST + timedelta(days=1))
    assert await shop.value("SELECT size_band FROM keeper.account") == "small"
