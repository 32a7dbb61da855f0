"""Room for the indexes that screens read by."""

from __future__ import annotations

revision = "keeper_0013"
down_revision = "keeper_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
