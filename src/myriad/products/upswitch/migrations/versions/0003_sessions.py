"""Conversations: sessions, messages, facts."""

from __future__ import annotations

revision = "upswitch_0003"
down_revision = "upswitch_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
