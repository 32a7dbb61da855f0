"""Where a move of a SQLite database stands: its phase, chunks, rows kept apart, writes carried over."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import force_row_security, grant
from myriad.scale.data.settings import CROSSING_ROLE

revision = "data_0004"
down_revision = "data_0002"
branch_labels = None
depends_on = None

TABLES = ("migration", "migration_chunk", "migration_row", "dual_write_log")

DDL = """
CREATE TABLE platform.migration (
    name text NOT NULL,
    mapping_sha256 text NOT NULL,
    phase text NOT NULL DEFAULT 'off',
    applied_seq bigint NOT NULL DEFAULT 0,
    caught_up_at timestamptz,
    clean_verifications integer NOT NULL DEFAULT 0,
    verified_at timestamptz,
    shadow_since timestamptz,
    shadow_compared bigint NOT NULL DEFAULT 0,
    shadow_differed bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_migration PRIMARY KEY (name),
    CONSTRAINT ck_migration_phase CHECK (
        phase IN ('off', 'dual_write', 'backfill', 'verify', 'shadow_read', 'read_pg', 'done'))
);
CREATE TABLE platform.migration_chunk (
    migration text NOT NULL
        CONSTRAINT fk_migration_chunk_migration REFERENCES platform.migration ON DELETE CASCADE,
    part integer NOT NULL,
    low bigint NOT NULL,
    high bigint NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    rows_read bigint NOT NULL DEFAULT 0,
    rows_refused bigint NOT NULL DEFAULT 0,
    source_digest bytea,
    target_digest bytea,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_migration_chunk PRIMARY KEY (migration, part, low),
    CONSTRAINT ck_migration_chunk_state CHECK (state IN ('waiting', 'copied', 'good', 'bad'))
);
CREATE TABLE platform.migration_row (
    migration text NOT NULL
        CONSTRAINT fk_migration_row_migration REFERENCES platform.migration ON DELETE CASCADE,
    part integer NOT NULL,
    row_id bigint NOT NULL,
    is_refused boolean NOT NULL,
    reason text NOT NULL,
    row_json text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_migration_row PRIMARY KEY (migration, part, row_id, is_refused)
);
COMMENT ON COLUMN platform.migration_row.is_refused IS
    'false where the row was taken over, but not exactly: the reason says what was lost';
CREATE TABLE platform.dual_write_log (
    migration text NOT NULL
        CONSTRAINT fk_dual_write_log_migration REFERENCES platform.migration ON DELETE CASCADE,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    written integer NOT NULL,
    removed integer NOT NULL,
    refused integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_dual_write_log PRIMARY KEY (migration, last_seq)
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        name = f"platform.{table}"
        force_row_security(op, name)
        op.execute(
            f"CREATE POLICY {table}_crossing ON {name} TO {CROSSING_ROLE} "
            "USING (true) WITH CHECK (true)"
        )
        grant(op, name, CROSSING_ROLE, ("SELECT", "INSERT", "UPDATE", "DELETE"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE platform.{table}")
