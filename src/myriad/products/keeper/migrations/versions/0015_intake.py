"""What a night keeps of its intake."""

from __future__ import annotations

revision = "keeper_0015"
down_revision = "keeper_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
