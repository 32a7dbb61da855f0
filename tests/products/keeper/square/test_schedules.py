"""A connected account is looked after by itself."""

from __future__ import annotations

from myriad.products.keeper.manifest import PRODUCT
from myriad.products.keeper.schedules import SCHEDULES
from myriad.scale.jobs.registry import REGISTRY
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import ensure_schedules
from tests.fixtures.database import TwoTenants

_ROWS = "SELECT name, task, next_fire_at > now() AS ahead FROM platform.schedule ORDER BY name"


async def test_an_account_has_its_hourly_and_nightly_schedule_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    for _ in range(2):
        async with runtime.database.session(tenants.first) as session:
            await ensure_schedules(session, tenants.first, SCHEDULES)
    rows = await runtime.database.reader.rows(tenants.first, _ROWS)
    assert [(row["name"], row["ahead"]) for row in rows] == [
        ("keeper.hourly", True),
        ("keeper.nightly", True),
        ("keeper.tidy", True),
        ("keeper.weekly", True),
    ]
    assert await runtime.database.reader.rows(tenants.second, _ROWS) == []


def test_every_schedule_names_a_task_that_exists() -> None:
    PRODUCT.load_tasks()
    assert all(REGISTRY.find(spec.task) for spec in SCHEDULES)
