"""What the week found, what an account shares, and what the network publishes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Count,
    Day,
    Real,
    TenantKey,
    Word,
    of_account,
)
from myriad.scale.data import Model, TenantModel, TimestampedModel


def _of_week() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "week_start"],
        ["keeper.pattern_week.tenant_id", "keeper.pattern_week.week_start"],
        ondelete="CASCADE",
    )


class PatternWeek(TenantKey, TimestampedModel):
    """One weekly search: what it read and how much it tested. `week_start` is a Monday."""

    __tablename__ = "pattern_week"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    week_start: Mapped[date] = mapped_column(primary_key=True)
    input_digest: Mapped[Word]
    baskets: Mapped[Count] = mapped_column(server_default="0")
    items: Mapped[Count] = mapped_column(server_default="0")
    people: Mapped[Count] = mapped_column(server_default="0")
    visits: Mapped[Count] = mapped_column(server_default="0")
    pairs_tested: Mapped[Count] = mapped_column(server_default="0")
    sequences_tested: Mapped[Count] = mapped_column(server_default="0")
    weeks_of_data: Mapped[Count] = mapped_column(server_default="0")


class Pattern(TenantModel):
    """Two things bought together more often than chance, or one after the other.

    Counts are baskets for a pair and visits for a sequence, of which `total` were looked at.
    `since` is the first week in a row in which the pattern was found.
    """

    __tablename__ = "pattern"
    __table_args__ = (
        _of_week(),
        CheckConstraint("kind IN ('pair', 'sequence')", name="ck_pattern_kind"),
        Index(
            "uq_pattern_items",
            "tenant_id",
            "week_start",
            "kind",
            "first_item",
            "second_item",
            unique=True,
        ),
        Index(
            "ix_pattern_strongest", "tenant_id", "week_start", "q_value", text("lift DESC"), "id"
        ),
        {"schema": SCHEMA},
    )

    week_start: Mapped[Day]
    kind: Mapped[Word]
    first_item: Mapped[Word]
    second_item: Mapped[Word]
    total: Mapped[Count]
    first_count: Mapped[Count]
    second_count: Mapped[Count]
    both_count: Mapped[Count]
    people: Mapped[Count]
    expected: Mapped[Real]
    lift: Mapped[Real]
    lift_in_month: Mapped[Real]
    lift_by_staff: Mapped[Real | None]
    lift_early: Mapped[Real]
    lift_late: Mapped[Real]
    p_value: Mapped[Real]
    q_value: Mapped[Real]
    either_way: Mapped[bool] = mapped_column(server_default=text("false"))
    window_days: Mapped[int | None]
    since: Mapped[Day]


class Trend(TenantKey, TimestampedModel):
    """Where one weekly figure is going. `slope` is a change per week in the figure's unit."""

    __tablename__ = "trend"
    __table_args__ = (_of_week(), {"schema": SCHEMA})

    week_start: Mapped[date] = mapped_column(primary_key=True)
    metric: Mapped[Word] = mapped_column(primary_key=True)
    weeks: Mapped[int]
    method: Mapped[Word]
    level: Mapped[Real]
    slope: Mapped[Real]
    slope_low: Mapped[Real]
    slope_high: Mapped[Real]
    p_value: Mapped[Real]
    q_value: Mapped[Real]
    clear: Mapped[bool]
    points: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))


class Contribution(TenantKey, TimestampedModel):
    """One figure that an account lends to the pool; gone in the moment it leaves the network.

    `weight` is what the figure counts (people, visits, bookings …). `currency` is empty but for
    money.
    """

    __tablename__ = "contribution"
    __table_args__ = (
        of_account(),
        CheckConstraint("weight > 0", name="ck_contribution_weight"),
        {"schema": SCHEMA},
    )

    metric: Mapped[Word] = mapped_column(primary_key=True)
    currency: Mapped[Word] = mapped_column(server_default="")
    value: Mapped[Real]
    weight: Mapped[Count]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    measured_on: Mapped[Day]


class NetworkWeek(Model):
    """One weekly publication; every tenant may read it, the crossing role writes it."""

    __tablename__ = "network_week"
    __table_args__ = ({"schema": SCHEMA},)

    week_start: Mapped[date] = mapped_column(primary_key=True)
    accounts: Mapped[Count]
    published_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Benchmark(Model):
    """Rounded quantiles of one figure over a pool of at least ten accounts, or why there are none."""

    __tablename__ = "benchmark"
    __table_args__ = (
        CheckConstraint("withheld IN ('too_few', 'dominated')", name="ck_benchmark_withheld"),
        CheckConstraint(
            "CASE WHEN withheld IS NULL THEN accounts >= 10 AND p50 IS NOT NULL "
            "ELSE num_nonnulls(p10, p25, p50, p75, p90) = 0 END",
            name="ck_benchmark_pool",
        ),
        {"schema": SCHEMA},
    )

    vertical: Mapped[Word] = mapped_column(primary_key=True)
    size_band: Mapped[Word] = mapped_column(primary_key=True)
    metric: Mapped[Word] = mapped_column(primary_key=True)
    currency: Mapped[Word] = mapped_column(primary_key=True, server_default="")
    week_start: Mapped[Day]
    accounts: Mapped[Count]
    withheld: Mapped[Word | None]
    p10: Mapped[Real | None]
    p25: Mapped[Real | None]
    p50: Mapped[Real | None]
    p75: Mapped[Real | None]
    p90: Mapped[Real | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Prior(Model):
    """What the accounts of a vertical say about a new one: BG/NBD parameters, `alpha` in weeks."""

    __tablename__ = "prior"
    __table_args__ = (
        CheckConstraint("accounts >= 10", name="ck_prior_pool"),
        {"schema": SCHEMA},
    )

    vertical: Mapped[Word] = mapped_column(primary_key=True)
    week_start: Mapped[date] = mapped_column(primary_key=True)
    accounts: Mapped[Count]
    r: Mapped[Real]
    alpha: Mapped[Real]
    a: Mapped[Real]
    b: Mapped[Real]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
