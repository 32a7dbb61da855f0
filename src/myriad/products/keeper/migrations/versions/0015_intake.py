"""What a night keeps of its intake: what was given back by its day, and whose card is whose."""

from __future__ import annotations

from alembic import op

revision = "keeper_0015"
down_revision = "keeper_0014"
branch_labels = None
depends_on = None

# Few payments are refunded; the cards of everybody are read without their payments.
INDEXES = """
CREATE INDEX ix_payment_given_back ON keeper.payment (tenant_id, ext_updated_at)
    WHERE refunded > 0;
CREATE INDEX ix_payment_card ON keeper.payment (tenant_id, customer_ext_id, card_fingerprint)
    WHERE card_fingerprint IS NOT NULL AND customer_ext_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(INDEXES)


def downgrade() -> None:
    op.execute("DROP INDEX keeper.ix_payment_card, keeper.ix_payment_given_back")
