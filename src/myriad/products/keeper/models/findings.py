"""What the agents found: metrics, fits, anomalies, insights, tasks, reports, and their runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Cents,
    Count,
    Day,
    Real,
    Small,
    TenantKey,
    Word,
    of_account,
    of_person,
)
from myriad.scale.data import TenantModel, TimestampedModel


class PersonMetrics(TenantKey, TimestampedModel):
    """One person on one business date. Rates are per week, money is the account's currency.

    `state` is new, active, slowing, likely_lapsed, lapsed, booked or unknown. Rows leave with their
    person by a trigger: a foreign key would lock every person every night.
    """

    __tablename__ = "person_metrics"
    __table_args__ = (
        Index(
            "ix_person_metrics_value",
            "tenant_id",
            "business_date",
            text("value_at_risk DESC"),
            "person_id",
            postgresql_include=["state"],
        ),
        {"schema": SCHEMA},
    )

    business_date: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    x: Mapped[int]
    t_x_weeks: Mapped[Real]
    age_weeks: Mapped[Real]
    gap_days: Mapped[int]
    itt_median_days: Mapped[Real | None]
    itt_mad_days: Mapped[Real | None]
    p_alive: Mapped[Real | None]
    churn_30: Mapped[Real | None]
    churn_60: Mapped[Real | None]
    churn_90: Mapped[Real | None]
    expected_visits_90: Mapped[Real | None]
    expected_spend: Mapped[Cents | None]
    clv_12m: Mapped[Cents | None]
    value_at_risk: Mapped[Cents] = mapped_column(server_default="0")
    state: Mapped[Word]
    reason: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    model_version: Mapped[Word] = mapped_column(server_default="")


class ModelFit(TenantKey, TimestampedModel):
    """The models fitted on one business date, and which of them passed the gate."""

    __tablename__ = "model_fit"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    business_date: Mapped[date] = mapped_column(primary_key=True)
    r: Mapped[Real | None]
    alpha: Mapped[Real | None]
    a: Mapped[Real | None]
    b: Mapped[Real | None]
    gamma_p: Mapped[Real | None]
    gamma_q: Mapped[Real | None]
    gamma_v: Mapped[Real | None]
    customers: Mapped[int]
    repeaters: Mapped[int]
    auc_model: Mapped[Real | None]
    auc_gap: Mapped[Real | None]
    ece: Mapped[Real | None]
    shipped: Mapped[Word]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class Anomaly(TenantModel):
    """A day that was out of the ordinary; `effect` is observed/expected - 1."""

    __tablename__ = "anomaly"
    __table_args__ = (
        of_account(),
        Index("uq_anomaly_day", "tenant_id", "local_date", "metric", unique=True),
        {"schema": SCHEMA},
    )

    local_date: Mapped[Day]
    metric: Mapped[Word]
    observed: Mapped[Real]
    expected: Mapped[Real]
    effect: Mapped[Real]
    p_value: Mapped[Real]
    q_value: Mapped[Real]


class Insight(TenantModel):
    """A claim, the numbers that it rests on, and a prediction to be graded at its horizon."""

    __tablename__ = "insight"
    __table_args__ = (
        of_account(),
        Index("uq_insight_dedup_key", "tenant_id", "dedup_key", unique=True),
        Index(
            "ix_insight_priority",
            "tenant_id",
            text("business_date DESC"),
            text("priority DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_insight_due",
            "tenant_id",
            "horizon_date",
            postgresql_where=text("graded_at IS NULL"),
        ),
        {"schema": SCHEMA},
    )

    business_date: Mapped[Day]
    kind: Mapped[Word]
    claim: Mapped[Word]
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    predicted: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    horizon_date: Mapped[Day]
    graded_at: Mapped[datetime | None]
    correct: Mapped[bool | None]
    priority: Mapped[Small] = mapped_column(server_default="0")
    dedup_key: Mapped[Word]


class Task(TenantModel):
    """One person to call, why and what it is worth; at most one per person and month."""

    __tablename__ = "task"
    __table_args__ = (
        of_account(),
        of_person(),
        Index("uq_task_dedup_key", "tenant_id", "dedup_key", unique=True),
        Index("ix_task_state", "tenant_id", "state", text("value_at_risk DESC"), "id"),
        Index("ix_task_person", "tenant_id", "person_id", "business_date"),
        {"schema": SCHEMA},
    )

    dedup_key: Mapped[Word]
    person_id: Mapped[UUID]
    business_date: Mapped[Day]
    value_at_risk: Mapped[Cents]
    score: Mapped[Real]
    title: Mapped[Word]
    reason: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    due_date: Mapped[Day]
    state: Mapped[Word] = mapped_column(server_default="open")
    snoozed_until: Mapped[Day | None]
    outcome: Mapped[dict[str, Any] | None]
    arm: Mapped[Word] = mapped_column(server_default="call")
    decided_by: Mapped[Word | None]
    decided_at: Mapped[datetime | None]


class Report(TenantModel):
    """The numbers of one period as they were when the report was made, with their digest."""

    __tablename__ = "report"
    __table_args__ = (
        of_account(),
        Index("uq_report_period", "tenant_id", "kind", "period_start", unique=True),
        Index("ix_report_newest", "tenant_id", text("period_end DESC"), text("id DESC")),
        {"schema": SCHEMA},
    )

    kind: Mapped[Word]
    period_start: Mapped[Day]
    period_end: Mapped[Day]
    numbers: Mapped[dict[str, Any]]
    digest: Mapped[Word]


class AgentRun(TenantModel):
    """One run of one agent; `run_key` names account, agent, business date and input digest."""

    __tablename__ = "agent_run"
    __table_args__ = (
        of_account(),
        Index("uq_agent_run_key", "tenant_id", "run_key", unique=True),
        Index("ix_agent_run_started", "tenant_id", text("started_at DESC"), text("id DESC")),
        {"schema": SCHEMA},
    )

    agent: Mapped[Word]
    business_date: Mapped[Day]
    input_digest: Mapped[Word]
    run_key: Mapped[Word]
    state: Mapped[Word] = mapped_column(server_default="running")
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    duration_ms: Mapped[int | None]
    rows_in: Mapped[Count | None]
    rows_out: Mapped[Count | None]
    error: Mapped[Word | None]
