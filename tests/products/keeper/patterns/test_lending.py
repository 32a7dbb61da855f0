"""Joining the network lends at once, by a job; leaving again before it ran lends nothing."""

from __future__ import annotations

from datetime import timedelta

from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.preferences import write_preferences
from myriad.products.keeper.weekly_queue import LEND_TASK
from myriad.scale.runtime import Runtime
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import LAST, Shop, fill

_JOBS = "SELECT id, job_class FROM platform.job_overview WHERE task = %(task)s ORDER BY id"


async def switch(shop: Shop, *, joined: bool) -> None:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await write_preferences(session, {"network_opt_in": joined}, None)


async def test_joining_lends_without_waiting_for_the_week(
    runtime: Runtime, shop: Shop, other_shop: Shop
) -> None:
    """The job that joining queues stores the figures; leaving deletes them in its transaction."""
    await fill(shop, people=80)
    await shop.run()
    await switch(shop, joined=True)
    (job,) = await shop.rows(_JOBS, task=LEND_TASK)
    assert job["job_class"] == "high"
    await run_job(runtime, shop.tenant_id, job["id"])
    lent = await shop.rows("SELECT metric, measured_on FROM keeper.contribution")
    assert "average_ticket" in {row["metric"] for row in lent}
    assert {row["measured_on"] for row in lent} == {LAST}
    assert await other_shop.rows("SELECT metric FROM keeper.contribution") == []
    await switch(shop, joined=True)
    assert len(await shop.rows(_JOBS, task=LEND_TASK)) == 1
    await switch(shop, joined=False)
    assert await shop.rows("SELECT metric FROM keeper.contribution") == []


async def test_who_left_before_the_job_ran_lends_nothing(runtime: Runtime, shop: Shop) -> None:
    """The job looks at what is chosen when it runs."""
    await fill(shop, people=40, last=LAST - timedelta(days=1))
    await shop.run()
    await switch(shop, joined=True)
    (job,) = await shop.rows(_JOBS, task=LEND_TASK)
    await switch(shop, joined=False)
    await run_job(runtime, shop.tenant_id, job["id"])
    assert await shop.rows("SELECT metric FROM keeper.contribution") == []
