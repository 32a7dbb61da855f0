"""A generated day goes the whole way, and a life that begins again does nothing twice."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.products.kamioi.facts.importing import import_brands
from myriad.products.kamioi.facts.loading import load_world
from myriad.products.kamioi.mapping.normalising import normalize
from myriad.products.kamioi.replay.checking import check
from myriad.products.kamioi.replay.generated import Plan
from myriad.products.kamioi.replay.steps import Replay
from myriad.products.kamioi.repository import sql as queries
from myriad.products.kamioi.repository.planning import planned_for_sets
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants

FIRST = date(2026, 9, 14)


async def _plan(runtime: Runtime, tenants: TwoTenants, per_day: int, days: int) -> Plan:
    await import_brands(runtime.database, None)
    world = await load_world(runtime.database)
    names = tuple(sorted(one.name for one in world.book.brands if one.source == "curated"))
    return Plan(tenants.first, per_day, FIRST, days, names)


async def test_a_replayed_day_ends_in_lots_and_a_second_life_adds_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    plan = await _plan(runtime, tenants, 120, 1)
    await Replay(runtime.database, plan).run()
    first = await check(runtime.database, plan)
    told: list[str] = []
    await Replay(runtime.database, plan, told.append).run()
    assert first.errors == 0
    assert first.rules == ()
    assert first.purchases == 120
    assert first.lots > 0
    assert await check(runtime.database, plan) == first
    assert told == ["people", "intake", "map", "accrue", "sweep", "settle", "trade"]


async def test_a_second_day_settles_the_first_ones_pulls_on_the_way(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    plan = await _plan(runtime, tenants, 60, 3)
    await Replay(runtime.database, plan).run()
    checked = await check(runtime.database, plan)
    assert (checked.errors, checked.purchases) == (0, 180)
    other = Plan(tenants.second, 60, FIRST, 3, plan.names)
    assert (await check(runtime.database, other)).purchases == 0


async def test_a_missing_purchase_is_an_error_of_the_replay(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    plan = await _plan(runtime, tenants, 40, 1)
    await Replay(runtime.database, plan).run()
    wanted = Plan(plan.tenant_id, 41, FIRST, 1, plan.names)
    assert (await check(runtime.database, wanted)).lost == 2


async def test_only_statements_of_the_block_are_planned_for_sets(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    shown = "SELECT current_setting('enable_nestloop') || current_setting('enable_mergejoin')"
    async with runtime.database.session(tenants.first) as session:
        connection = await session.connection()
        async with planned_for_sets(session):
            within = (await connection.exec_driver_sql(shown)).scalar_one()
        after = (await connection.exec_driver_sql(shown)).scalar_one()
        assert await queries.fetch(session, "count_replayed")
    assert (within, after) == ("offoff", "onon")


def test_strings_are_spread_as_on_real_cards() -> None:
    plan = Plan(TenantId(new_id()), 20_000, FIRST, 1, ("Costa", "Tesco", "Shell"))
    told = Counter(line.raw for _, line in plan.lines(0))
    top = sum(count for _, count in told.most_common(1_000)) / 20_000
    assert 0.78 < top < 0.9
    assert 2_000 < len(told) <= len(plan.strings)
    assert len({normalize(raw).norm for raw in plan.strings}) > 0.9 * len(plan.strings)


@pytest.mark.parametrize(("per_day", "days"), [(0, 1), (10_000_001, 1), (5, 0)])
def test_a_plan_of_nothing_or_too_much_is_refused(per_day: int, days: int) -> None:
    with pytest.raises(InvalidInputError):
        Plan(TenantId(new_id()), per_day, FIRST, days, ())
