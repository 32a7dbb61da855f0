"""What the nightly run keeps to be quick: its notes, and the visits of the day as views."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0010"
down_revision = "keeper_0009"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE keeper.agent_note (
    tenant_id UUID NOT NULL,
    agent TEXT NOT NULL,
    business_date DATE NOT NULL,
    noted_at timestamptz NOT NULL,
    facts JSONB DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_agent_note PRIMARY KEY (tenant_id, agent),
    CONSTRAINT fk_agent_note_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE VIEW keeper.known_visit WITH (security_invoker = true) AS
SELECT person_id, local_date, net FROM keeper.visit;

CREATE VIEW keeper.known_sale WITH (security_invoker = true) AS
SELECT person_id, local_date, amount, net
FROM keeper.sales_until(current_setting('keeper.known_day')::date);

GRANT SELECT ON keeper.known_visit, keeper.known_sale TO myriad_app, myriad_crossing;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    protect(op, "keeper.agent_note")


def downgrade() -> None:
    op.execute("DROP VIEW keeper.known_sale, keeper.known_visit")
    op.execute("DROP TABLE keeper.agent_note")
