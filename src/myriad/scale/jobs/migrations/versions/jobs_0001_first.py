"""The queue of record and the workers that serve it."""

from alembic import op

from myriad.scale.data import CROSSING_ROLE
from myriad.scale.data.migrations import create_schema, grant, protect

revision = "jobs_0001"
down_revision = None
branch_labels = ("jobs",)
depends_on = ("directory",)

_LIVE = "('waiting', 'queued', 'dispatched', 'running')"

# Every index but the key covers live rows only, so that finished jobs cost nothing to keep; room
# on each page lets the many updates of a job's life stay on its page.
_TABLES = f"""
CREATE TABLE platform.job (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_job_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    task text NOT NULL CONSTRAINT ck_job_task CHECK (length(task) BETWEEN 1 AND 200),
    job_class text NOT NULL DEFAULT 'default' CONSTRAINT ck_job_job_class
        CHECK (job_class IN ('interactive', 'high', 'default', 'low', 'bulk')),
    state text NOT NULL CONSTRAINT ck_job_state
        CHECK (state IN ('waiting', 'queued', 'dispatched', 'running',
                         'succeeded', 'dead', 'cancelled')),
    run_at timestamptz NOT NULL DEFAULT now(),
    virtual_finish_time double precision NOT NULL DEFAULT 0,
    cost double precision NOT NULL DEFAULT 1 CONSTRAINT ck_job_cost CHECK (cost > 0),
    dedup_key text CONSTRAINT ck_job_dedup_key CHECK (length(dedup_key) BETWEEN 1 AND 500),
    payload jsonb NOT NULL DEFAULT '{{}}',
    attempts integer NOT NULL DEFAULT 0,
    max_attempts integer,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    worker_id uuid,
    error jsonb,
    progress_done bigint,
    progress_total bigint,
    stage text,
    message text,
    again_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    dispatched_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT pk_job PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_job_running CHECK (state <> 'running' OR lease_until IS NOT NULL)
) WITH (
    fillfactor = 75,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);
CREATE UNIQUE INDEX uq_job_tenant_id_dedup_key ON platform.job (tenant_id, dedup_key)
    WHERE dedup_key IS NOT NULL AND state IN {_LIVE};
CREATE INDEX ix_job_queued ON platform.job (job_class, virtual_finish_time, id)
    WHERE state = 'queued';
CREATE INDEX ix_job_waiting ON platform.job (run_at) WHERE state = 'waiting';
CREATE INDEX ix_job_dispatched ON platform.job (dispatched_at) WHERE state = 'dispatched';
CREATE INDEX ix_job_running ON platform.job (lease_until) WHERE state = 'running';
CREATE INDEX ix_job_dead ON platform.job (tenant_id, id) WHERE state = 'dead';
CREATE INDEX ix_job_finished ON platform.job (finished_at)
    WHERE state IN ('succeeded', 'cancelled', 'dead');
CREATE TABLE platform.job_worker (
    id uuid CONSTRAINT pk_job_worker PRIMARY KEY,
    host text NOT NULL,
    pid integer NOT NULL,
    slots integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    create_schema(op, "platform")
    op.execute(_TABLES)
    protect(op, "platform.job")
    op.execute("ALTER TABLE platform.job_worker ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE platform.job_worker FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY job_worker_crossing ON platform.job_worker TO {CROSSING_ROLE} "
        "USING (true) WITH CHECK (true)"
    )
    grant(op, "platform.job_worker", CROSSING_ROLE, ("SELECT", "INSERT", "UPDATE", "DELETE"))


def downgrade() -> None:
    op.execute("DROP TABLE platform.job_worker, platform.job")
