"""What an operator sees of Keeper over all accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

SYNC_BOUND_SECONDS = 120.0
LEAST_ACCURACY = 0.75
SETTLED_HOURS = 72
DAYS, SLOTS, HOURS = 7, 96, 24


@dataclass(frozen=True, slots=True)
class Load:
    """What starts in one cell of a week: accounts, and the seconds their runs took so far."""

    accounts: int = 0
    seconds: float = 0.0

    def __add__(self, other: Load) -> Load:
        return Load(self.accounts + other.accounts, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class Week:
    """Load by (weekday from Monday 0, slot of the local night 0 to 95) and by (weekday, UTC hour)."""

    slots: Mapping[tuple[int, int], Load]
    hours: Mapping[tuple[int, int], Load]


@dataclass(frozen=True, slots=True)
class Syncs:
    """Syncs that ended within 24 hours: how many, their 95th percentile, how many over the bound."""

    ended: int = 0
    p95_seconds: float | None = None
    over_bound: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """Days of 35 that are closed for 72 hours and were compared with Square.

    `cents` adds up absolute differences, `accounts` counts those with any.
    """

    days: int = 0
    accounts: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Insights graded within 90 days, and how many came true."""

    graded: int = 0
    right: int = 0

    @property
    def share(self) -> float | None:
        """The share that came true, None before the first grade."""
        return self.right / self.graded if self.graded else None


@dataclass(frozen=True, slots=True)
class CostRow:
    """One account's cost a month in hundredths, and its share of what the plan brings in."""

    name: str
    plan: str
    work_cents: float
    storage_cents: float
    model_cents: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Costs:
    """What accounts cost a month; the dearest by share come first in `rows`."""

    currency: str
    mean_cents: float
    mean_share: float | None
    warn: int
    critical: int
    rows: tuple[CostRow, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Operations:
    """Everything that is measured over all accounts, and when."""

    at: datetime
    accounts: int
    week: Week
    syncs: Syncs
    drift: Drift
    accuracy: Accuracy
    costs: Costs


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One class of work: ready, running, and for how long the oldest job has been due."""

    job_class: str
    ready: int
    running: int
    dead: int
    oldest_seconds: float
    is_stuck: bool


@dataclass(frozen=True, slots=True)
class OperationsView:
    """The operator's screen."""

    measured: Operations
    lanes: tuple[LaneRow, ...]
    refusals: tuple[tuple[str, int], ...]
    by: str = "accounts"
