"""Re-packing moves when a schedule fires, never how often."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import ScheduleSpec, ensure_schedules, note_size
from myriad.scale.schedule.rebalance import moved_fire, rebalance
from myriad.scale.schedule.slots import SLOT_SECONDS, SLOTS, Slot, next_fire
from myriad.scale.schedule.tick import tick
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import create_tenant_row

_NIGHTLY = ScheduleSpec("test.nightly", "test.thing.do", "nightly")
_ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana")
_START = datetime(2020, 1, 1, tzinfo=UTC)


@given(
    old=st.integers(0, SLOTS - 1),
    new=st.integers(0, SLOTS - 1),
    second=st.integers(0, SLOT_SECONDS - 1),
    zone=st.sampled_from(_ZONES).map(ZoneInfo),
    start=st.integers(0, 10 * 366 * 86400).map(lambda late: _START + timedelta(seconds=late)),
    moved_after=st.integers(0, 3 * 86400).map(lambda late: timedelta(seconds=late)),
)
def test_each_local_date_fires_once_whenever_the_move_happens(
    old: int, new: int, second: int, zone: ZoneInfo, start: datetime, moved_after: timedelta
) -> None:
    place, moved_at = Slot(old, second, 0), start + moved_after
    following, fires, is_moved = next_fire(place, "nightly", zone, start), [], False
    for _ in range(8):
        if not is_moved and following > moved_at:
            following = moved_fire(place, new, zone, following, moved_at)
            place, is_moved = Slot(new, second, 0), True
        fires.append(following)
        following = next_fire(place, "nightly", zone, following)
    dates = [fire.astimezone(zone).date() for fire in fires]
    assert [(b - a).days for a, b in pairwise(dates)] == [1] * 7
    assert is_moved
    assert next_fire(place, "nightly", zone, fires[-1]) > fires[-1]


async def _crowd(own: Runtime, count: int, zone: str = "Europe/Berlin") -> list[TenantId]:
    tenants = [TenantId(await create_tenant_row(own, "crowd", zone)) for _ in range(count)]
    for tenant in tenants:
        async with own.database.session(tenant) as session:
            await ensure_schedules(session, tenant, [_NIGHTLY])
    return tenants


async def _all(own: Runtime, sql: str) -> list[dict[str, Any]]:
    return await own.database.crossing_rows("test looks at all schedules", sql)


async def test_schedules_in_one_slot_are_spread_and_stay_spread(own: Runtime) -> None:
    await _crowd(own, 30)
    async with own.database.crossing("test crowds one slot") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE platform.schedule SET slot = 40, next_fire_at = now() + interval '20 hours'"
        )
    assert await rebalance(own.database) == 29
    rows = await _all(own, "SELECT slot FROM platform.schedule")
    assert max(Counter(row["slot"] for row in rows).values()) == 1
    assert await rebalance(own.database) == 0


async def test_only_one_process_repacks_at_a_time(own: Runtime) -> None:
    await _crowd(own, 20)
    async with own.database.crossing("test crowds one slot") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE platform.schedule SET slot = 7")
    moved = await asyncio.gather(*(rebalance(own.database) for _ in range(3)))
    assert sum(moved) == 19
    assert len({row["slot"] for row in await _all(own, "SELECT slot FROM platform.schedule")}) == 20


async def test_nights_of_other_zones_are_packed_on_their_own(own: Runtime) -> None:
    """Slot 7 of Berlin and slot 7 of New York lie six hours apart."""
    await _crowd(own, 1)
    await _crowd(own, 1, "America/New_York")
    async with own.database.crossing("test crowds one slot") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE platform.schedule SET slot = 7")
    assert await rebalance(own.database) == 0


async def test_the_size_is_the_average_of_what_runs_took(own: Runtime) -> None:
    (tenant,) = await _crowd(own, 1)
    async with own.database.session(tenant) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts,"
            " payload, dedup_key, started_at, finished_at) SELECT %s, uuidv7(), 'succeeded', 2,"
            " platform.job_task_id('test.thing.do'), 1, '{\"schedule\": \"test.nightly\"}',"
            " 'schedule:test.nightly:x', now() - interval '30 seconds', now()",
            (tenant,),
        )
    for _ in range(2):
        await rebalance(own.database)
        (row,) = await _all(own, "SELECT size_seconds FROM platform.schedule")
        assert row["size_seconds"] == pytest.approx(30)
    async with own.database.session(tenant) as session:
        await note_size(session, tenant, "test.nightly", 130)
        with pytest.raises(NotFoundError):
            await note_size(session, tenant, "test.unknown", 1)
        with pytest.raises(InvalidInputError):
            await note_size(session, tenant, "test.nightly", -1)
    (row,) = await _all(own, "SELECT size_seconds FROM platform.schedule")
    assert row["size_seconds"] == pytest.approx(50)


async def test_a_moved_schedule_keeps_its_slot_when_products_ask_again(own: Runtime) -> None:
    (tenant,) = await _crowd(own, 1)
    async with own.database.session(tenant) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE platform.schedule SET slot = 95")
        weekly = ScheduleSpec("test.nightly", "test.thing.do", "weekly", zone="UTC")
        await ensure_schedules(session, tenant, [weekly])
    (row,) = await _all(own, "SELECT * FROM platform.schedule")
    assert row["slot"] == 95
    night = row["next_fire_at"].astimezone(UTC)
    assert night.hour * 3600 + night.minute * 60 + night.second == 95 * SLOT_SECONDS + row["second"]


async def test_ticks_around_a_move_make_one_job_for_the_date(own: Runtime) -> None:
    (tenant,) = await _crowd(own, 1, "UTC")
    (before,) = await _all(own, "SELECT next_fire_at FROM platform.schedule")
    await _crowd(own, 3, "UTC")
    async with own.database.crossing("test crowds one slot") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE platform.schedule SET slot = 50, next_fire_at = date_trunc('day', "
            "next_fire_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '3 hours 7 minutes' "
            "+ second * interval '1 second'"
        )
    await rebalance(own.database)
    day = before["next_fire_at"].replace(hour=0, minute=0, second=0)
    for hours in range(31):
        await tick(own.database, day + timedelta(hours=hours))
    rows = await _all(
        own, "SELECT tenant_id, left(payload ->> 'fire_time', 10) AS day FROM platform.job"
    )
    assert set(Counter((row["tenant_id"], row["day"]) for row in rows).values()) == {1}
    assert len({row["day"] for row in rows if row["tenant_id"] == tenant}) == 2
