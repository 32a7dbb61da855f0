"""The Patterns and Benchmarks screens as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

PatternKind = Literal["pair", "sequence"]
TrendMetric = Literal["takings", "visits", "new_customers", "average_service", "retail_share"]
Unit = Literal["share", "money", "number"]
Withheld = Literal["too_few", "dominated", "not_joined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternRow:
    """Two things that belong together. Counts are baskets for a pair, visits for a sequence.

    Of `total` units `first_count` had the first item, `second_count` the second, `both_count`
    both; `expected` is how many would have by chance. Lifts are observed over expected: in all,
    within calendar months, within staff (None where they are not known), up to the middle of the
    time and after it. `since` is the first week in a row in which it was found. `either_way` says
    that the second item is as often followed by the first.
    """

    id: UUID
    kind: PatternKind
    first_item: str
    second_item: str
    total: int
    first_count: int
    second_count: int
    both_count: int
    people: int
    expected: float
    lift: float
    lift_in_month: float
    lift_by_staff: float | None
    lift_early: float
    lift_late: float
    q_value: float
    either_way: bool
    window_days: int | None
    since: date

    @property
    def share_with(self) -> float:
        """The share of units with the first item that have the second."""
        return self.both_count / self.first_count

    @property
    def share_without(self) -> float:
        """The share of all other units that have the second item."""
        others = self.total - self.first_count
        return (self.second_count - self.both_count) / others if others else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRow:
    """Where a weekly figure is going; slopes are per week in its unit, money in minor units.

    `clear` says that it may be told: not chance, and at least 3 % of the level in a quarter.
    `method` is season (against the same weeks of the year before) or plain. A point is None in a
    week about which nothing is known.
    """

    metric: TrendMetric
    unit: Unit
    weeks: int
    method: Literal["season", "plain"]
    level: float
    slope: float
    slope_low: float
    slope_high: float
    q_value: float
    clear: bool
    points: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternsView:
    """What the last weekly search found; `week_start` is None before the first one."""

    currency: str
    week_start: date | None = None
    searched_at: datetime | None = None
    baskets: int = 0
    items: int = 0
    people: int = 0
    visits: int = 0
    pairs_tested: int = 0
    sequences_tested: int = 0
    weeks_of_data: int = 0
    pairs: tuple[PatternRow, ...] = ()
    sequences: tuple[PatternRow, ...] = ()
    trends: tuple[TrendRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRow:
    """A value that somebody outside the network has published."""

    who: str
    value: float
    source: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRow:
    """One figure: the account's own, and what its peers have.

    `quantiles` are p10, p25, p50, p75, p90 of the peers, empty when `withheld` says why there are
    none. `own` is None while the data cannot say it; `weight` is what it counts (`weighs`).
    """

    metric: str
    title: str
    meaning: str
    unit: Unit
    more_is_better: bool | None
    weighs: str
    own: float | None
    weight: int
    accounts: int
    quantiles: tuple[float, ...] = ()
    withheld: Withheld | None = None
    marks: tuple[MarkRow, ...] = ()

    @property
    def from_median(self) -> float | None:
        """How far the own figure lies above the peers' median, in the figure's unit."""
        if self.own is None or not self.quantiles:
            return None
        return self.own - self.quantiles[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarksView:
    """The account beside its peers: the same kind of business, the same size.

    `needed` is how many accounts a pool must have. Peers are shown to accounts that lend their own
    figures only (`joined`).
    """

    vertical: str
    size_band: str
    currency: str
    joined: bool
    needed: int
    week_start: date | None = None
    rows: tuple[BenchmarkRow, ...] = ()
