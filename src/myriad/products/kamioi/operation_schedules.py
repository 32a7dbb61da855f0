"""When quality is measured: once an hour, at the tenant's own minute."""

from __future__ import annotations

from myriad.scale.schedule import ScheduleSpec

QUALITY_TASK = "kamioi.quality.measure"
OPERATION_SCHEDULES = (ScheduleSpec("kamioi.quality", QUALITY_TASK, "hourly"),)
