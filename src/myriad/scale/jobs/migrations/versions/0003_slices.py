"""Slices: what was sent to a worker of a pack stays one row until that worker opens it.

Marking a hundred jobs as dispatched is then one small row instead of a hundred. Whoever has to
touch a single job of a slice unpacks it first: its jobs become rows of `platform.job`, in the same
state and with the same worker, where the message that is on its way finds them as well.
"""

from alembic import op

from myriad.scale.data import APP_ROLE, CROSSING_ROLE
from myriad.scale.data.migrations import protect

revision = "jobs_0003"
down_revision = "jobs_0002"
branch_labels = None
depends_on = None

_SLICE = """
CREATE TABLE platform.job_slice (
    tenant_id uuid NOT NULL,
    job_class smallint NOT NULL
        CONSTRAINT ck_job_slice_job_class CHECK (job_class BETWEEN 0 AND 4),
    task_id smallint NOT NULL,
    pack_id uuid NOT NULL,
    first integer NOT NULL,
    size integer NOT NULL CONSTRAINT ck_job_slice_size CHECK (size > 0),
    jobs integer NOT NULL CONSTRAINT ck_job_slice_jobs CHECK (jobs BETWEEN 1 AND size),
    worker_id uuid NOT NULL,
    dispatched_at timestamptz NOT NULL DEFAULT now(),
    max_attempts smallint,
    cost real,
    deadline_at timestamptz,
    payloads jsonb NOT NULL,
    CONSTRAINT pk_job_slice PRIMARY KEY (tenant_id, pack_id, first)
) WITH (
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX ix_job_slice_worker_id ON platform.job_slice (worker_id);
"""

# Inlined into statements that look at slices; `place` counts from zero within the pack.
_ITEMS = """
CREATE VIEW platform.job_slice_item WITH (security_invoker = true) AS
SELECT slice.tenant_id, slice.pack_id, slice.first,
    (left(slice.pack_id::text, 30) || lpad(to_hex(slice.first + item.place::integer - 1), 6, '0'))
        ::uuid AS id,
    slice.job_class, slice.task_id, slice.worker_id, slice.dispatched_at, slice.max_attempts,
    slice.cost, slice.deadline_at, item.payload
FROM platform.job_slice AS slice,
    LATERAL jsonb_array_elements(slice.payloads) WITH ORDINALITY AS item (payload, place)
WHERE item.payload <> 'null';
"""

_OVERVIEW = """
CREATE OR REPLACE VIEW platform.job_overview WITH (security_invoker = true) AS
SELECT job.tenant_id, job.id, task.name AS task,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[job.job_class + 1] AS job_class,
    job.state::text AS state, coalesce(job.run_at, uuid_extract_timestamp(job.id)) AS run_at,
    job.attempts, coalesce(job.max_attempts, task.max_attempts) AS max_attempts, job.payload,
    job.dedup_key, job.error, job.progress_done, job.progress_total, job.stage, job.message,
    job.worker_id, job.graph_id, job.deadline_at, uuid_extract_timestamp(job.id) AS created_at,
    job.started_at, job.finished_at
FROM platform.job JOIN platform.job_task AS task ON task.id = job.task_id
UNION ALL
SELECT item.tenant_id, item.id, task.name,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[item.job_class + 1],
    'dispatched', uuid_extract_timestamp(item.id), 0::smallint,
    coalesce(item.max_attempts, task.max_attempts), item.payload, NULL, NULL, NULL, NULL, NULL, NULL,
    item.worker_id, NULL, item.deadline_at, uuid_extract_timestamp(item.id), NULL, NULL
FROM platform.job_slice_item AS item JOIN platform.job_task AS task ON task.id = item.task_id
UNION ALL
SELECT finished.tenant_id, finished.id, task.name,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[finished.job_class + 1],
    finished.state, coalesce(finished.run_at, uuid_extract_timestamp(finished.id)),
    finished.attempts, coalesce(finished.max_attempts, task.max_attempts), finished.payload,
    finished.dedup_key, finished.error, finished.progress_done, finished.progress_total,
    finished.stage, finished.message, finished.worker_id,
    finished.graph_id, NULL, uuid_extract_timestamp(finished.id), finished.started_at,
    finished.finished_at
FROM platform.job_finished AS finished JOIN platform.job_task AS task ON task.id = finished.task_id;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_SLICE)
    protect(op, "platform.job_slice")
    op.execute(_ITEMS)
    op.execute(_OVERVIEW)
    for role in (APP_ROLE, CROSSING_ROLE):
        op.execute(f"GRANT SELECT ON platform.job_slice_item TO {role}")


def downgrade() -> None:
    raise NotImplementedError("what is in slices cannot be put back; restore a backup instead")
