"""What Upswitch does again and again for each account that values companies."""

from __future__ import annotations

from myriad.products.upswitch.queueing import REGISTER_TASK, SESSIONS_TIDY_TASK, TIDY_TASK
from myriad.scale.schedule import ScheduleSpec

SCHEDULES = (
    ScheduleSpec("upswitch.sessions", SESSIONS_TIDY_TASK, "nightly"),
    ScheduleSpec("upswitch.valuations", TIDY_TASK, "nightly"),
)
# Of the installation, not of each account: it lies with that of an operator.
REGISTER_SCHEDULE = ScheduleSpec(
    "upswitch.register", REGISTER_TASK, "cron", cron="17 * * * *", zone="Europe/Brussels"
)
