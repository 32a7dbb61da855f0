"""Giving a tenant the schedules that its products ask for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult

from myriad.kit.clock import get_zone, utc_now
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.data import NamedQueries, ReadSession, Session
from myriad.scale.schedule.fires import Rhythm
from myriad.scale.schedule.slots import Slot, stable_slot
from myriad.scale.schedule.specs import ScheduleSpec
from myriad.scale.tenancy import TenantId

QUERIES = NamedQueries.load("myriad.scale.schedule")


async def run(session: ReadSession, query: str, parameters: Mapping[str, Any]) -> CursorResult[Any]:
    """Run the query of that name in the caller's transaction."""
    connection = await session.connection()
    return await connection.exec_driver_sql(QUERIES[query], dict(parameters))


def place_of(tenant_id: TenantId, spec: ScheduleSpec) -> Slot:
    """Return where the schedule lies for this tenant; a weekday in the spec overrides the hash."""
    place = stable_slot(tenant_id, spec.name)
    if spec.weekday is None:
        return place
    return Slot(place.slot, place.second, spec.weekday)


async def ensure_schedules(
    session: Session, tenant_id: TenantId, specs: Sequence[ScheduleSpec]
) -> None:
    """Create the tenant's schedules and bring existing ones up to date; may be called again.

    A schedule that exists keeps its slot, its switch and, unless its rhythm changes, its next
    fire. Raises NotFoundError for an unknown tenant, InvalidInputError for two specs of one name.
    """
    if len({spec.name for spec in specs}) < len(specs):
        raise InvalidInputError("two schedules have the same name")
    zone = await _zone_of(session, tenant_id)
    if specs:
        known = await run(session, "list_places", {"tenant_id": tenant_id})
        stored = {row.name: Slot(row.slot, row.second, row.weekday) for row in known}
        columns = _columns(tenant_id, specs, zone, stored)
        await run(session, "ensure_schedules", columns | {"tenant_id": tenant_id})


async def list_scheduled(session: ReadSession, tenant_id: TenantId) -> list[str]:
    """Return the names of the tenant's schedules, which tell what runs for it."""
    return [row.name for row in await run(session, "list_places", {"tenant_id": tenant_id})]


async def set_enabled(session: Session, tenant_id: TenantId, name: str, *, enabled: bool) -> None:
    """Switch one schedule on or off, or raise NotFoundError."""
    facts = {"tenant_id": tenant_id, "name": name, "enabled": enabled}
    if (await run(session, "set_enabled", facts)).rowcount == 0:
        raise NotFoundError(f"no schedule {name!r}")


async def _zone_of(session: Session, tenant_id: TenantId) -> ZoneInfo:
    name = (await run(session, "get_zone", {"tenant_id": tenant_id})).scalar()
    if name is None:
        raise NotFoundError(f"no tenant {tenant_id}")
    return get_zone(str(name))


def _columns(
    tenant_id: TenantId, specs: Sequence[ScheduleSpec], zone: ZoneInfo, stored: Mapping[str, Slot]
) -> dict[str, Any]:
    places = [_place(tenant_id, spec, stored.get(spec.name)) for spec in specs]
    now = utc_now()
    return {
        "names": [spec.name for spec in specs],
        "tasks": [spec.task for spec in specs],
        "everies": [spec.every for spec in specs],
        "crons": [spec.cron for spec in specs],
        "zones": [spec.zone for spec in specs],
        "classes": [spec.job_class for spec in specs],
        "payloads": [json.dumps(dict(spec.payload)) for spec in specs],
        "slots": [place.slot for place in places],
        "seconds": [place.second for place in places],
        "weekdays": [place.weekday for place in places],
        "fires": [
            Rhythm(
                spec.every, place, get_zone(spec.zone) if spec.zone else zone, spec.cron
            ).next_after(now)
            for place, spec in zip(places, specs, strict=True)
        ],
    }


def _place(tenant_id: TenantId, spec: ScheduleSpec, stored: Slot | None) -> Slot:
    """Return the place of a schedule; one that was re-packed keeps its stored slot."""
    place = place_of(tenant_id, spec)
    return Slot(stored.slot, stored.second, place.weekday) if stored else place
