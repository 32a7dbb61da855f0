"""What one member bought is counted when it is asked for, and no longer beside every purchase.

Members buy a few dozen times a month, so that their months held nearly a row a purchase, and keeping
them was more than half of what the counts of a new purchase cost.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.rollups import Rollup, create_rollup, drop_rollup

revision = "kamioi_0014"
down_revision = "kamioi_0010"
branch_labels = None
depends_on = None

_MONTH = "date_trunc('month', booked_on::timestamp)::date"
ROLLUPS = (
    Rollup(
        target="kamioi.purchase_month",
        source="kamioi.purchase",
        keys={
            "tenant_id": "tenant_id",
            "member_id": "member_id",
            "month": _MONTH,
            "state": "state",
            "kind": "kind",
            "currency": "currency",
        },
        count="purchases",
        sums={"amount_minor": "amount_minor"},
    ),
    Rollup(
        target="kamioi.round_up_month",
        source="kamioi.round_up",
        keys={
            "tenant_id": "tenant_id",
            "member_id": "member_id",
            "month": _MONTH,
            "state": "state",
            "currency": "currency",
        },
        count="round_ups",
        sums={"amount_minor": "amount_minor"},
    ),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for rollup in ROLLUPS:
        drop_rollup(op, rollup)


def downgrade() -> None:
    for rollup in ROLLUPS:
        create_rollup(op, rollup)
