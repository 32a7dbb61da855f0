"""Rows that could not be taken in: where they came from, why, and what they were."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "data_0002"
down_revision = "data_0001"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE platform.data_quarantine (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_data_quarantine_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    table_name text NOT NULL,
    source text NOT NULL,
    line bigint NOT NULL,
    reason text NOT NULL,
    row_json text NOT NULL CONSTRAINT ck_data_quarantine_row CHECK (length(row_json) <= 20000),
    is_whole boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_data_quarantine PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_data_quarantine_table_name
    ON platform.data_quarantine (tenant_id, table_name, id);
COMMENT ON COLUMN platform.data_quarantine.is_whole IS
    'false where the row was longer than what is kept of it; it cannot be taken in again from here';
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    protect(op, "platform.data_quarantine")


def downgrade() -> None:
    op.execute("DROP TABLE platform.data_quarantine")
