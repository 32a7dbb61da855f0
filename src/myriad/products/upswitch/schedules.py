"""What Upswitch does again and again for each account that values companies."""

from __future__ import annotations

from myriad.products.upswitch.queueing import SESSIONS_TIDY_TASK, TIDY_TASK
from myriad.scale.schedule import ScheduleSpec

SCHEDULES = (
    ScheduleSpec("upswitch.sessions", SESSIONS_TIDY_TASK, "nightly"),
    ScheduleSpec("upswitch.valuations", TIDY_TASK, "nightly"),
)
