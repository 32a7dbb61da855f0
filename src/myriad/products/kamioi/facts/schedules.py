"""When simulated closes go on: in the night, so that every order window finds those of the day before."""

from __future__ import annotations

from myriad.scale.schedule import ScheduleSpec

CLOSES_TASK = "kamioi.closes.simulate"
FACT_SCHEDULES = (ScheduleSpec("kamioi.closes", CLOSES_TASK, "nightly"),)
