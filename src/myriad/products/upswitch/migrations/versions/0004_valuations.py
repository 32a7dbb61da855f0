"""Valuations, their methods, reports and share links."""

from __future__ import annotations

revision = "upswitch_0004"
down_revision = "upswitch_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
