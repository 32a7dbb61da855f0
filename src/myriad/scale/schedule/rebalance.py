"""Once a day the slots are packed anew by what each schedule's runs really took.

Nights differ by time zone, so schedules are packed among those whose clocks agree now. A move
changes when a schedule fires, never how often: its next fire keeps its local date. One that has
not fired yet tonight, and whose new time has already passed, fires at its old time once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from myriad.kit.clock import get_zone, utc_now
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.data import Database, Session
from myriad.scale.observe.logs import get_logger
from myriad.scale.schedule.ensure import run
from myriad.scale.schedule.repack import repack_by_size
from myriad.scale.schedule.slots import Slot, fire_on
from myriad.scale.tenancy import TenantId

# The weight of the newest run in a schedule's moving average.
SIZE_STEP = 0.2
_MEASURED = timedelta(days=2)
_WEEK_DAYS = 7
_log = get_logger(__name__)


async def note_size(session: Session, tenant_id: TenantId, name: str, seconds: float) -> None:
    """Add the seconds that a run of the schedule took to its average, or raise NotFoundError.

    Runs of jobs that schedules made are measured by themselves; this is for work that such a job
    hands on to others.
    """
    if not seconds >= 0:
        raise InvalidInputError("a run takes zero seconds or more")
    facts = {"tenant_id": tenant_id, "name": name, "seconds": seconds, "step": SIZE_STEP}
    if (await run(session, "note_size", facts)).rowcount == 0:
        raise NotFoundError(f"no schedule {name!r}")


async def rebalance(database: Database, now: datetime | None = None) -> int:
    """Measure what finished, move the few schedules that must, and return how many moved.

    Only one process at a time does this; another returns 0.
    """
    now = now or utc_now()
    async with database.crossing("re-pack the slots") as session:
        if not (await run(session, "lock_rebalance", {})).scalar_one():
            return 0
        await run(session, "measure_sizes", {"since": now - _MEASURED, "step": SIZE_STEP})
        rows = list(await run(session, "list_nights", {}))
        moves = [move for group in _groups(rows, now) for move in _moves_of(group)]
        moved = 0
        if moves:
            moved = (await run(session, "move_slots", _columns(moves, now))).rowcount
    _log.info("slots_repacked", schedules=len(rows), moved=moved)
    return moved


def _groups(rows: Iterable[Row[Any]], now: datetime) -> Iterable[list[Row[Any]]]:
    groups: dict[timedelta | None, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        zone = _find_zone(row.timezone)
        if zone is not None:
            groups[now.astimezone(zone).utcoffset()].append(row)
    return groups.values()


def _find_zone(name: str) -> ZoneInfo | None:
    try:
        return get_zone(name)
    except InvalidInputError:
        return None


def _moves_of(group: Sequence[Row[Any]]) -> list[tuple[Row[Any], int]]:
    measured = [row.size_seconds for row in group if row.size_seconds is not None]
    usual = median(measured) if measured else 1.0
    by_id: dict[UUID, Row[Any]] = {row.id: row for row in group}
    sizes = {row.id: _nightly_seconds(row, usual) for row in group}
    moves = repack_by_size(sizes, {row.id: row.slot for row in group})
    return [(by_id[one], slot) for one, slot in moves.items()]


def _nightly_seconds(row: Row[Any], usual: float) -> float:
    seconds = float(usual if row.size_seconds is None else row.size_seconds)
    return seconds / _WEEK_DAYS if row.every == "weekly" else seconds


def _columns(moves: Sequence[tuple[Row[Any], int]], now: datetime) -> dict[str, Any]:
    return {
        "tenant_ids": [row.tenant_id for row, _ in moves],
        "ids": [row.id for row, _ in moves],
        "slots": [slot for _, slot in moves],
        "befores": [row.next_fire_at for row, _ in moves],
        "nexts": [
            moved_fire(
                Slot(row.slot, row.second, row.weekday),
                slot,
                get_zone(row.timezone),
                row.next_fire_at,
                now,
            )
            for row, slot in moves
        ],
    }


def moved_fire(
    place: Slot, slot: int, zone: ZoneInfo, next_fire_at: datetime, now: datetime
) -> datetime:
    """Return the next fire of a schedule after its move to `slot`: on the same local date."""
    fire = fire_on(replace(place, slot=slot), next_fire_at.astimezone(zone).date(), zone)
    return fire if fire > now else next_fire_at
