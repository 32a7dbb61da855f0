"""Schedules: fires in each tenant's own time, adaptive intervals, samples, and the due set."""

from myriad.scale.schedule.ensure import ensure_schedules, list_scheduled, set_enabled
from myriad.scale.schedule.installation import ensure_operator_schedules
from myriad.scale.schedule.rebalance import note_size
from myriad.scale.schedule.specs import Every, ScheduleSpec

__all__ = [
    "Every",
    "ScheduleSpec",
    "ensure_operator_schedules",
    "ensure_schedules",
    "list_scheduled",
    "note_size",
    "set_enabled",
]
