"""Schedules: a stable place in each tenant's local night, materialised once a minute."""

from myriad.scale.schedule.ensure import ensure_schedules, set_enabled
from myriad.scale.schedule.specs import Every, ScheduleSpec

__all__ = ["Every", "ScheduleSpec", "ensure_schedules", "set_enabled"]
