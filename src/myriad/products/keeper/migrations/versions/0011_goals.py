"""Where the trade of an account comes from, and the breaks of timecards.

`account.vertical_source` says who chose the trade; before this step only owners did, so a trade
other than the default counts as theirs. Locations and timecards are read whole with every sync,
which fills the new columns.
"""

from __future__ import annotations

from alembic import op

revision = "keeper_0011"
down_revision = "keeper_0010"
branch_labels = None
depends_on = None


DDL = """
ALTER TABLE keeper.location ADD COLUMN mcc TEXT;
ALTER TABLE keeper.account
    ADD COLUMN vertical_source TEXT DEFAULT 'default' NOT NULL,
    ADD COLUMN category_code TEXT;
ALTER TABLE keeper.timecard ADD COLUMN break_seconds BIGINT DEFAULT 0 NOT NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)


def downgrade() -> None:
    op.execute("ALTER TABLE keeper.timecard DROP COLUMN break_seconds")
    op.execute("ALTER TABLE keeper.account DROP COLUMN category_code, DROP COLUMN vertical_source")
    op.execute("ALTER TABLE keeper.location DROP COLUMN mcc")
