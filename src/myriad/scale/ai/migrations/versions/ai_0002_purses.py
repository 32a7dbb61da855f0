"""What undertakings have spent of their purses, and which purse paid a call."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "ai_0002"
down_revision = "ai_0001"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE platform.ai_call
    ADD COLUMN purse text NOT NULL DEFAULT '',
    ADD COLUMN purse_usd_micros bigint NOT NULL DEFAULT 0
        CONSTRAINT ck_ai_call_purse_usd_micros CHECK (purse_usd_micros >= 0);
CREATE TABLE platform.ai_purse (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_ai_purse_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT ck_ai_purse_name CHECK (length(name) > 0),
    product text NOT NULL,
    calls bigint NOT NULL,
    spent_usd_micros bigint NOT NULL CONSTRAINT ck_ai_purse_spent CHECK (spent_usd_micros >= 0),
    used_at timestamptz NOT NULL,
    CONSTRAINT pk_ai_purse PRIMARY KEY (tenant_id, name)
) WITH (fillfactor = 80);
CREATE INDEX ix_ai_purse_used_at ON platform.ai_purse (used_at);
"""


def upgrade() -> None:
    op.execute(_UP)
    protect(op, "platform.ai_purse")


def downgrade() -> None:
    op.execute("DROP TABLE platform.ai_purse")
    op.execute("ALTER TABLE platform.ai_call DROP COLUMN purse, DROP COLUMN purse_usd_micros")
