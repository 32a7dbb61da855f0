"""The check of row security asks for the tenant once a statement, not once a row that is written.

Tables that are protected from now on have it so from the start; this brings the others up to them.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import TENANT_CHECK, TENANT_MATCH
from myriad.scale.data.settings import APP_ROLE

revision = "data_0006"
down_revision = "data_0005"
branch_labels = None
depends_on = None

_ALTER = r"""
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT p.polname, p.polrelid::regclass::text AS table_name
        FROM pg_policy AS p
        CROSS JOIN LATERAL pg_get_expr(p.polwithcheck, p.polrelid) AS said
        WHERE '{role}'::regrole = ANY (p.polroles)
            AND said ~ '^[(]tenant_id = [(]*( *SELECT [(]*)?NULLIF[(]current_setting[(].app[.]tenant_id'
            AND said !~ '\m(AND|OR)\M'
    LOOP
        EXECUTE format($sql$ALTER POLICY %I ON %s WITH CHECK ({check})$sql$,
            one.polname, one.table_name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_ALTER.format(role=APP_ROLE, check=TENANT_CHECK))


def downgrade() -> None:
    op.execute(_ALTER.format(role=APP_ROLE, check=TENANT_MATCH))
