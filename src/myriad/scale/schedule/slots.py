"""When each tenant's turn comes: 96 slots in its local night, by a hash that never changes.

The night is 00:00 to 06:00 local time, so every fire of a date lies on that date and yesterday is
over everywhere. 96 slots of 225 seconds fill it. The slot is BLAKE2b-64 (RFC 7693) of tenant and
schedule name modulo 96, the second within the slot comes from further bits; both are stored with
the schedule, so that re-packing (`repack.py`) may move single tenants.

Wall times that daylight saving skips are read with the offset before the change (PEP 495), which
moves them forward by the gap; times that occur twice fire the first time. Each local date
therefore fires exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from uuid import UUID
from zoneinfo import ZoneInfo

from myriad.scale.schedule.specs import Every

SLOTS = 96
NIGHT_SECONDS = 6 * 3600
SLOT_SECONDS = NIGHT_SECONDS // SLOTS
_DAYS = 7
_HOUR_SECONDS = 3600


@dataclass(frozen=True)
class Slot:
    """A stable place: slot 0 to 95, second 0 to 224 within it, weekday 0 (Monday) to 6."""

    slot: int
    second: int
    weekday: int

    @property
    def night_seconds(self) -> int:
        """Seconds after local midnight."""
        return self.slot * SLOT_SECONDS + self.second


def stable_slot(tenant_id: UUID, schedule: str) -> Slot:
    """Return the place of a tenant's schedule, the same in every process and on every machine."""
    digest = blake2b(tenant_id.bytes + schedule.encode(), digest_size=8).digest()
    number, slot = divmod(int.from_bytes(digest), SLOTS)
    number, second = divmod(number, SLOT_SECONDS)
    return Slot(slot, second, number % _DAYS)


def next_fire(slot: Slot, every: Every, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first fire later than `after` (aware), in UTC."""
    if every == "hourly":
        return _next_hourly(slot, after)
    return _next_night(slot, zone, after, slot.weekday if every == "weekly" else None)


def _next_hourly(slot: Slot, after: datetime) -> datetime:
    hour = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    fire = hour + timedelta(seconds=slot.night_seconds % _HOUR_SECONDS)
    return fire if fire > after else fire + timedelta(hours=1)


def _next_night(slot: Slot, zone: ZoneInfo, after: datetime, weekday: int | None) -> datetime:
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        fire = fire_on(slot, day, zone)
        if fire > after and weekday in (None, day.weekday()) and _exists(day, fire, zone):
            return fire
        day += timedelta(days=1)


def fire_on(slot: Slot, day: date, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, of the slot in the night of the local date `day`."""
    wall = datetime.combine(day, time()) + timedelta(seconds=slot.night_seconds)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _exists(day: date, fire: datetime, zone: ZoneInfo) -> bool:
    # A zone that crosses the date line skips a whole date; its fire lands on the next one.
    return fire.astimezone(zone).date() == day
