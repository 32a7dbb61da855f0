"""Until when a bank may be read, once Plaid has told that the member's consent ends."""

from __future__ import annotations

from alembic import op

revision = "kamioi_0018"
down_revision = "kamioi_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE kamioi.bank_item ADD COLUMN consent_ends_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE kamioi.bank_item DROP COLUMN consent_ends_at")
