"""What came along from the old Kamioi: which file a programme is moved from, and its old holdings.

Shares that the old program had on its books were bought by no order of ours. They stand apart, in no
member's lots and in no ledger, until the programme's operator has decided about them.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0012"
down_revision = "kamioi_0011"
branch_labels = None
depends_on = None

TABLES = ("legacy_move", "legacy_holding")

DDL = """
CREATE TABLE kamioi.legacy_move (
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    begun_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_legacy_move PRIMARY KEY (tenant_id),
    CONSTRAINT fk_legacy_move_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
CREATE TABLE kamioi.legacy_holding (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    member_id UUID NOT NULL,
    ticker TEXT NOT NULL,
    qty NUMERIC(20, 9) NOT NULL,
    cost_minor BIGINT NOT NULL,
    CONSTRAINT pk_legacy_holding PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_legacy_holding_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_legacy_holding_member ON kamioi.legacy_holding (tenant_id, member_id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"kamioi.{table}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE kamioi.{table}")
