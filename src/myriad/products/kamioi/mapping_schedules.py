"""When strings are mapped: every five minutes; the queue weighed: hourly; audits drawn: nightly."""

from __future__ import annotations

from myriad.scale.schedule import ScheduleSpec

MAP_TASK = "kamioi.descriptors.map"
AUDIT_TASK = "kamioi.audits.sample"
WEIGH_TASK = "kamioi.queue.weigh"
MAPPING_SCHEDULES = (
    ScheduleSpec("kamioi.mapping", MAP_TASK, "cron", cron="*/5 * * * *"),
    ScheduleSpec("kamioi.queue", WEIGH_TASK, "cron", cron="7 * * * *"),
    ScheduleSpec("kamioi.audits", AUDIT_TASK, "nightly"),
)
