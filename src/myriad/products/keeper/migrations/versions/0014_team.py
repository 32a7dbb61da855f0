"""What a night keeps of the team."""

from __future__ import annotations

revision = "keeper_0014"
down_revision = "keeper_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
