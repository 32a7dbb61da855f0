"""What grows stands by month, and what the dashboards show is kept beside it as counts and sums.

No month goes by itself: a member's money is accounted for by every entry since the first. Months
begin in 2014 where somebody brings such a history along. The tables of the dashboards do not stand
by month, so that a page is planned as fast over twelve years as over one.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.partitions import Monthly, declare_months, forget_months
from myriad.scale.data.rollups import Rollup, create_rollup, drop_rollup

revision = "kamioi_0005"
down_revision = "kamioi_0004"
branch_labels = None
depends_on = ("data",)

MONTHS = Monthly("booked_on", ahead=3, keep_months=None, leaves=240)
PARTITIONED = ("purchase", "round_up", "ledger_entry")
_MONTH = "date_trunc('month', booked_on::timestamp)::date"
ROLLUPS = (
    Rollup(
        target="kamioi.purchase_day",
        source="kamioi.purchase",
        keys={
            "tenant_id": "tenant_id",
            "day": "booked_on",
            "state": "state",
            "kind": "kind",
            "currency": "currency",
        },
        count="purchases",
        sums={"amount_minor": "amount_minor"},
    ),
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
        target="kamioi.descriptor_use",
        source="kamioi.purchase",
        keys={"tenant_id": "tenant_id", "descriptor_id": "descriptor_id", "currency": "currency"},
        count="purchases",
        sums={"amount_minor": "amount_minor"},
        where="descriptor_id IS NOT NULL AND kind = 'purchase' AND state IN ('pending', 'posted')",
    ),
    Rollup(
        target="kamioi.mapping_state",
        source="kamioi.mapping",
        keys={"tenant_id": "tenant_id", "state": "state", "method": "method"},
        count="mappings",
        where="valid_to IS NULL",
    ),
    Rollup(
        target="kamioi.round_up_day",
        source="kamioi.round_up",
        keys={
            "tenant_id": "tenant_id",
            "day": "booked_on",
            "state": "state",
            "destination": "destination",
            "currency": "currency",
        },
        count="round_ups",
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
    for table in PARTITIONED:
        declare_months(op, f"kamioi.{table}", MONTHS)
    for rollup in ROLLUPS:
        create_rollup(op, rollup)


def downgrade() -> None:
    for rollup in reversed(ROLLUPS):
        drop_rollup(op, rollup)
    for table in PARTITIONED:
        forget_months(op, f"kamioi.{table}")
