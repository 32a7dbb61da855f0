"""The tick: once a minute, every schedule that is due becomes one job.

Rows are locked, turned into jobs and moved to their next fire in one transaction, and the move
names the fire that it replaces. A second ticker passes over locked rows and finds moved ones no
longer due, so any number of tickers make one job per (schedule, fire time).

After an outage each schedule runs once, however many fires it missed. Late jobs start in the order
of their fires, spread so that they add at most the normal rate to the normal rate: at most twice
the usual load until the backlog is gone (never slower than one a second).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from myriad.kit.clock import get_zone, utc_now
from myriad.kit.errors import InvalidInputError
from myriad.scale.data import Database, Session
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter, Gauge
from myriad.scale.schedule.ensure import run
from myriad.scale.schedule.fires import Rhythm
from myriad.scale.schedule.rebalance import rebalance
from myriad.scale.schedule.slots import Slot
from myriad.scale.schedule.watch.sweep import recall_late, sweep

TICK_SECONDS = 60.0
BATCH = 1000
LATE_SECONDS = 2 * TICK_SECONDS
SLOWEST_CATCH_UP_PER_MINUTE = 60.0
_UTC = ZoneInfo("UTC")
_log = get_logger(__name__)

FIRED = Counter("myriad_schedule_fired", "Jobs made by schedules")
TICKED = Gauge("myriad_schedule_last_tick_seconds", "Unix time of the last completed tick")


@dataclass(frozen=True)
class Ticked:
    """What one tick did: schedules moved on, jobs made, and how many of those were late."""

    moved: int = 0
    made: int = 0
    late: int = 0

    def __add__(self, other: Ticked) -> Ticked:
        return Ticked(self.moved + other.moved, self.made + other.made, self.late + other.late)


async def tick(database: Database, now: datetime | None = None) -> Ticked:
    """Materialise everything that is due at `now`, in batches of a thousand."""
    now = now or utc_now()
    total = Ticked()
    while True:
        async with database.crossing("materialise due schedules") as session:
            batch = await _tick_batch(session, now, already_late=total.late)
        total += batch
        if batch.moved < BATCH:
            break
    FIRED.inc(total.made)
    TICKED.set_to_current_time()
    if total.moved:
        _log.info("schedules_fired", moved=total.moved, made=total.made, late=total.late)
    return total


async def _tick_batch(session: Session, now: datetime, already_late: int) -> Ticked:
    due = list(await run(session, "take_due", {"now": now, "limit": BATCH}))
    if not due:
        return Ticked()
    await run(session, "name_tasks", {"tasks": sorted({row.task for row in due})})
    rate = float((await run(session, "fires_per_minute", {})).scalar_one())
    starts = start_times([row.next_fire_at for row in due], now, rate, already_late)
    done = (await run(session, "materialise", _columns(due, starts, now))).one()
    late = sum(is_late(row.next_fire_at, now) for row in due)
    return Ticked(int(done.moved), int(done.made), late)


def _columns(due: Sequence[Row[Any]], starts: list[datetime], now: datetime) -> dict[str, Any]:
    rhythms = [_rhythm(row) for row in due]
    nexts = [
        rhythm.next_after(max(now, row.next_fire_at))
        for rhythm, row in zip(rhythms, due, strict=True)
    ]
    return {
        "tenant_ids": [row.tenant_id for row in due],
        "ids": [row.id for row in due],
        "fires": [row.next_fire_at for row in due],
        "nexts": nexts,
        "starts": starts,
        "actives": [row.is_active for row in due],
        "denses": [one.is_dense(fire) for one, fire in zip(rhythms, nexts, strict=True)],
    }


def _rhythm(row: Row[Any]) -> Rhythm:
    return Rhythm(row.every, Slot(row.slot, row.second, row.weekday), _zone(row), row.cron)


def _zone(row: Row[Any]) -> ZoneInfo:
    try:
        return get_zone(row.timezone)
    except InvalidInputError:
        _log.warning("schedule_zone_unknown", tenant_id=str(row.tenant_id), zone=row.timezone)
        return _UTC


def is_late(fire: datetime, now: datetime) -> bool:
    """Return whether a fire was missed by an outage rather than by the grain of the tick."""
    return (now - fire).total_seconds() > LATE_SECONDS


def start_times(
    fires: Sequence[datetime], now: datetime, per_minute: float, already_late: int = 0
) -> list[datetime]:
    """Return when each job shall start: at once, or in its turn when its fire is late.

    `per_minute` is the normal rate of fires, `already_late` how many late ones went before.
    """
    gap = timedelta(minutes=1 / max(per_minute, SLOWEST_CATCH_UP_PER_MINUTE))
    starts, late = [], already_late
    for fire in fires:
        if is_late(fire, now):
            starts.append(now + late * gap)
            late += 1
        else:
            starts.append(now)
    return starts


async def serve_ticks(database: Database) -> None:
    """Tick at the start and then every minute until cancelled; an outage is logged and outlived.

    Each tick also sweeps what is watched; the first one of each UTC day re-packs the slots and
    asks again for what was not looked at.
    """
    packed_on: date | None = None
    while True:
        try:
            await tick(database)
            await sweep(database)
            if packed_on != (today := utc_now().date()):
                await rebalance(database)
                await recall_late(database)
                packed_on = today
        except Exception as error:  # noqa: BLE001 - the loop outlives any outage
            _log.warning("tick_failed", error=str(error))
        await asyncio.sleep(TICK_SECONDS)
