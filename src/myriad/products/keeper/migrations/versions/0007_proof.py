"""Grades, muted kinds and the group that is not called."""

from __future__ import annotations

from alembic import op

revision = "keeper_0007"
down_revision = "keeper_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")


def downgrade() -> None:
    """Nothing to take back yet."""
