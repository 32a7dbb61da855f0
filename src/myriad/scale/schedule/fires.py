"""When a schedule fires next, whatever its rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from myriad.scale.schedule.cron import next_cron_fire
from myriad.scale.schedule.slots import Slot, next_fire
from myriad.scale.schedule.specs import Every

# Fires closer together than this do not queue up: one that still lives swallows the next.
APART = timedelta(hours=12)
_LOOKED_AT = 3


@dataclass(frozen=True)
class Rhythm:
    """What decides the fires of one schedule of one tenant."""

    every: Every
    slot: Slot
    zone: ZoneInfo
    cron: str | None = None

    def next_after(self, after: datetime) -> datetime:
        """Return the first fire later than `after` (aware), in UTC."""
        if self.every == "cron":
            return next_cron_fire(self.cron or "", self.zone, after)
        return next_fire(self.slot, self.every, self.zone, after)

    def is_dense(self, fire: datetime) -> bool:
        """Return whether fires around `fire` come so often that they must not queue up."""
        if self.every != "cron":
            return self.every == "hourly"
        for _ in range(_LOOKED_AT):
            following = self.next_after(fire)
            if following - fire < APART:
                return True
            fire = following
        return False
