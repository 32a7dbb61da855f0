"""A third role: a person whom the tenant serves, who sees what is theirs alone.

A key keeps its two roles, for it acts for the tenant.
"""

from alembic import op

revision = "directory_0002"
down_revision = "directory_0001"
branch_labels = None
depends_on = None


def _allow(*roles: str) -> None:
    listed = ", ".join(f"'{role}'" for role in roles)
    op.execute("ALTER TABLE platform.membership DROP CONSTRAINT ck_membership_role")
    op.execute(
        "ALTER TABLE platform.membership "
        f"ADD CONSTRAINT ck_membership_role CHECK (role IN ({listed})) NOT VALID"
    )
    op.execute("ALTER TABLE platform.membership VALIDATE CONSTRAINT ck_membership_role")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _allow("owner", "staff", "member")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _allow("owner", "staff")
