"""Room for what makes a night cheaper."""

from __future__ import annotations

revision = "keeper_0012"
down_revision = "keeper_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
