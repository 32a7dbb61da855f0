"""Annual accounts as filed, and when each company's were asked for; public, of no tenant."""

from __future__ import annotations

from alembic import op

revision = "upswitch_0002"
down_revision = "upswitch_0001"
branch_labels = None
depends_on = None

TABLES = ("filing", "filing_check")

DDL = """
CREATE TABLE upswitch.filing (
    number BIGINT NOT NULL,
    reference TEXT NOT NULL,
    model TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    deposited_on DATE,
    rubrics JSONB NOT NULL,
    read_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_filing PRIMARY KEY (number, reference),
    CONSTRAINT ck_filing_period CHECK (ends_on > starts_on)
);
CREATE TABLE upswitch.filing_check (
    number BIGINT NOT NULL,
    checked_at timestamptz DEFAULT now() NOT NULL,
    deposits INTEGER NOT NULL,
    without_data INTEGER NOT NULL,
    CONSTRAINT pk_filing_check PRIMARY KEY (number)
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        op.execute(f"SELECT upswitch.open_registry_table('{table}', '{table}')")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE upswitch.{table}")
