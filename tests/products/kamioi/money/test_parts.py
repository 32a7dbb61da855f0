"""A job of a large programme becomes jobs of its parts; one of an intake is its member's alone."""

from __future__ import annotations

from typing import Any

from myriad.products.kamioi.money import task_names as tasks
from myriad.products.kamioi.money import tasks as registered
from myriad.products.kamioi.money.round_ups import MEMBERS_AT_ONCE
from myriad.scale.jobs import enqueue
from tests.fixtures.jobs import run_job
from tests.products.kamioi.money.programme import MONDAY, Programme

assert registered.__name__
DAYS = {"first": MONDAY.isoformat(), "last": MONDAY.isoformat()}
ROUNDED = "SELECT member_id FROM kamioi.round_up ORDER BY member_id"


async def _run(programme: Programme, name: str, **payload: Any) -> None:
    async with programme.session() as session:
        job_id = await enqueue(session, name, payload)
    outcome = await run_job(programme.runtime, programme.tenant_id, job_id)
    assert str(outcome).endswith("succeeded"), outcome


async def test_the_job_of_an_intake_rounds_up_its_member_alone(programme: Programme) -> None:
    shop = await programme.shop()
    members = [await programme.member() for _ in range(2)]
    for member in members:
        await programme.buy(member, shop.descriptor_id, 450)
    await _run(programme, tasks.ACCRUE_TASK, **DAYS, member_id=str(members[0]))
    assert await programme.run(ROUNDED) == [(members[0],)]
    await _run(programme, tasks.ACCRUE_TASK, **DAYS)
    assert await programme.run(ROUNDED) == [(member,) for member in sorted(members)]


async def test_a_large_programme_is_gone_over_by_jobs_of_its_parts(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    await programme.buy(member, shop.descriptor_id, 450)
    await programme.run(
        "INSERT INTO kamioi.member (tenant_id, name)"
        " SELECT %s, 'M' || n FROM generate_series(1, %s) AS n",
        programme.tenant_id,
        MEMBERS_AT_ONCE,
    )
    await _run(programme, tasks.ACCRUE_TASK, **DAYS)
    assert await programme.run(ROUNDED) == []
    parts = await programme.run("SELECT payload FROM platform.job ORDER BY id")
    ends = [(one["low"], one["high"]) for (one,) in parts]
    assert len(ends) == 2
    assert ends[0][1] == ends[1][0]
    assert ends[1][1] is None
    for (payload,) in parts:
        await _run(programme, tasks.ACCRUE_TASK, **payload)
    assert await programme.run(ROUNDED) == [(member,)]
