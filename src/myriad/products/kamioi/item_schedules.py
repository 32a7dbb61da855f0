"""When banks are read without being told, and when what never posts is let go."""

from __future__ import annotations

from myriad.scale.schedule import ScheduleSpec

SCHEDULES = (
    ScheduleSpec("kamioi.sync", "kamioi.items.sync", "cron", cron="17 */6 * * *"),
    ScheduleSpec("kamioi.expire", "kamioi.purchases.expire", "nightly"),
)
