"""What a conversation is held in."""

from __future__ import annotations

revision = "upswitch_0006"
down_revision = "upswitch_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
