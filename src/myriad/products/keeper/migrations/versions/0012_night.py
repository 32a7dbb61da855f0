"""Room for what makes a night cheaper."""

from __future__ import annotations

from alembic import op

revision = "keeper_0012"
down_revision = "keeper_0011"
branch_labels = None
depends_on = None

# A night asks what came since the last one.
INDEXES = """
CREATE INDEX ix_payment_updated ON keeper.payment (tenant_id, updated_at);
CREATE INDEX ix_sales_order_updated ON keeper.sales_order (tenant_id, updated_at);
CREATE INDEX ix_booking_updated ON keeper.booking (tenant_id, updated_at);
CREATE INDEX ix_booking_day ON keeper.booking (tenant_id, local_date);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(INDEXES)


def downgrade() -> None:
    op.execute(
        "DROP INDEX keeper.ix_booking_day, keeper.ix_booking_updated, "
        "keeper.ix_sales_order_updated, keeper.ix_payment_updated"
    )
