"""What Keeper does again and again for each account, in the account's own time."""

from __future__ import annotations

from myriad.scale.schedule import ScheduleSpec

SCHEDULES = (
    ScheduleSpec("keeper.hourly", "keeper.account.increment", "hourly"),
    ScheduleSpec("keeper.nightly", "keeper.account.night", "nightly"),
    ScheduleSpec("keeper.tidy", "keeper.account.tidy", "nightly"),
    ScheduleSpec("keeper.weekly", "keeper.account.week", "weekly"),
)
