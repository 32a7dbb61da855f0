"""What a broker took above what was ordered, until it gives it back or the programme bears it.

The fill tells what was paid. Members pay what they ordered; the rest stands in the ledger as owed by
the broker (`broker_owes`), or, once somebody said so, as borne by the programme (`losses`).
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0017"
down_revision = "kamioi_0016"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE kamioi.overcharge (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    fill_id UUID NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    noted_at timestamptz DEFAULT now() NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    settled_by UUID,
    settled_at timestamptz,
    CONSTRAINT pk_overcharge PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_overcharge_fill UNIQUE (tenant_id, fill_id),
    CONSTRAINT ck_overcharge_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_overcharge_state CHECK (state IN ('open', 'returned', 'borne')),
    CONSTRAINT fk_overcharge_fill
        FOREIGN KEY (tenant_id, fill_id) REFERENCES kamioi.fill (tenant_id, id)
);
"""
_ACCOUNTS = (
    "bank", "in_transit", "receivable", "accrued", "member_cash", "invested", "holdings",
    "dividends", "fees", "pool_remainder",
)  # fmt: skip


def _accounts(*names: str) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    op.execute("ALTER TABLE kamioi.ledger_entry DROP CONSTRAINT ck_ledger_entry_account")
    op.execute(
        "ALTER TABLE kamioi.ledger_entry ADD CONSTRAINT ck_ledger_entry_account"
        f" CHECK (account IN ({listed}))"
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLE)
    protect(op, "kamioi.overcharge")
    _accounts(*_ACCOUNTS, "broker_owes", "losses")


def downgrade() -> None:
    op.execute("DROP TABLE kamioi.overcharge")
    _accounts(*_ACCOUNTS)
