"""Everything that is due becomes part of exactly one job, and looks decide when it is due again."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.kit.ids import new_id
from myriad.scale.runtime import Runtime
from myriad.scale.schedule.watch.items import add_items, list_bundle, list_items, remove_items
from myriad.scale.schedule.watch.looks import Look, list_sources, record_looks
from myriad.scale.schedule.watch.plans import WatchPlan, get_plan, refit_price, set_plan
from myriad.scale.schedule.watch.signals import note_signal
from myriad.scale.schedule.watch.sweep import recall_late, sweep
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import create_tenant_row

_PLAN = WatchPlan("page", "test.page.scan", bundle_size=10)
_DAY = timedelta(days=1)


async def _watching(
    own: Runtime, count: int, plan: WatchPlan = _PLAN
) -> tuple[TenantId, list[UUID]]:
    tenant = TenantId(await create_tenant_row(own, "watch"))
    items = [new_id() for _ in range(count)]
    async with own.database.session(tenant) as session:
        await set_plan(session, plan)
        await add_items(session, plan.kind, items)
    return tenant, items


async def _jobs(own: Runtime, tenant: TenantId) -> list[dict[str, Any]]:
    sql = "SELECT payload, job_class, task, state FROM platform.job_overview ORDER BY id"
    return await own.database.reader.rows(tenant, sql)


async def _bundles(own: Runtime, tenant: TenantId) -> list[list[UUID]]:
    async with own.database.read_session(tenant) as session:
        return [
            [item.item_id for item in await list_bundle(session, job["payload"])]
            for job in await _jobs(own, tenant)
        ]


async def _look(
    own: Runtime, tenant: TenantId, items: list[UUID], now: datetime, *, changed: bool
) -> None:
    async with own.database.session(tenant) as session:
        await record_looks(session, "page", [Look(one, changed) for one in items], now)


async def test_due_things_are_bundled_into_jobs_that_together_hold_each_once(own: Runtime) -> None:
    tenant, items = await _watching(own, 34)
    other, others = await _watching(own, 3)
    assert await sweep(own.database) == 5
    bundles = await _bundles(own, tenant)
    assert sorted(map(len, bundles)) == [4, 10, 10, 10]
    assert Counter(one for bundle in bundles for one in bundle) == Counter(items)
    assert await _bundles(own, other) == [sorted(others)]
    (job,) = await _jobs(own, other)
    assert (job["task"], job["job_class"], job["state"]) == ("test.page.scan", "default", "queued")


async def test_many_sweepers_at_once_take_each_thing_once(own: Runtime) -> None:
    watched = [await _watching(own, 25) for _ in range(6)]
    made = await asyncio.gather(*(sweep(own.database) for _ in range(5)))
    assert sum(made) == 6 * 3
    for tenant, items in watched:
        assert Counter(one for bundle in await _bundles(own, tenant) for one in bundle) == Counter(
            items
        )


async def test_a_second_sweep_takes_only_what_fell_due_since(own: Runtime) -> None:
    tenant, _ = await _watching(own, 5)
    assert await sweep(own.database) == 1
    assert await sweep(own.database, every_seconds=0) == 0
    late = [new_id() for _ in range(3)]
    async with own.database.session(tenant) as session:
        await add_items(session, "page", late)
    assert await sweep(own.database) == 0, "a plan is swept once in a quarter of an hour"
    assert await sweep(own.database, utc_now() + timedelta(hours=1)) == 1
    assert (await _bundles(own, tenant))[1] == sorted(late)


async def test_a_thing_added_while_a_sweep_passes_is_not_lost(own: Runtime) -> None:
    """The mark has moved past the transaction's own time before the thing is inserted."""
    tenant, _ = await _watching(own, 1)
    added = new_id()
    async with own.database.session(tenant) as session:
        await get_plan(session, "page")
        assert await sweep(own.database, utc_now() + timedelta(seconds=5)) == 1
        await add_items(session, "page", [added])
    assert await sweep(own.database, utc_now() + timedelta(hours=1)) == 1
    assert (await _bundles(own, tenant))[1] == [added]


async def test_a_job_that_starts_again_finds_what_it_has_not_looked_at(own: Runtime) -> None:
    tenant, items = await _watching(own, 10)
    await sweep(own.database)
    await _look(own, tenant, items[:4], utc_now(), changed=False)
    (left,) = await _bundles(own, tenant)
    assert left == sorted(items[4:])


