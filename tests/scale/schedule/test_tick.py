"""Every fire of every schedule becomes exactly one job, late ones in an orderly line."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import ScheduleSpec, ensure_schedules, set_enabled
from myriad.scale.schedule.tick import LATE_SECONDS, serve_ticks, start_times, tick
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import create_tenant_row

_NIGHTLY = ScheduleSpec("test.nightly", "test.thing.do", "nightly", {"depth": 3})
_HOURLY = ScheduleSpec("test.hourly", "test.thing.sync", "hourly")
_WEEKLY = ScheduleSpec("test.weekly", "test.thing.report", "weekly", weekday=0)
_JOBS = "SELECT task, state, payload, dedup_key, run_at, job_class FROM platform.job_overview ORDER BY id"
_MORNINGS = ("Europe/Berlin", "America/New_York")
_SCHEDULES = "SELECT * FROM platform.schedule ORDER BY name"


async def _tenant(runtime: Runtime, *specs: ScheduleSpec, zone: str = "Europe/Berlin") -> TenantId:
    tenant = TenantId(await create_tenant_row(runtime, "clock", zone))
    async with runtime.database.session(tenant) as session:
        await ensure_schedules(session, tenant, specs)
    return tenant


async def _rows(runtime: Runtime, tenant: TenantId, sql: str) -> list[dict[str, Any]]:
    return await runtime.database.reader.rows(tenant, sql)


async def test_a_due_schedule_becomes_a_job_and_moves_to_its_next_night(own: Runtime) -> None:
    tenant = await _tenant(own, _NIGHTLY)
    (before,) = await _rows(own, tenant, _SCHEDULES)
    assert (await tick(own.database)).moved == 0
    now = before["next_fire_at"] + timedelta(seconds=30)
    assert (await tick(own.database, now)).made == 1
    (job,) = await _rows(own, tenant, _JOBS)
    (after,) = await _rows(own, tenant, _SCHEDULES)
    fire_time = before["next_fire_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert job["task"] == "test.thing.do"
    assert job["payload"] == {"depth": 3, "schedule": "test.nightly", "fire_time": fire_time}
    assert after["last_fire_at"] == before["next_fire_at"]
    assert (
        timedelta(hours=22) < after["next_fire_at"] - before["next_fire_at"] < timedelta(hours=26)
    )
    assert (await tick(own.database, now)).moved == 0


async def test_two_tickers_at_once_make_one_job_a_fire(own: Runtime) -> None:
    tenants = [await _tenant(own, _NIGHTLY, _HOURLY) for _ in range(10)]
    later = utc_now() + timedelta(hours=25)
    rounds = await asyncio.gather(*(tick(own.database, later) for _ in range(4)))
    assert sum(done.made for done in rounds) == 20
    for tenant in tenants:
        assert len(await _rows(own, tenant, _JOBS)) == 2


async def test_a_fire_is_never_made_twice_even_after_its_job_has_ended(own: Runtime) -> None:
    tenant = await _tenant(own, _NIGHTLY)
    later = utc_now() + timedelta(hours=25)
    await tick(own.database, later)
    async with own.database.session(tenant) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("DELETE FROM platform.job")
    assert (await tick(own.database, later)).made == 0


async def test_after_an_outage_of_days_each_schedule_runs_once(own: Runtime) -> None:
    tenant = await _tenant(own, _NIGHTLY, _HOURLY, _WEEKLY)
    after_outage = utc_now() + timedelta(days=20)
    done = await tick(own.database, after_outage)
    assert (done.moved, done.made, done.late) == (3, 3, 3)
    assert len(await _rows(own, tenant, _JOBS)) == 3
    for schedule in await _rows(own, tenant, _SCHEDULES):
        assert schedule["next_fire_at"] > after_outage


async def test_an_hourly_job_still_running_is_not_doubled_and_the_next_hour_goes_on(
    own: Runtime,
) -> None:
    tenant = await _tenant(own, _HOURLY)
    for hours in (1, 2):
        await tick(own.database, utc_now() + timedelta(hours=hours))
    assert len(await _rows(own, tenant, _JOBS)) == 1
    async with own.database.session(tenant) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("DELETE FROM platform.job")
    await tick(own.database, utc_now() + timedelta(hours=3))
    assert len(await _rows(own, tenant, _JOBS)) == 1


async def test_a_suspended_tenant_moves_on_without_jobs(own: Runtime) -> None:
    tenant = await _tenant(own, _NIGHTLY)
    async with own.database.crossing("test suspends a tenant") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE platform.tenant SET status = 'suspended'")
    done = await tick(own.database, utc_now() + timedelta(hours=25))
    assert (done.moved, done.made) == (1, 0)
    assert await _rows(own, tenant, _JOBS) == []


async def test_an_unknown_zone_falls_back_to_utc_instead_of_stopping_the_clock(
    own: Runtime,
) -> None:
    await _tenant(own, _NIGHTLY)
    async with own.database.crossing("test breaks a zone") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE platform.tenant SET timezone = 'Mars/Olympus'")
    assert (await tick(own.database, utc_now() + timedelta(hours=25))).made == 1


async def test_ensuring_again_keeps_slot_and_next_fire_and_takes_the_new_payload(
    own: Runtime,
) -> None:
    tenant = await _tenant(own, _NIGHTLY, _WEEKLY)
    before = await _rows(own, tenant, _SCHEDULES)
    changed = ScheduleSpec("test.nightly", "test.thing.other", "nightly", {"depth": 9})
    async with own.database.session(tenant) as session:
        await ensure_schedules(session, tenant, (changed, _WEEKLY))
    after = await _rows(own, tenant, _SCHEDULES)
    assert after[0]["task"] == "test.thing.other"
    assert after[0]["payload"] == {"depth": 9}
    for name in ("id", "slot", "second", "next_fire_at"):
        assert [row[name] for row in after] == [row[name] for row in before]
    assert after[1]["weekday"] == 0


async def test_a_schedule_that_is_switched_off_does_not_fire(own: Runtime) -> None:
    tenant = await _tenant(own, _NIGHTLY)
    async with own.database.session(tenant) as session:
        await set_enabled(session, tenant, "test.nightly", enabled=False)
        with pytest.raises(NotFoundError):
            await set_enabled(session, tenant, "test.unknown", enabled=False)
    assert (await tick(own.database, utc_now() + timedelta(hours=25))).moved == 0


async def test_two_schedules_of_one_name_are_refused(own: Runtime) -> None:
    with pytest.raises(InvalidInputError):
        await _tenant(own, _NIGHTLY, _NIGHTLY)


async def test_another_tenant_sees_no_schedule(own: Runtime) -> None:
    await _tenant(own, _NIGHTLY)
    other = await _tenant(own)
    assert await _rows(own, other, _SCHEDULES) == []


def _cron(name: str, expression: str, **more: Any) -> ScheduleSpec:
    return ScheduleSpec(name, "test.thing.do", "cron", cron=expression, **more)


async def _fire_times(runtime: Runtime, tenant: TenantId) -> list[str]:
    jobs = await _rows(runtime, tenant, _JOBS)
    return sorted(job["payload"]["fire_time"] for job in jobs)


async def test_one_expression_fires_in_each_tenants_own_morning(own: Runtime) -> None:
    spec = _cron("test.morning", "0 9 * * *")
    tenants = {zone: await _tenant(own, spec, zone=zone) for zone in _MORNINGS}
    fixed = await _tenant(own, _cron("test.morning", "0 9 * * *", zone="Asia/Tokyo"))
    start = utc_now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    for hours in range(25):
        await asyncio.gather(*(tick(own.database, start + timedelta(hours=hours)) for _ in "ab"))
    for zone, tenant in [*tenants.items(), ("Asia/Tokyo", fixed)]:
        fires = [datetime.fromisoformat(one) for one in await _fire_times(own, tenant)]
        local = [fire.astimezone(ZoneInfo(zone)) for fire in fires]
        assert 1 <= len(local) <= 2, zone
        assert {(one.hour, one.minute) for one in local} == {(9, 0)}, zone
        assert len({one.date() for one in local}) == len(local), zone


async def test_dense_fires_do_not_queue_up_and_sparse_ones_are_all_made(own: Runtime) -> None:
    dense, sparse = _cron("test.dense", "*/5 * * * *"), _cron("test.sparse", "0 0 * * *")
    tenant = await _tenant(own, dense, sparse, zone="UTC")
    for days in range(1, 4):
        await tick(own.database, utc_now() + timedelta(days=days))
    names = [job["payload"]["schedule"] for job in await _rows(own, tenant, _JOBS)]
    assert names.count("test.dense") == 1
    assert names.count("test.sparse") == 3


async def test_a_tenant_that_moves_to_another_zone_fires_at_the_wall_time_there(
    own: Runtime,
) -> None:
    tenant = await _tenant(own, _cron("test.morning", "0 9 * * *"), zone="UTC")
    async with own.database.crossing("test moves a tenant") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE platform.tenant SET timezone = 'Asia/Tokyo'")
    await tick(own.database, utc_now() + timedelta(hours=25))
    (schedule,) = await _rows(own, tenant, _SCHEDULES)
    assert schedule["next_fire_at"].astimezone(ZoneInfo("Asia/Tokyo")).hour == 9


async def test_a_changed_expression_moves_the_next_fire(own: Runtime) -> None:
    tenant = await _tenant(own, _cron("test.morning", "0 9 * * *"), zone="UTC")
    async with own.database.session(tenant) as session:
        await ensure_schedules(session, tenant, [_cron("test.morning", "15 10 * * *")])
    (schedule,) = await _rows(own, tenant, _SCHEDULES)
    assert (schedule["next_fire_at"].hour, schedule["next_fire_at"].minute) == (10, 15)


async def test_a_class_of_its_own_is_kept_and_none_leaves_it_to_the_task(own: Runtime) -> None:
    bulk = ScheduleSpec("test.bulk", "test.thing.do", "nightly", job_class="bulk")
    tenant = await _tenant(own, bulk, _NIGHTLY)
    await tick(own.database, utc_now() + timedelta(hours=25))
    jobs = {job["payload"]["schedule"]: job for job in await _rows(own, tenant, _JOBS)}
    assert jobs["test.bulk"]["job_class"] == "bulk"
    assert jobs["test.nightly"]["job_class"] == "default"


async def test_a_running_ticker_ticks_sweeps_and_stops_when_cancelled(own: Runtime) -> None:
    tenant = await _tenant(own, _NIGHTLY)
    async with own.database.session(tenant) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE platform.schedule SET next_fire_at = now() - interval '1 second'"
        )
    serving = asyncio.ensure_future(serve_ticks(own.database))
    try:
        while not await _rows(own, tenant, _JOBS):  # noqa: ASYNC110 - another task works
            await asyncio.sleep(0.05)
    finally:
        serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


_NOW = datetime(2026, 5, 1, tzinfo=UTC)


@given(
    ages=st.lists(st.floats(0, 1e6), max_size=200),
    rate=st.floats(0, 1000),
    before=st.integers(0, 1000),
)
def test_late_jobs_never_exceed_the_normal_rate_and_punctual_ones_never_wait(
    ages: list[float], rate: float, before: int
) -> None:
    fires = [_NOW - timedelta(seconds=age) for age in ages]
    starts = start_times(fires, _NOW, rate, before)
    punctual = [s for s, age in zip(starts, ages, strict=True) if age <= LATE_SECONDS - 1]
    late = [s for s, age in zip(starts, ages, strict=True) if age > LATE_SECONDS + 1]
    assert all(start == _NOW for start in punctual)
    per_minute = max(rate, 60.0)
    in_first_minute = sum(start < _NOW + timedelta(minutes=1) for start in late)
    assert in_first_minute <= per_minute + 1
