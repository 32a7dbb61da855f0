"""A move may let PostgreSQL take the writes, and carry them back to SQLite for as long as that is wanted.

`note_migrated_write` enters every row that a statement wrote, by the statement's own transaction. It
acts as the owner, who alone may enter: whoever writes a moved table need not know of the move. The
move's own connections set `myriad.migrating`, so that what they carry over is not carried back.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import force_row_security, grant
from myriad.scale.data.settings import CROSSING_ROLE

revision = "data_0005"
down_revision = "data_0004"
branch_labels = None
depends_on = None

_PHASES = "'off', 'dual_write', 'backfill', 'verify', 'shadow_read', 'read_pg'"
DDL = f"""
ALTER TABLE platform.migration DROP CONSTRAINT ck_migration_phase;
ALTER TABLE platform.migration ADD CONSTRAINT ck_migration_phase
    CHECK (phase IN ({_PHASES}, 'pg_primary', 'done'));
ALTER TABLE platform.migration ADD COLUMN carried_back bigint NOT NULL DEFAULT 0;
CREATE TABLE platform.migration_back (
    migration text NOT NULL
        CONSTRAINT fk_migration_back_migration REFERENCES platform.migration ON DELETE CASCADE,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    part integer NOT NULL,
    identity jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_migration_back PRIMARY KEY (migration, seq)
);
CREATE POLICY migration_back_noting ON platform.migration_back FOR INSERT TO CURRENT_USER
    WITH CHECK (true);
"""
FUNCTION = """
CREATE FUNCTION platform.note_migrated_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_variable
DECLARE
    its_move text := TG_ARGV[0];
    its_part integer := TG_ARGV[1];
    its_constants jsonb := TG_ARGV[2];
    its_names text[] := TG_ARGV[3:];
BEGIN
    IF current_setting('myriad.migrating', true) = 'on' THEN
        RETURN NULL;
    END IF;
    INSERT INTO platform.migration_back (migration, part, identity)
    SELECT its_move, its_part,
        (SELECT jsonb_object_agg(one, to_jsonb(written.*) -> one) FROM unnest(its_names) one)
    FROM written WHERE to_jsonb(written.*) @> its_constants;
    IF TG_OP = 'UPDATE' THEN
        -- A row that bears another name now is gone under its old one.
        INSERT INTO platform.migration_back (migration, part, identity)
        SELECT its_move, its_part, renamed.identity FROM (
            SELECT (SELECT jsonb_object_agg(one, to_jsonb(gone.*) -> one) FROM unnest(its_names) one)
            FROM gone WHERE to_jsonb(gone.*) @> its_constants
            EXCEPT
            SELECT (SELECT jsonb_object_agg(one, to_jsonb(written.*) -> one) FROM unnest(its_names) one)
            FROM written
        ) AS renamed (identity);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION platform.note_migrated_write() FROM PUBLIC;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    op.execute(FUNCTION)
    force_row_security(op, "platform.migration_back")
    op.execute(
        f"CREATE POLICY migration_back_crossing ON platform.migration_back TO {CROSSING_ROLE} "
        "USING (true) WITH CHECK (true)"
    )
    grant(op, "platform.migration_back", CROSSING_ROLE, ("SELECT", "INSERT", "UPDATE", "DELETE"))


def downgrade() -> None:
    op.execute("DROP FUNCTION platform.note_migrated_write()")
    op.execute("DROP TABLE platform.migration_back")
    op.execute("ALTER TABLE platform.migration DROP COLUMN carried_back")
    op.execute("ALTER TABLE platform.migration DROP CONSTRAINT ck_migration_phase")
    op.execute(
        "ALTER TABLE platform.migration ADD CONSTRAINT ck_migration_phase"
        f" CHECK (phase IN ({_PHASES}, 'done'))"
    )