async def test_what_never_changes_is_looked_at_less_and_never_after_over_thirty_days(
    own: Runtime,
) -> None:
    tenant, (one,) = await _watching(own, 1)
    now, days = utc_now(), []
    for _ in range(30):
        await _look(own, tenant, [one], now, changed=False)
        async with own.database.read_session(tenant) as session:
            (item,) = await list_items(session, "page", [one])
        days.append(item.interval_days)
        assert item.next_due_at - now == timedelta(days=item.interval_days)
        now = item.next_due_at
    assert days[0] == 7
    assert days[-1] == 30
    assert days == sorted(days)


async def test_what_always_changes_is_looked_at_daily(own: Runtime) -> None:
    tenant, (one,) = await _watching(own, 1)
    now = utc_now()
    for _ in range(10):
        await _look(own, tenant, [one], now, changed=True)
        async with own.database.read_session(tenant) as session:
            (item,) = await list_items(session, "page", [one])
        now = item.next_due_at
    assert item.interval_days == 1
    assert item.rate > 0.5


async def test_the_database_itself_keeps_the_floor_of_thirty_days(own: Runtime) -> None:
    await _watching(own, 1)
    postpone = "UPDATE platform.watch SET next_due_at = added_at + interval '31 days'"
    async with own.database.crossing("test postpones a look") as crossing:
        connection = await crossing.connection()
        with pytest.raises(IntegrityError, match="ck_watch_floor"):
            await connection.exec_driver_sql(postpone)
        await crossing.rollback()


async def test_a_first_look_has_nothing_to_compare_with(own: Runtime) -> None:
    tenant, (one,) = await _watching(own, 1)
    async with own.database.read_session(tenant) as session:
        (before,) = await list_items(session, "page", [one])
    await _look(own, tenant, [one], utc_now(), changed=True)
    async with own.database.read_session(tenant) as session:
        (after,) = await list_items(session, "page", [one])
    assert after.rate == pytest.approx(before.rate, rel=1e-5)
    assert after.interval_days == 7


async def test_a_signal_worth_it_is_looked_at_at_once_and_once(own: Runtime) -> None:
    tenant, items = await _watching(own, 12)
    await _look(own, tenant, items, utc_now() - 3 * _DAY, changed=False)
    async with own.database.session(tenant) as session:
        told = await note_signal(session, "page", "sitemap", [*items, new_id()])
        again = await note_signal(session, "page", "sitemap", items)
    assert (told.known, told.at_once) == (12, 12)
    assert (again.known, again.at_once) == (12, 0)
    jobs = await _jobs(own, tenant)
    assert [len(job["payload"]["items"]) for job in jobs] == [10, 2]
    assert {job["job_class"] for job in jobs} == {"high"}
    assert {one for bundle in await _bundles(own, tenant) for one in bundle} == set(items)


async def test_a_source_that_cries_wolf_is_no_longer_followed(own: Runtime) -> None:
    tenant, items = await _watching(own, 40)
    now = utc_now() - 40 * _DAY
    await _look(own, tenant, items, now, changed=False)
    followed = []
    for _ in range(12):
        now += 2 * _DAY
        async with own.database.session(tenant) as session:
            told = await note_signal(session, "page", "rumour", items, now)
        followed.append(told.at_once)
        await _look(own, tenant, items, now, changed=False)
    async with own.database.read_session(tenant) as session:
        record = (await list_sources(session, "page"))["rumour"]
    assert followed[0] == 40
    assert followed[-1] == 0
    assert record.hits == 0
    assert record.false_alarms > 100
    assert record.precision_interval()[1] < 0.05


async def test_looks_grade_each_source_by_itself(own: Runtime) -> None:
    tenant, (told, silent) = await _watching(own, 2)
    now = utc_now() - 9 * _DAY
    await _look(own, tenant, [told, silent], now, changed=False)
    async with own.database.session(tenant) as session:
        await note_signal(session, "page", "sitemap", [told], now + _DAY)
        await note_signal(session, "page", "feed", [], now + _DAY)
    await _look(own, tenant, [told, silent], now + _DAY, changed=True)
    async with own.database.read_session(tenant) as session:
        sources = await list_sources(session, "page")
        left = await list_items(session, "page", [told])
    assert sources["sitemap"].hits == pytest.approx(sources["sitemap"].misses)
    assert sources["sitemap"].hits > 0.8
    assert sources["feed"].hits == 0
    assert sources["feed"].misses == pytest.approx(2 * sources["sitemap"].misses)
    assert left[0].signals == ()


