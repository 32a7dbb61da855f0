"""What the agents find, and their runs."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0003"
down_revision = "keeper_0002"
branch_labels = None
depends_on = None

TABLES = (
    "person_metrics",
    "model_fit",
    "anomaly",
    "insight",
    "task",
    "report",
    "agent_run",
)

DDL = """
CREATE TABLE keeper.person_metrics (
    tenant_id UUID NOT NULL,
    business_date DATE NOT NULL,
    person_id UUID NOT NULL,
    x INTEGER NOT NULL,
    t_x_weeks DOUBLE PRECISION NOT NULL,
    age_weeks DOUBLE PRECISION NOT NULL,
    gap_days INTEGER NOT NULL,
    itt_median_days DOUBLE PRECISION,
    itt_mad_days DOUBLE PRECISION,
    p_alive DOUBLE PRECISION,
    churn_30 DOUBLE PRECISION,
    churn_60 DOUBLE PRECISION,
    churn_90 DOUBLE PRECISION,
    expected_visits_90 DOUBLE PRECISION,
    expected_spend BIGINT,
    clv_12m BIGINT,
    value_at_risk BIGINT DEFAULT 0 NOT NULL,
    state TEXT NOT NULL,
    reason JSONB DEFAULT '{}' NOT NULL,
    model_version TEXT DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_person_metrics PRIMARY KEY (tenant_id, business_date, person_id),
    CONSTRAINT fk_person_metrics_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_person_metrics_person
    ON keeper.person_metrics (tenant_id, person_id, business_date);
CREATE INDEX ix_person_metrics_value
    ON keeper.person_metrics (tenant_id, business_date, value_at_risk DESC, person_id);

CREATE TABLE keeper.model_fit (
    tenant_id UUID NOT NULL,
    business_date DATE NOT NULL,
    r DOUBLE PRECISION,
    alpha DOUBLE PRECISION,
    a DOUBLE PRECISION,
    b DOUBLE PRECISION,
    gamma_p DOUBLE PRECISION,
    gamma_q DOUBLE PRECISION,
    gamma_v DOUBLE PRECISION,
    customers INTEGER NOT NULL,
    repeaters INTEGER NOT NULL,
    auc_model DOUBLE PRECISION,
    auc_gap DOUBLE PRECISION,
    ece DOUBLE PRECISION,
    shipped TEXT NOT NULL,
    detail JSONB DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_model_fit PRIMARY KEY (tenant_id, business_date),
    CONSTRAINT fk_model_fit_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE TABLE keeper.anomaly (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    local_date DATE NOT NULL,
    metric TEXT NOT NULL,
    observed DOUBLE PRECISION NOT NULL,
    expected DOUBLE PRECISION NOT NULL,
    effect DOUBLE PRECISION NOT NULL,
    p_value DOUBLE PRECISION NOT NULL,
    q_value DOUBLE PRECISION NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_anomaly PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_anomaly_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_anomaly_day ON keeper.anomaly (tenant_id, local_date, metric);

CREATE TABLE keeper.insight (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    business_date DATE NOT NULL,
    kind TEXT NOT NULL,
    claim TEXT NOT NULL,
    evidence JSONB DEFAULT '{}' NOT NULL,
    predicted JSONB DEFAULT '{}' NOT NULL,
    horizon_date DATE NOT NULL,
    graded_at timestamptz,
    correct BOOLEAN,
    priority SMALLINT DEFAULT 0 NOT NULL,
    dedup_key TEXT NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_insight PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_insight_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_insight_due
    ON keeper.insight (tenant_id, horizon_date) WHERE graded_at IS NULL;
CREATE INDEX ix_insight_priority
    ON keeper.insight (tenant_id, business_date DESC, priority DESC, id DESC);
CREATE UNIQUE INDEX uq_insight_dedup_key ON keeper.insight (tenant_id, dedup_key);

CREATE TABLE keeper.task (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    dedup_key TEXT NOT NULL,
    person_id UUID NOT NULL,
    business_date DATE NOT NULL,
    value_at_risk BIGINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    title TEXT NOT NULL,
    reason JSONB DEFAULT '{}' NOT NULL,
    due_date DATE NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    snoozed_until DATE,
    outcome JSONB,
    arm TEXT DEFAULT 'call' NOT NULL,
    decided_by TEXT,
    decided_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_task PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_task_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE,
    CONSTRAINT fk_task_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_task_person ON keeper.task (tenant_id, person_id, business_date);
CREATE INDEX ix_task_state ON keeper.task (tenant_id, state, value_at_risk DESC, id);
CREATE UNIQUE INDEX uq_task_dedup_key ON keeper.task (tenant_id, dedup_key);

CREATE TABLE keeper.report (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    kind TEXT NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    numbers JSONB NOT NULL,
    digest TEXT NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_report PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_report_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_report_newest ON keeper.report (tenant_id, period_end DESC, id DESC);
CREATE UNIQUE INDEX uq_report_period ON keeper.report (tenant_id, kind, period_start);

CREATE TABLE keeper.agent_run (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    agent TEXT NOT NULL,
    business_date DATE NOT NULL,
    input_digest TEXT NOT NULL,
    run_key TEXT NOT NULL,
    state TEXT DEFAULT 'running' NOT NULL,
    started_at timestamptz DEFAULT now() NOT NULL,
    duration_ms INTEGER,
    rows_in BIGINT,
    rows_out BIGINT,
    error TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_agent_run PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_agent_run_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_agent_run_started ON keeper.agent_run (tenant_id, started_at DESC, id DESC);
CREATE UNIQUE INDEX uq_agent_run_key ON keeper.agent_run (tenant_id, run_key);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"keeper.{table}")
    # A first load is a thousand times what the planner knows; the agents may tell it (PostgreSQL 17).
    op.execute("GRANT MAINTAIN ON ALL TABLES IN SCHEMA keeper TO myriad_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
