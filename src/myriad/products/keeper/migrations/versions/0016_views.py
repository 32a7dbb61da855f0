"""What screens are kept ready."""

from __future__ import annotations

revision = "keeper_0016"
down_revision = "keeper_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
