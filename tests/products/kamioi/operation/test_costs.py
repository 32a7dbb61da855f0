"""What mapping cost is borne by the months after it, to the last millionth of a dollar."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.kamioi.money.costs import close_month
from myriad.products.kamioi.operation.costs import get_costs
from tests.products.kamioi.money.programme import Programme


async def _decision(
    programme: Programme,
    month: int,
    cost: int,
    *,
    descriptor_id: UUID | None = None,
    version: int = 1,
    brand_id: UUID | None = None,
    ended: int | None = None,
) -> UUID:
    """A model's decision in the middle of a month of 2026, ended in another or not at all."""
    descriptor_id = descriptor_id or await programme.descriptor()
    await programme.run(
        "INSERT INTO kamioi.mapping (tenant_id, id, descriptor_id, version, brand_id, confidence,"
        " method, state, cost_usd_micros, valid_from, valid_to)"
        " VALUES (%s, %s, %s, %s, %s, 0.9, 'llm', %s, %s, %s, %s)",
        programme.tenant_id,
        new_id(),
        descriptor_id,
        version,
        brand_id,
        "superseded" if ended else "auto",
        cost,
        datetime(2026, month, 15, tzinfo=UTC),
        datetime(2026, ended, 15, tzinfo=UTC) if ended else None,
    )
    return descriptor_id


async def test_a_year_bears_a_month_s_cost_exactly_and_what_was_lost_at_once(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    await _decision(programme, 1, 1_000)
    lost = await _decision(programme, 1, 120, brand_id=shop.brand_id, ended=3)
    await _decision(programme, 3, 0, descriptor_id=lost, version=2)
    kept = await _decision(programme, 1, 600, brand_id=shop.brand_id, ended=3)
    await _decision(programme, 3, 0, descriptor_id=kept, version=2, brand_id=shop.brand_id)
    for month in (2, 3, 4, 4, 12):
        async with programme.session() as session:
            await close_month(session, date(2026, month, 1))
    async with programme.session() as session:
        await close_month(session, date(2027, 1, 1))
        assert await close_month(session, date(2027, 1, 1)) == 0
        costs = await get_costs(session, date(2027, 1, 20))
    (cohort,) = costs.cohorts
    # Ten of the twelve months of the lost decision's cost were still to come.
    assert (cohort.month, cohort.cost_usd_micros) == (date(2026, 1, 1), 1_720)
    assert cohort.written_off_usd_micros == 100
    assert cohort.left_usd_micros == 0
    borne = {
        one.month.month: one.borne_usd_micros for one in costs.months if one.month.year == 2026
    }
    assert (borne[1], borne[2]) == (0, 143)
    assert borne[3] == 143 + 100 or borne[3] == 144 + 100


async def test_a_month_that_runs_has_no_cohort_yet(programme: Programme) -> None:
    await _decision(programme, 5, 50)
    async with programme.session() as session:
        assert await close_month(session, date(2026, 5, 31)) == 0
        assert (await get_costs(session, date(2026, 5, 31))).cohorts == ()


async def test_unit_costs_count_what_was_bought(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    await programme.member()
    for _ in range(4):
        await programme.buy(member, shop.descriptor_id, 450, date(2026, 11, 16))
    await _decision(programme, 10, 2_400)
    async with programme.session() as session:
        await close_month(session, date(2026, 11, 1))
        costs = await get_costs(session, date(2026, 11, 20))
    assert costs.months[0].per_purchase_micros == 50
    assert (costs.active_members, costs.per_member_micros) == (1, 200)
    assert costs.per_descriptor_micros == 1_200
