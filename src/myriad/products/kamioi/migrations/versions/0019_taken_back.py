"""What an action did to lots may be taken back, to be done again after one that became known late."""

from __future__ import annotations

from alembic import op

revision = "kamioi_0019"
down_revision = "kamioi_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT DELETE ON kamioi.lot_change TO myriad_app, myriad_crossing")


def downgrade() -> None:
    op.execute("REVOKE DELETE ON kamioi.lot_change FROM myriad_app, myriad_crossing")
