"""Banks on their way to being linked, and what of a member's notifications is unread.

`bank_link` is one visit to Plaid's own pages: begun here, finished by whoever comes back first, the
member's browser or Plaid's webhook. `item_id` names the bank that is signed in to again.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0011"
down_revision = "kamioi_0014"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE kamioi.bank_link (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    item_id UUID,
    link_token_sealed BYTEA NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_bank_link PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_bank_link_state CHECK (state IN ('open', 'linked', 'left')),
    CONSTRAINT fk_bank_link_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_bank_link_item
        FOREIGN KEY (tenant_id, item_id) REFERENCES kamioi.bank_item (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_bank_link_member ON kamioi.bank_link (tenant_id, member_id, created_at DESC);
CREATE INDEX ix_bank_link_item ON kamioi.bank_link (tenant_id, item_id);
CREATE INDEX ix_notification_unread ON kamioi.notification (tenant_id, member_id, id DESC)
    WHERE read_at IS NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    protect(op, "kamioi.bank_link")


def downgrade() -> None:
    op.execute("DROP INDEX kamioi.ix_notification_unread")
    op.execute("DROP TABLE kamioi.bank_link")
