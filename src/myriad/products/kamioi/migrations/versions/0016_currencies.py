"""How many of its smallest units a whole unit of a currency has, for statements over many rows.

It says the same as `minor_digits` in kit/money.py, row by row: members of one programme may count in
several currencies. A test holds the two together.
"""

from __future__ import annotations

from alembic import op

revision = "kamioi_0016"
down_revision = "kamioi_0015"
branch_labels = None
depends_on = None

# Neither strict nor in another language, so that it is a part of the statement that asks.
FUNCTION = """
CREATE FUNCTION kamioi.minor_units(currency text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN currency IN ('JPY', 'KRW', 'CLP', 'ISK', 'VND') THEN 1
    WHEN currency IN ('BHD', 'KWD', 'OMR', 'TND') THEN 1000
    ELSE 100
END;
REVOKE ALL ON FUNCTION kamioi.minor_units FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kamioi.minor_units TO myriad_app, myriad_crossing;
"""


def upgrade() -> None:
    op.execute(FUNCTION)


def downgrade() -> None:
    op.execute("DROP FUNCTION kamioi.minor_units(text)")
