"""Cron expressions, measured sizes, and what is watched for changes at adaptive intervals."""

from alembic import op

from myriad.scale.data.migrations import protect

revision = "schedule_0002"
down_revision = "schedule_0001"
branch_labels = None
depends_on = None

_SCHEDULE = """
ALTER TABLE platform.schedule
    DROP CONSTRAINT ck_schedule_every,
    ALTER COLUMN job_class DROP NOT NULL,
    ALTER COLUMN job_class DROP DEFAULT,
    ADD COLUMN cron text,
    ADD COLUMN zone text,
    ADD COLUMN size_seconds double precision
        CONSTRAINT ck_schedule_size_seconds CHECK (size_seconds >= 0),
    ADD COLUMN measured_at timestamptz;
ALTER TABLE platform.schedule
    ADD CONSTRAINT ck_schedule_every CHECK (every IN ('nightly', 'hourly', 'weekly', 'cron')),
    ADD CONSTRAINT ck_schedule_cron CHECK ((every = 'cron') = (cron IS NOT NULL));
"""

# A look moves next_due_at, so each page keeps room for the new version of its rows. The due index
# answers a sweep without the table.
_WATCH = """
CREATE TABLE platform.watch_plan (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_watch_plan_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT ck_watch_plan_kind_length CHECK (length(kind) BETWEEN 1 AND 50),
    task text NOT NULL CONSTRAINT ck_watch_plan_task CHECK (length(task) BETWEEN 1 AND 200),
    job_class text,
    bundle_size integer NOT NULL DEFAULT 100
        CONSTRAINT ck_watch_plan_bundle_size CHECK (bundle_size BETWEEN 1 AND 10000),
    price double precision NOT NULL DEFAULT 0.65
        CONSTRAINT ck_watch_plan_price CHECK (price > 0),
    looks_per_day double precision
        CONSTRAINT ck_watch_plan_looks_per_day CHECK (looks_per_day > 0),
    enabled boolean NOT NULL DEFAULT true,
    swept_until timestamptz NOT NULL DEFAULT '-infinity',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_watch_plan PRIMARY KEY (tenant_id, kind)
) WITH (fillfactor = 70);
CREATE TABLE platform.watch (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    item_id uuid NOT NULL,
    weight real NOT NULL DEFAULT 1 CONSTRAINT ck_watch_weight CHECK (weight > 0),
    changes_1 real NOT NULL DEFAULT 0,
    changes_3 real NOT NULL DEFAULT 0,
    changes_7 real NOT NULL DEFAULT 0,
    changes_30 real NOT NULL DEFAULT 0,
    unchanged_days real NOT NULL DEFAULT 0,
    rate real NOT NULL DEFAULT 0.099021,
    interval_days smallint NOT NULL DEFAULT 7
        CONSTRAINT ck_watch_interval_days CHECK (interval_days IN (1, 3, 7, 30)),
    signals text[] NOT NULL DEFAULT '{}',
    added_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz,
    next_due_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_watch PRIMARY KEY (tenant_id, kind, item_id),
    CONSTRAINT fk_watch_tenant_id_kind FOREIGN KEY (tenant_id, kind)
        REFERENCES platform.watch_plan ON DELETE CASCADE,
    CONSTRAINT ck_watch_floor
        CHECK (next_due_at <= coalesce(last_seen_at, added_at) + interval '720 hours')
) WITH (
    fillfactor = 85,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX ix_watch_due ON platform.watch (tenant_id, kind, next_due_at, item_id);
CREATE TABLE platform.watch_source (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL
        CONSTRAINT ck_watch_source_length CHECK (length(source) BETWEEN 1 AND 100),
    hits double precision NOT NULL DEFAULT 0,
    misses double precision NOT NULL DEFAULT 0,
    false_alarms double precision NOT NULL DEFAULT 0,
    watched_days double precision NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_watch_source PRIMARY KEY (tenant_id, kind, source),
    CONSTRAINT fk_watch_source_tenant_id_kind FOREIGN KEY (tenant_id, kind)
        REFERENCES platform.watch_plan ON DELETE CASCADE
);
"""


def upgrade() -> None:
    op.execute(_SCHEDULE)
    op.execute(_WATCH)
    for table in ("watch_plan", "watch", "watch_source"):
        protect(op, f"platform.{table}")


def downgrade() -> None:
    op.execute("DROP TABLE platform.watch_source, platform.watch, platform.watch_plan")
    op.execute("DELETE FROM platform.schedule WHERE every = 'cron'")
    op.execute(
        "ALTER TABLE platform.schedule DROP CONSTRAINT ck_schedule_cron, "
        "DROP CONSTRAINT ck_schedule_every, DROP COLUMN cron, DROP COLUMN zone, "
        "DROP COLUMN size_seconds, DROP COLUMN measured_at"
    )
    op.execute("UPDATE platform.schedule SET job_class = 'default' WHERE job_class IS NULL")
    op.execute(
        "ALTER TABLE platform.schedule ALTER COLUMN job_class SET DEFAULT 'default', "
        "ALTER COLUMN job_class SET NOT NULL, ADD CONSTRAINT ck_schedule_every "
        "CHECK (every IN ('nightly', 'hourly', 'weekly'))"
    )
