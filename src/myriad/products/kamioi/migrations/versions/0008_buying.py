"""Between a settled sweep and a share: what waits to be bought, and what actions did to lots.

`earmark` is that part of a member's cash which waits for the next window of its security.
`lot_change` is the log of corporate actions: a lot is what was allocated plus all of its changes.
`round_up.of_minor` is the amount that was rounded, so that a posted amount which changes is seen.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0008"
down_revision = "kamioi_0005"
branch_labels = None
depends_on = None

DDL = """
ALTER TABLE kamioi.round_up ADD COLUMN of_minor BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE kamioi.round_up DROP CONSTRAINT ck_round_up_destination;
ALTER TABLE kamioi.round_up ADD CONSTRAINT ck_round_up_destination
    CHECK (destination IN ('security', 'cash', 'queue', 'skip'));
CREATE TABLE kamioi.earmark (
    tenant_id UUID NOT NULL,
    member_id UUID NOT NULL,
    security_id UUID NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    CONSTRAINT pk_earmark PRIMARY KEY (tenant_id, member_id, security_id, currency),
    CONSTRAINT ck_earmark_amount CHECK (amount_minor > 0),
    CONSTRAINT fk_earmark_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id),
    CONSTRAINT fk_earmark_security FOREIGN KEY (security_id) REFERENCES kamioi.security (id)
);
CREATE INDEX ix_earmark_security ON kamioi.earmark (tenant_id, security_id);
CREATE TABLE kamioi.lot_change (
    tenant_id UUID NOT NULL,
    lot_id UUID NOT NULL,
    action_id UUID NOT NULL,
    qty NUMERIC(20, 9) NOT NULL,
    cost_minor BIGINT NOT NULL,
    changed_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_lot_change PRIMARY KEY (tenant_id, lot_id, action_id),
    CONSTRAINT fk_lot_change_lot
        FOREIGN KEY (tenant_id, lot_id) REFERENCES kamioi.lot (tenant_id, id),
    CONSTRAINT fk_lot_change_action
        FOREIGN KEY (action_id) REFERENCES kamioi.corporate_action (id)
);
CREATE INDEX ix_lot_change_action ON kamioi.lot_change (tenant_id, action_id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    protect(op, "kamioi.earmark")
    protect(op, "kamioi.lot_change", append_only=True)


def downgrade() -> None:
    op.execute("DROP TABLE kamioi.lot_change")
    op.execute("DROP TABLE kamioi.earmark")
    op.execute("DELETE FROM kamioi.round_up WHERE destination = 'skip'")
    op.execute("ALTER TABLE kamioi.round_up DROP CONSTRAINT ck_round_up_destination")
    op.execute(
        "ALTER TABLE kamioi.round_up ADD CONSTRAINT ck_round_up_destination"
        " CHECK (destination IN ('security', 'cash', 'queue'))"
    )
    op.execute("ALTER TABLE kamioi.round_up DROP COLUMN of_minor")