async def test_what_was_swept_but_not_looked_at_is_asked_for_again(own: Runtime) -> None:
    tenant, items = await _watching(own, 12)
    await sweep(own.database)
    await _look(own, tenant, items[:1], utc_now(), changed=False)
    assert await recall_late(own.database) == 0
    later = utc_now() + timedelta(days=1, hours=1)
    assert await recall_late(own.database, later) == 2
    assert await recall_late(own.database, later) == 0, "the same job still lives"
    late = [one for bundle in (await _bundles(own, tenant))[2:] for one in bundle]
    assert Counter(late) == Counter(items[1:])


async def test_a_suspended_tenant_and_a_disabled_plan_are_not_swept(own: Runtime) -> None:
    suspended, _ = await _watching(own, 3)
    disabled, _ = await _watching(own, 3, WatchPlan("page", "test.page.scan", enabled=False))
    async with own.database.crossing("test suspends a tenant") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE platform.tenant SET status = 'suspended' WHERE id = %s", (suspended,)
        )
    assert await sweep(own.database) == 0
    async with own.database.session(disabled) as session:
        await set_plan(session, _PLAN)
    assert await sweep(own.database) == 1


async def test_a_budget_becomes_a_price_that_later_plans_keep(own: Runtime) -> None:
    plan = WatchPlan("page", "test.page.scan", looks_per_day=5.0)
    tenant, items = await _watching(own, 30, plan)
    now = utc_now() - 60 * _DAY
    for day in range(0, 56, 7):
        await _look(own, tenant, items[:15], now + day * _DAY, changed=True)
        await _look(own, tenant, items[15:], now + day * _DAY, changed=False)
    async with own.database.session(tenant) as session:
        price = await refit_price(session, "page")
    assert price > plan.price
    await _look(own, tenant, items[:15], now + 56 * _DAY, changed=True)
    await _look(own, tenant, items[15:], now + 56 * _DAY, changed=False)
    async with own.database.session(tenant) as session:
        await set_plan(session, plan)
        watched = await list_items(session, "page", items)
        assert (await get_plan(session, "page")).price == pytest.approx(price)
        await set_plan(session, WatchPlan("page", "test.page.scan", looks_per_day=0.5))
        with pytest.raises(InvalidInputError, match="too few"):
            await refit_price(session, "page")
    assert sum(1 / item.interval_days for item in watched) <= 5.0 + 15 / 7


async def test_another_tenant_sees_and_changes_nothing(own: Runtime) -> None:
    _, items = await _watching(own, 4)
    stranger, _ = await _watching(own, 0)
    async with own.database.session(stranger) as session:
        assert await list_items(session, "page", items) == []
        assert await record_looks(session, "page", [Look(one, True) for one in items]) == 0
        assert (await note_signal(session, "page", "sitemap", items)).known == 0
        assert await remove_items(session, "page", items) == 0


async def test_bad_input_is_refused_with_what_to_do(own: Runtime) -> None:
    tenant, _ = await _watching(own, 0)
    async with own.database.session(tenant) as session:
        with pytest.raises(NotFoundError, match="set_plan"):
            await add_items(session, "unknown", [new_id()])
        with pytest.raises(InvalidInputError, match="weight"):
            await add_items(session, "page", [new_id()], [0.0])
        with pytest.raises(InvalidInputError, match="no bundle"):
            await list_bundle(session, {"kind": "page"})
        with pytest.raises(InvalidInputError, match="source is a name"):
            await note_signal(session, "page", "", [])
    for arguments in (
        {"job_class": "fast"},
        {"bundle_size": 0},
        {"price": 0.0},
        {"price": float("inf")},
        {"looks_per_day": float("nan")},
        {"kind": ""},
        {"task": "x" * 201},
    ):
        bad: dict[str, Any] = {"kind": "page", "task": "test.page.scan"} | arguments
        with pytest.raises(InvalidInputError):
            WatchPlan(**bad)


async def test_removed_things_are_not_swept(own: Runtime) -> None:
    tenant, items = await _watching(own, 3)
    async with own.database.session(tenant) as session:
        assert await remove_items(session, "page", items) == 3
    assert await sweep(own.database, datetime.now(UTC)) == 0
