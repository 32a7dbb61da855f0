"""When money moves: pulls at night, actions before the open, orders twice a day, costs monthly."""

from __future__ import annotations

from myriad.products.kamioi.money import task_names as tasks
from myriad.scale.schedule import ScheduleSpec

_NEW_YORK = "America/New_York"


def _at(name: str, task: str, cron: str) -> ScheduleSpec:
    return ScheduleSpec(f"kamioi.{name}", task, "cron", cron=cron, zone=_NEW_YORK)


SCHEDULES = (
    _at("accrue", tasks.ACCRUE_TASK, "15 1 * * *"),
    _at("sweep", tasks.SWEEP_TASK, "0 3 * * MON-FRI"),
    _at("settle", tasks.SETTLE_TASK, "30 6 * * MON-FRI"),
    _at("actions", tasks.ACTIONS_TASK, "0 8 * * MON-FRI"),
    _at("window", tasks.WINDOW_TASK, "0 10,15 * * MON-FRI"),
    _at("fills", tasks.FILLS_TASK, "*/15 10-16 * * MON-FRI"),
    _at("reconcile", tasks.RECONCILE_TASK, "30 18 * * MON-FRI"),
    _at("amortize", tasks.AMORTIZE_TASK, "1 0 1 * *"),
)
