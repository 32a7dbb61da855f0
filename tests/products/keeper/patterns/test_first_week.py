"""The first search for patterns follows the first run; later ones keep to their weekly slot."""

from __future__ import annotations

from uuid import UUID

from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.weekly_queue import WEEK_TASK
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import LAST, Shop

_JOBS = "SELECT id FROM platform.job_overview WHERE task = %(task)s ORDER BY id"


async def run(shop: Shop) -> list[UUID]:
    """Run the agents by their job and return the jobs of the week so far."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        job_id = await enqueue_run(session, day=LAST, again=True)
    await run_job(shop.runtime, shop.tenant_id, job_id)
    return [row["id"] for row in await shop.rows(_JOBS, task=WEEK_TASK)]


async def test_patterns_are_searched_for_after_the_first_run_and_not_after_each(
    busy_shop: Shop,
) -> None:
    """One job of the week after the first run; when it has searched, another run adds none."""
    (week,) = await run(busy_shop)
    await run_job(busy_shop.runtime, busy_shop.tenant_id, week)
    assert await run(busy_shop) == [week]
