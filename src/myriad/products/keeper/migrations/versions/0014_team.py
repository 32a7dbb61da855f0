"""What a night keeps of the team: the facts of each day, packed, and how far they have come."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0014"
down_revision = "keeper_0013"
branch_labels = None
depends_on = None

TABLES = ("team_day", "team_state", "staff_figures")

DDL = """
CREATE TABLE keeper.team_day (
    tenant_id UUID NOT NULL,
    local_date DATE NOT NULL,
    visits BYTEA DEFAULT '' NOT NULL,
    appointments BYTEA DEFAULT '' NOT NULL,
    bookings BYTEA DEFAULT '' NOT NULL,
    sales BYTEA DEFAULT '' NOT NULL,
    shifts BYTEA DEFAULT '' NOT NULL,
    cards BYTEA DEFAULT '' NOT NULL,
    services BYTEA DEFAULT '' NOT NULL,
    names BYTEA DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_team_day PRIMARY KEY (tenant_id, local_date),
    CONSTRAINT fk_team_day_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE INDEX ix_timecard_updated ON keeper.timecard (tenant_id, updated_at);

CREATE TABLE keeper.team_state (
    tenant_id UUID NOT NULL,
    business_date DATE NOT NULL,
    noted_at timestamptz NOT NULL,
    whole_on DATE NOT NULL,
    places TEXT NOT NULL,
    words TEXT[] DEFAULT '{}' NOT NULL,
    services INTEGER[] DEFAULT '{}' NOT NULL,
    people BYTEA DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_team_state PRIMARY KEY (tenant_id),
    CONSTRAINT fk_team_state_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
"""

# A foreign key locks each person's row for each row of a night. What it did is done for all persons
# that leave at once; a night stores only rows of persons who are there. Who asks for one person's
# days finds them by skipping through the days of the primary key. What is kept of the team by day
# holds persons too: it goes, and the next night counts every day anew.
LIGHTER = """
ALTER TABLE keeper.person_metrics DROP CONSTRAINT fk_person_metrics_tenant_id_person_id;
DROP INDEX keeper.ix_person_metrics_person;
CREATE FUNCTION keeper.forget_persons() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM keeper.person_metrics m USING gone g
    WHERE m.tenant_id = g.tenant_id AND m.person_id = g.id;
    DELETE FROM keeper.team_day t
    WHERE t.tenant_id IN (SELECT g.tenant_id FROM gone g);
    DELETE FROM keeper.team_state t
    WHERE t.tenant_id IN (SELECT g.tenant_id FROM gone g);
    RETURN NULL;
END
$$;
CREATE TRIGGER forget AFTER DELETE ON keeper.person
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION keeper.forget_persons();
"""

HEAVIER = """
DROP TRIGGER forget ON keeper.person;
DROP FUNCTION keeper.forget_persons;
CREATE INDEX ix_person_metrics_person
    ON keeper.person_metrics (tenant_id, person_id, business_date);
ALTER TABLE keeper.person_metrics ADD CONSTRAINT fk_person_metrics_tenant_id_person_id
    FOREIGN KEY (tenant_id, person_id) REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE;
"""

# A member's figures of a period are one row: they are written together every night, and read
# together. `staff_metrics` shows them one by one as it did.
FIGURES = """
CREATE TABLE keeper.staff_figures (
    tenant_id UUID NOT NULL,
    period TEXT NOT NULL,
    period_start DATE NOT NULL,
    team_member_id UUID NOT NULL,
    period_end DATE NOT NULL,
    figures JSONB DEFAULT '[]' NOT NULL,
    basis TEXT DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_staff_figures PRIMARY KEY (tenant_id, period, period_start, team_member_id),
    CONSTRAINT ck_staff_figures_period CHECK (period IN ('days_90', 'days_365', 'month')),
    CONSTRAINT fk_staff_figures_tenant_id_team_member_id
        FOREIGN KEY (tenant_id, team_member_id)
        REFERENCES keeper.team_member (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE keeper.staff_metrics NO FORCE ROW LEVEL SECURITY;
INSERT INTO keeper.staff_figures (
    tenant_id, period, period_start, team_member_id, period_end, basis, figures
)
SELECT tenant_id, period, period_start, team_member_id, max(period_end), max(basis),
       jsonb_agg(jsonb_strip_nulls(to_jsonb(m) - '{tenant_id,period,period_start,team_member_id,
                                                   period_end,basis,created_at,updated_at}'::text[]))
FROM keeper.staff_metrics m
GROUP BY tenant_id, period, period_start, team_member_id;
DROP TABLE keeper.staff_metrics;
CREATE VIEW keeper.staff_metrics WITH (security_invoker = true) AS
SELECT f.tenant_id, f.period, f.period_start, f.team_member_id, m.metric, f.period_end, m.n,
       m.reason, m.observed, m.value, m.shrunk, m.lo, m.hi, m.expected, m.ratio, m.ratio_lo,
       m.ratio_hi, m.peer, m.peer_lo, m.peer_hi, coalesce(m.peers, 0) AS peers,
       coalesce(m.parts, '[]') AS parts, f.basis, f.created_at, f.updated_at
FROM keeper.staff_figures f
CROSS JOIN LATERAL jsonb_to_recordset(
    CASE WHEN jsonb_typeof(f.figures) = 'array' THEN f.figures ELSE '[]' END
) AS m (
    metric text, n integer, reason text, observed float8, value float8, shrunk float8, lo float8,
    hi float8, expected float8, ratio float8, ratio_lo float8, ratio_hi float8, peer float8,
    peer_lo float8, peer_hi float8, peers integer, parts jsonb
);
GRANT SELECT ON keeper.staff_metrics TO myriad_app, myriad_crossing;
"""

METRICS = """
CREATE TABLE keeper.staff_metrics (
    tenant_id UUID NOT NULL,
    period TEXT NOT NULL,
    period_start DATE NOT NULL,
    team_member_id UUID NOT NULL,
    metric TEXT NOT NULL,
    period_end DATE NOT NULL,
    n INTEGER NOT NULL,
    reason TEXT,
    observed DOUBLE PRECISION,
    value DOUBLE PRECISION,
    shrunk DOUBLE PRECISION,
    lo DOUBLE PRECISION,
    hi DOUBLE PRECISION,
    expected DOUBLE PRECISION,
    ratio DOUBLE PRECISION,
    ratio_lo DOUBLE PRECISION,
    ratio_hi DOUBLE PRECISION,
    peer DOUBLE PRECISION,
    peer_lo DOUBLE PRECISION,
    peer_hi DOUBLE PRECISION,
    peers INTEGER DEFAULT 0 NOT NULL,
    parts JSONB DEFAULT '[]' NOT NULL,
    basis TEXT DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_staff_metrics
        PRIMARY KEY (tenant_id, period, period_start, team_member_id, metric),
    CONSTRAINT ck_staff_metrics_period CHECK (period IN ('days_90', 'days_365', 'month')),
    CONSTRAINT fk_staff_metrics_tenant_id_team_member_id
        FOREIGN KEY (tenant_id, team_member_id)
        REFERENCES keeper.team_member (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_staff_metrics_member
    ON keeper.staff_metrics (tenant_id, team_member_id, period, period_start DESC, metric);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    op.execute(LIGHTER)
    op.execute(FIGURES)
    for table in TABLES:
        protect(op, f"keeper.{table}")
    op.execute(
        "GRANT MAINTAIN ON keeper.team_day, keeper.team_state, keeper.staff_figures TO myriad_app"
    )


def downgrade() -> None:
    op.execute("DROP VIEW keeper.staff_metrics")
    op.execute(METRICS)
    protect(op, "keeper.staff_metrics")
    op.execute("GRANT MAINTAIN ON keeper.staff_metrics TO myriad_app")
    op.execute(HEAVIER)
    op.execute("DROP INDEX keeper.ix_timecard_updated")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
