"""Patterns and trends of the week, and what accounts share to compare themselves.

`benchmark`, `prior` and `network_week` belong to no tenant: they hold nothing but pooled numbers,
everybody reads them, and only the crossing role writes. An account's own figures stand in
`contribution`, under row security; leaving the network removes them in the same transaction.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data import APP_ROLE, CROSSING_ROLE
from myriad.scale.data.migrations import grant, protect

revision = "keeper_0006"
down_revision = "keeper_0005"
branch_labels = None
depends_on = None

TABLES = ("pattern_week", "pattern", "trend", "contribution")
NETWORK_TABLES = ("network_week", "benchmark", "prior")

DDL = """
ALTER TABLE keeper.account
    ADD COLUMN IF NOT EXISTS network_opt_in BOOLEAN DEFAULT false NOT NULL;

CREATE TABLE keeper.pattern_week (
    tenant_id UUID NOT NULL,
    week_start DATE NOT NULL,
    input_digest TEXT NOT NULL,
    baskets BIGINT DEFAULT 0 NOT NULL,
    items BIGINT DEFAULT 0 NOT NULL,
    people BIGINT DEFAULT 0 NOT NULL,
    visits BIGINT DEFAULT 0 NOT NULL,
    pairs_tested BIGINT DEFAULT 0 NOT NULL,
    sequences_tested BIGINT DEFAULT 0 NOT NULL,
    weeks_of_data BIGINT DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_pattern_week PRIMARY KEY (tenant_id, week_start),
    CONSTRAINT fk_pattern_week_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE TABLE keeper.pattern (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    week_start DATE NOT NULL,
    kind TEXT NOT NULL,
    first_item TEXT NOT NULL,
    second_item TEXT NOT NULL,
    total BIGINT NOT NULL,
    first_count BIGINT NOT NULL,
    second_count BIGINT NOT NULL,
    both_count BIGINT NOT NULL,
    people BIGINT NOT NULL,
    expected DOUBLE PRECISION NOT NULL,
    lift DOUBLE PRECISION NOT NULL,
    lift_in_month DOUBLE PRECISION NOT NULL,
    lift_by_staff DOUBLE PRECISION,
    lift_early DOUBLE PRECISION NOT NULL,
    lift_late DOUBLE PRECISION NOT NULL,
    p_value DOUBLE PRECISION NOT NULL,
    q_value DOUBLE PRECISION NOT NULL,
    either_way BOOLEAN DEFAULT false NOT NULL,
    window_days INTEGER,
    since DATE NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_pattern PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_pattern_tenant_id_week_start
        FOREIGN KEY (tenant_id, week_start)
        REFERENCES keeper.pattern_week (tenant_id, week_start) ON DELETE CASCADE,
    CONSTRAINT ck_pattern_kind CHECK (kind IN ('pair', 'sequence'))
);
CREATE UNIQUE INDEX uq_pattern_items
    ON keeper.pattern (tenant_id, week_start, kind, first_item, second_item);
CREATE INDEX ix_pattern_strongest
    ON keeper.pattern (tenant_id, week_start, q_value, lift DESC, id);

CREATE TABLE keeper.trend (
    tenant_id UUID NOT NULL,
    week_start DATE NOT NULL,
    metric TEXT NOT NULL,
    weeks INTEGER NOT NULL,
    method TEXT NOT NULL,
    level DOUBLE PRECISION NOT NULL,
    slope DOUBLE PRECISION NOT NULL,
    slope_low DOUBLE PRECISION NOT NULL,
    slope_high DOUBLE PRECISION NOT NULL,
    p_value DOUBLE PRECISION NOT NULL,
    q_value DOUBLE PRECISION NOT NULL,
    clear BOOLEAN NOT NULL,
    points JSONB DEFAULT '[]' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_trend PRIMARY KEY (tenant_id, week_start, metric),
    CONSTRAINT fk_trend_tenant_id_week_start
        FOREIGN KEY (tenant_id, week_start)
        REFERENCES keeper.pattern_week (tenant_id, week_start) ON DELETE CASCADE
);

CREATE TABLE keeper.contribution (
    tenant_id UUID NOT NULL,
    metric TEXT NOT NULL,
    currency TEXT DEFAULT '' NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    weight BIGINT NOT NULL,
    detail JSONB DEFAULT '{}' NOT NULL,
    measured_on DATE NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_contribution PRIMARY KEY (tenant_id, metric),
    CONSTRAINT fk_contribution_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE,
    CONSTRAINT ck_contribution_weight CHECK (weight > 0)
);

CREATE TABLE keeper.network_week (
    week_start DATE NOT NULL,
    accounts BIGINT NOT NULL,
    published_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_network_week PRIMARY KEY (week_start)
);

CREATE TABLE keeper.benchmark (
    vertical TEXT NOT NULL,
    size_band TEXT NOT NULL,
    metric TEXT NOT NULL,
    currency TEXT DEFAULT '' NOT NULL,
    week_start DATE NOT NULL,
    accounts BIGINT NOT NULL,
    withheld TEXT,
    p10 DOUBLE PRECISION,
    p25 DOUBLE PRECISION,
    p50 DOUBLE PRECISION,
    p75 DOUBLE PRECISION,
    p90 DOUBLE PRECISION,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_benchmark PRIMARY KEY (vertical, size_band, metric, currency),
    CONSTRAINT ck_benchmark_withheld CHECK (withheld IN ('too_few', 'dominated')),
    CONSTRAINT ck_benchmark_pool CHECK (
        CASE WHEN withheld IS NULL THEN accounts >= 10 AND p50 IS NOT NULL
             ELSE num_nonnulls(p10, p25, p50, p75, p90) = 0 END
    )
);

CREATE TABLE keeper.prior (
    vertical TEXT NOT NULL,
    week_start DATE NOT NULL,
    accounts BIGINT NOT NULL,
    r DOUBLE PRECISION NOT NULL,
    alpha DOUBLE PRECISION NOT NULL,
    a DOUBLE PRECISION NOT NULL,
    b DOUBLE PRECISION NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_prior PRIMARY KEY (vertical, week_start),
    CONSTRAINT ck_prior_pool CHECK (accounts >= 10)
);
"""

LEAVING = """
CREATE FUNCTION keeper.leave_network() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM keeper.contribution WHERE tenant_id = NEW.tenant_id;
    RETURN NULL;
END;
$$;

CREATE TRIGGER leave_network AFTER UPDATE OF network_opt_in ON keeper.account
FOR EACH ROW WHEN (OLD.network_opt_in AND NOT NEW.network_opt_in)
EXECUTE FUNCTION keeper.leave_network();
"""


def _open_for_reading(table: str) -> None:
    """Let every tenant read what belongs to none, and only the crossing role change it."""
    op.execute(f"ALTER TABLE keeper.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE keeper.{table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {table}_reading ON keeper.{table} FOR SELECT TO {APP_ROLE} USING (true)"
    )
    op.execute(
        f"CREATE POLICY {table}_crossing ON keeper.{table} TO {CROSSING_ROLE} "
        "USING (true) WITH CHECK (true)"
    )
    grant(op, f"keeper.{table}", APP_ROLE, ("SELECT",))
    grant(op, f"keeper.{table}", CROSSING_ROLE, ("SELECT", "INSERT", "UPDATE", "DELETE"))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    op.execute(LEAVING)
    for table in TABLES:
        protect(op, f"keeper.{table}")
        op.execute(f"GRANT MAINTAIN ON keeper.{table} TO {APP_ROLE}")
    for table in NETWORK_TABLES:
        _open_for_reading(table)


def downgrade() -> None:
    op.execute("DROP TRIGGER leave_network ON keeper.account")
    op.execute("DROP FUNCTION keeper.leave_network")
    for table in (*reversed(TABLES), *NETWORK_TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
    op.execute("ALTER TABLE keeper.account DROP COLUMN IF EXISTS network_opt_in")
