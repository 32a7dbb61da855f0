"""Room for what owners aim at and for the smaller additions of this step."""

from __future__ import annotations

revision = "keeper_0011"
down_revision = "keeper_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
