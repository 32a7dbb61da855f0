"""What a night keeps of the team: the facts of each day, packed, and how far they have come."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0014"
down_revision = "keeper_0013"
branch_labels = None
depends_on = None

TABLES = ("team_day", "team_state")

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


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"keeper.{table}")
    op.execute("GRANT MAINTAIN ON keeper.team_day, keeper.team_state TO myriad_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
