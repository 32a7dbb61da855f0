"""Every other id by which a purchase was told: by a file after the bank, by a bank linked again.

What first told of a purchase stands in its own row; the rest stands here, so that each of them may
tell it again and nothing is doubled.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0007"
down_revision = "kamioi_0008"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE kamioi.purchase_alias (
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    booked_on DATE NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    purchase_id UUID NOT NULL,
    CONSTRAINT pk_purchase_alias PRIMARY KEY (tenant_id, account_id, booked_on, external_id),
    CONSTRAINT fk_purchase_alias_account
        FOREIGN KEY (tenant_id, account_id) REFERENCES kamioi.bank_account (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_bank_item_told ON kamioi.bank_item (external_id) WHERE provider = 'plaid';
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    protect(op, "kamioi.purchase_alias")


def downgrade() -> None:
    op.execute("DROP INDEX kamioi.ix_bank_item_told")
    op.execute("DROP TABLE kamioi.purchase_alias")
