"""What a migration says about who may see a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from myriad.scale.data.settings import APP_ROLE, CROSSING_ROLE

# A plain call keeps the planner's estimates; NULLIF covers the empty string that PostgreSQL
# leaves behind after a transaction that had set the value.
_TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"
TENANT_MATCH = f"tenant_id = {_TENANT}"
# Of what is written every row is looked at: asked once a statement, the tenant need not be read
# from its text anew for each of them.
TENANT_CHECK = f"tenant_id = (SELECT {_TENANT})"


class Executes(Protocol):
    """What Alembic's `op` offers and a migration here needs."""

    def execute(self, sqltext: str, /) -> None:
        """Run one statement."""


def create_schema(op: Executes, schema: str) -> None:
    """Create `schema` and let both roles look up names in it."""
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {APP_ROLE}, {CROSSING_ROLE}")


def grant(op: Executes, table: str, role: str, privileges: Iterable[str]) -> None:
    """Grant `privileges` on `table` to `role`."""
    op.execute(f"GRANT {', '.join(privileges)} ON {table} TO {role}")


def publish(op: Executes, table: str) -> None:
    """Put a table that belongs to no tenant under FORCEd row security.

    The application's role reads all of it, the crossing role reads and writes it.
    """
    name = table.rsplit(".", 1)[-1]
    force_row_security(op, table)
    op.execute(f"CREATE POLICY {name}_reading ON {table} FOR SELECT TO {APP_ROLE} USING (true)")
    op.execute(
        f"CREATE POLICY {name}_crossing ON {table} TO {CROSSING_ROLE} "
        "USING (true) WITH CHECK (true)"
    )
    grant(op, table, APP_ROLE, ("SELECT",))
    grant(op, table, CROSSING_ROLE, ("SELECT", "INSERT", "UPDATE", "DELETE"))


def protect(op: Executes, table: str, *, append_only: bool = False) -> None:
    """Put a tenant's table under FORCEd row security.

    The application's role sees and writes the rows of its transaction's tenant only; the crossing
    role sees all. The owner itself, having no policy, sees none.
    """
    changes = ("SELECT", "INSERT") if append_only else ("SELECT", "INSERT", "UPDATE", "DELETE")
    name = table.rsplit(".", 1)[-1]
    force_row_security(op, table)
    op.execute(
        f"CREATE POLICY {name}_tenant ON {table} TO {APP_ROLE} "
        f"USING ({TENANT_MATCH}) WITH CHECK ({TENANT_CHECK})"
    )
    op.execute(
        f"CREATE POLICY {name}_crossing ON {table} TO {CROSSING_ROLE} "
        "USING (true) WITH CHECK (true)"
    )
    grant(op, table, APP_ROLE, changes)
    grant(op, table, CROSSING_ROLE, changes)


def force_row_security(op: Executes, table: str) -> None:
    """Let nobody see a table before a policy says who; a partition is reached through its table."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
