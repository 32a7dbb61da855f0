"""Indexes that screens read by, without the rows themselves where a large account is added up.

Today adds up half a year of payments; Customers counts everybody by state. Both read index entries
only, a tenth of what the rows hold.
"""

from __future__ import annotations

from alembic import op

revision = "keeper_0013"
down_revision = "keeper_0012"
branch_labels = None
depends_on = None

_NEW = """
CREATE INDEX ix_payment_day_new ON keeper.payment (tenant_id, local_date)
    INCLUDE (amount, refunded, status);
DROP INDEX keeper.ix_payment_day;
ALTER INDEX keeper.ix_payment_day_new RENAME TO ix_payment_day;
CREATE INDEX ix_person_metrics_value_new ON keeper.person_metrics
    (tenant_id, business_date, value_at_risk DESC, person_id) INCLUDE (state);
DROP INDEX keeper.ix_person_metrics_value;
ALTER INDEX keeper.ix_person_metrics_value_new RENAME TO ix_person_metrics_value;
CREATE INDEX ix_person_merged_new ON keeper.person (tenant_id, merged_into_id) INCLUDE (id);
DROP INDEX keeper.ix_person_merged;
ALTER INDEX keeper.ix_person_merged_new RENAME TO ix_person_merged;
"""
_OLD = """
DROP INDEX keeper.ix_payment_day;
CREATE INDEX ix_payment_day ON keeper.payment (tenant_id, local_date);
DROP INDEX keeper.ix_person_metrics_value;
CREATE INDEX ix_person_metrics_value ON keeper.person_metrics
    (tenant_id, business_date, value_at_risk DESC, person_id);
DROP INDEX keeper.ix_person_merged;
CREATE INDEX ix_person_merged ON keeper.person (tenant_id, merged_into_id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_NEW)


def downgrade() -> None:
    op.execute(_OLD)
