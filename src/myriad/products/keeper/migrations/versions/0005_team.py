"""Measures of staff, and which signed-in user is which member of staff.

`payments_until` is `sales_until` with what the measures need beside the money: who took it, the
tip, the order.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0005"
down_revision = "keeper_0004"
branch_labels = None
depends_on = None

TABLES = ("staff_metrics", "staff_link")

DDL = """
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

CREATE TABLE keeper.staff_link (
    tenant_id UUID NOT NULL,
    team_member_id UUID NOT NULL,
    user_id UUID NOT NULL,
    linked_by UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_staff_link PRIMARY KEY (tenant_id, team_member_id),
    CONSTRAINT fk_staff_link_tenant_id_team_member_id
        FOREIGN KEY (tenant_id, team_member_id)
        REFERENCES keeper.team_member (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_staff_link_tenant_id_user_id
        FOREIGN KEY (tenant_id, user_id)
        REFERENCES platform.membership (tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_staff_link_user ON keeper.staff_link (tenant_id, user_id);
"""

FUNCTION = """
CREATE FUNCTION keeper.payments_until(day date)
RETURNS TABLE (
    tenant_id uuid, id uuid, order_ext_id text, team_member_ext_id text, person_id uuid,
    local_date date, paid_at timestamptz, source_type text, tip bigint, amount bigint, net bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH given_back AS (
        SELECT r.tenant_id, r.payment_ext_id, sum(r.amount)::bigint AS amount
        FROM keeper.refund r
        WHERE r.local_date <= day AND r.status NOT IN ('REJECTED', 'FAILED')
        GROUP BY r.tenant_id, r.payment_ext_id
    )
    SELECT s.tenant_id, s.id, s.order_ext_id, s.team_member_ext_id, s.person_id, s.local_date,
           s.ext_created_at, s.source_type, s.tip, s.amount,
           s.amount - least(s.amount, greatest(
               coalesce(g.amount, 0),
               CASE WHEN s.ext_updated_at::date <= day THEN s.refunded ELSE 0 END
           ))
    FROM keeper.sale s
    LEFT JOIN given_back g ON g.tenant_id = s.tenant_id AND g.payment_ext_id = s.ext_id
    WHERE s.status = 'COMPLETED' AND s.local_date <= day;
END;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    op.execute(FUNCTION)
    for table in TABLES:
        protect(op, f"keeper.{table}")
    op.execute("GRANT MAINTAIN ON keeper.staff_metrics, keeper.staff_link TO myriad_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION keeper.payments_until")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
