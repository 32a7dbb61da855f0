"""What a product asks for: a task, again and again, for each of its tenants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Every = Literal["nightly", "hourly", "weekly"]


@dataclass(frozen=True)
class ScheduleSpec:
    """One schedule of a product.

    `name` is unique among the schedules of a tenant, as in "shop.nightly". `every` is nightly
    (once per local date, between midnight and six), hourly, or weekly (one night a week). The job
    gets `payload` with "schedule" and "fire_time" (ISO 8601, UTC) added. `weekday` (Monday is 0)
    fixes the night of a weekly one; without it the tenant's hash chooses.
    """

    name: str
    task: str
    every: Every
    payload: Mapping[str, Any] = field(default_factory=dict)
    job_class: str = "default"
    weekday: int | None = None
