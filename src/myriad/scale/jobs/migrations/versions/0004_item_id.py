"""How the id of a packed job is made, in one place.

Dispatch, opening, listing and cancelling all name a job by its pack and its place there.
"""

from alembic import op

from myriad.scale.data import APP_ROLE, CROSSING_ROLE

revision = "jobs_0004"
down_revision = "jobs_0003"
branch_labels = None
depends_on = None

# Inlined into every statement that calls it, as long as it stays one expression with nothing SET.
_ITEM_ID = """
CREATE FUNCTION platform.job_item_id(pack_id uuid, place integer) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (left(pack_id::text, 30) || lpad(to_hex(place), 6, '0'))::uuid
$$;
REVOKE ALL ON FUNCTION platform.job_item_id FROM PUBLIC;
"""


def upgrade() -> None:
    op.execute(_ITEM_ID)
    op.execute(f"GRANT EXECUTE ON FUNCTION platform.job_item_id TO {APP_ROLE}, {CROSSING_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION platform.job_item_id")
