"""What a product asks for: a task, again and again, for each of its tenants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from myriad.kit.clock import get_zone
from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.cron import EXAMPLE, check_cron

Every = Literal["nightly", "hourly", "weekly", "cron"]


@dataclass(frozen=True)
class ScheduleSpec:
    """One schedule of a product.

    `name` is unique among the schedules of a tenant, as in "shop.nightly". `every` is nightly
    (once per local date, between midnight and six), hourly, weekly (one night a week), or cron
    with the expression in `cron` (see `cron.py`). The job gets `payload` with "schedule" and
    "fire_time" (ISO 8601, UTC) added. `job_class` None leaves the class to the task and the
    tenant's plan. `weekday` (Monday is 0) fixes the night of a weekly one; without it the tenant's
    hash chooses. `zone` is an IANA time zone; None means the tenant's own, also when that changes.

    Raises InvalidInputError for anything that cannot be scheduled.
    """

    name: str
    task: str
    every: Every
    payload: Mapping[str, Any] = field(default_factory=dict)
    job_class: str | None = None
    weekday: int | None = None
    cron: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        if self.every not in get_args(Every):
            known = ", ".join(get_args(Every))
            raise InvalidInputError(f"{self.every!r} is no rhythm; there are: {known}")
        if (self.every == "cron") != (self.cron is not None):
            example = f"ScheduleSpec(name, task, 'cron', cron={EXAMPLE.split(' (')[0]})"
            raise InvalidInputError(f"every='cron' and cron= belong together, as in {example}")
        if self.weekday is not None and self.weekday not in range(7):
            raise InvalidInputError("weekday is 0 (Monday) to 6 (Sunday)")
        if self.cron is not None:
            check_cron(self.cron)
        if self.zone is not None:
            get_zone(self.zone)
