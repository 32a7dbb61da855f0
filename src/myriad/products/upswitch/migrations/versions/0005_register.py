"""What the register tells of a company."""

from __future__ import annotations

revision = "upswitch_0005"
down_revision = "upswitch_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
