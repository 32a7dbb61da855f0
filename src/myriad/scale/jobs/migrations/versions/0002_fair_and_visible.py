"""The queue for a million waiting jobs: live rows only, packs for bulk, history by the day.

`platform.job` keeps live jobs and dead letters; what ended well or was cancelled moves to
`platform.job_finished`, whose daily partitions are dropped when they are old. The key of a live
job is the order in which its tenant's work goes, so that one index serves dispatch and look-ups.
"""

from alembic import op

from myriad.scale.data import APP_ROLE, CROSSING_ROLE
from myriad.scale.data.migrations import grant, protect

revision = "jobs_0002"
down_revision = "jobs_0001"
branch_labels = None
depends_on = None

_TYPES = """
CREATE TYPE platform.job_state AS ENUM
    ('blocked', 'waiting', 'queued', 'dispatched', 'running', 'dead');
CREATE TABLE platform.job_task (
    id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_job_task PRIMARY KEY,
    name text NOT NULL CONSTRAINT uq_job_task_name UNIQUE
        CONSTRAINT ck_job_task_name CHECK (length(name) BETWEEN 1 AND 200),
    job_class smallint NOT NULL DEFAULT 2,
    class_by_plan jsonb NOT NULL DEFAULT '{}',
    limit_keys text[] NOT NULL DEFAULT '{}',
    max_attempts smallint,
    mean_seconds double precision,
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE platform.job_limit (
    key text CONSTRAINT pk_job_limit PRIMARY KEY
        CONSTRAINT ck_job_limit_key CHECK (length(key) BETWEEN 1 AND 200),
    concurrency integer NOT NULL
        CONSTRAINT ck_job_limit_concurrency CHECK (concurrency >= 0),
    set_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE platform.job_backlog (
    job_class smallint CONSTRAINT pk_job_backlog PRIMARY KEY
        CONSTRAINT ck_job_backlog_job_class CHECK (job_class BETWEEN 0 AND 4),
    jobs bigint NOT NULL DEFAULT 0,
    capacity bigint NOT NULL DEFAULT 1000000,
    weight double precision NOT NULL DEFAULT 1,
    measured_at timestamptz NOT NULL DEFAULT now()
);
"""

# The key is as small as it gets: 16 + 4 + 2 + 2 + 16 bytes. Columns after `payload` are null in
# an ordinary waiting job and cost nothing there.
_JOB = """
CREATE TABLE platform.job (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT uuidv7(),
    state platform.job_state NOT NULL,
    job_class smallint NOT NULL
        CONSTRAINT ck_job_job_class CHECK (job_class BETWEEN 0 AND 4),
    task_id smallint NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    payload jsonb,
    run_at timestamptz,
    cost real CONSTRAINT ck_job_cost CHECK (cost > 0),
    dedup_key text CONSTRAINT ck_job_dedup_key CHECK (length(dedup_key) BETWEEN 1 AND 500),
    deadline_at timestamptz,
    max_attempts smallint,
    losses smallint,
    lease_until timestamptz,
    fence integer,
    worker_id uuid,
    error jsonb,
    progress_done bigint,
    progress_total bigint,
    stage text,
    message text,
    again_at timestamptz,
    graph_id uuid,
    parents_left smallint,
    dispatched_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT pk_job PRIMARY KEY (tenant_id, state, job_class, task_id, id),
    CONSTRAINT ck_job_running CHECK (state <> 'running' OR lease_until IS NOT NULL)
) WITH (
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_scale_factor = 1,
    autovacuum_analyze_scale_factor = 0.1,
    autovacuum_vacuum_cost_delay = 0
);
CREATE UNIQUE INDEX uq_job_tenant_id_dedup_key ON platform.job (tenant_id, dedup_key)
    WHERE dedup_key IS NOT NULL AND state <> 'dead';
CREATE INDEX ix_job_waiting ON platform.job (run_at) WHERE state = 'waiting';
CREATE INDEX ix_job_held ON platform.job (worker_id) WHERE worker_id IS NOT NULL;
CREATE INDEX ix_job_deadline ON platform.job (deadline_at)
    WHERE deadline_at IS NOT NULL AND state IN ('blocked', 'waiting', 'queued');
CREATE INDEX ix_job_dead ON platform.job (finished_at) WHERE state = 'dead';
CREATE INDEX ix_job_tenant_id_dead ON platform.job (tenant_id, id) WHERE state = 'dead';
CREATE INDEX ix_job_graph ON platform.job (tenant_id, graph_id) WHERE graph_id IS NOT NULL;
CREATE TABLE platform.job_pack (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    job_class smallint NOT NULL
        CONSTRAINT ck_job_pack_job_class CHECK (job_class BETWEEN 0 AND 4),
    task_id smallint NOT NULL,
    max_attempts smallint,
    size integer NOT NULL,
    taken integer NOT NULL DEFAULT 0,
    cost real CONSTRAINT ck_job_pack_cost CHECK (cost > 0),
    deadline_at timestamptz,
    payloads jsonb NOT NULL,
    has_holes boolean NOT NULL DEFAULT false,
    CONSTRAINT pk_job_pack PRIMARY KEY (tenant_id, job_class, task_id, id),
    CONSTRAINT ck_job_pack_taken CHECK (taken BETWEEN 0 AND size)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
"""

_HISTORY = """
CREATE TABLE platform.job_finished (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    state text NOT NULL
        CONSTRAINT ck_job_finished_state CHECK (state IN ('succeeded', 'cancelled')),
    job_class smallint NOT NULL,
    task_id smallint NOT NULL,
    attempts smallint NOT NULL,
    payload jsonb,
    max_attempts smallint,
    cost real,
    dedup_key text,
    graph_id uuid,
    worker_id uuid,
    error jsonb,
    progress_done bigint,
    progress_total bigint,
    stage text,
    message text,
    run_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_job_finished PRIMARY KEY (tenant_id, id, finished_at)
) PARTITION BY RANGE (finished_at);
CREATE INDEX ix_job_finished_finished_at ON platform.job_finished USING brin (finished_at)
    WITH (pages_per_range = 16);
CREATE TABLE platform.job_attempt (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    attempt smallint NOT NULL,
    outcome text NOT NULL,
    worker_id uuid,
    error jsonb,
    started_at timestamptz,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    id uuid NOT NULL DEFAULT uuidv7(),
    CONSTRAINT pk_job_attempt PRIMARY KEY (tenant_id, job_id, id, ended_at)
) PARTITION BY RANGE (ended_at);
"""

_PARTS = """
CREATE TABLE platform.job_step (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    name text NOT NULL CONSTRAINT ck_job_step_name CHECK (length(name) <= 200),
    result jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_job_step PRIMARY KEY (tenant_id, job_id, name)
);
CREATE INDEX ix_job_step_created_at ON platform.job_step (created_at);
CREATE TABLE platform.job_edge (
    tenant_id uuid NOT NULL,
    parent_id uuid NOT NULL,
    child_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_job_edge PRIMARY KEY (tenant_id, parent_id, child_id)
);
CREATE INDEX ix_job_edge_tenant_id_child_id ON platform.job_edge (tenant_id, child_id);
CREATE INDEX ix_job_edge_created_at ON platform.job_edge (created_at);
CREATE TABLE platform.job_item (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT uuidv7(),
    task_id smallint NOT NULL,
    batch_key text NOT NULL,
    payload jsonb NOT NULL,
    CONSTRAINT pk_job_item PRIMARY KEY (tenant_id, task_id, batch_key, id)
);
CREATE TABLE platform.job_flow (
    tenant_id uuid NOT NULL,
    job_class smallint NOT NULL,
    virtual_finish_time double precision NOT NULL DEFAULT 0,
    correction double precision NOT NULL DEFAULT 0,
    served_cost double precision NOT NULL DEFAULT 0,
    served_jobs bigint NOT NULL DEFAULT 0,
    backlog bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_job_flow PRIMARY KEY (tenant_id, job_class)
);
ALTER TABLE platform.job_worker
    ADD COLUMN name text NOT NULL DEFAULT '',
    ADD COLUMN classes smallint[] NOT NULL DEFAULT '{0,1,2,3,4}',
    ADD COLUMN is_draining boolean NOT NULL DEFAULT false,
    ADD COLUMN busy integer NOT NULL DEFAULT 0,
    ADD COLUMN cpu_share real;
"""

# The ticker may not own tables, so what only an owner can do is a function of the owner's that
# takes no names: partitions a few days ahead, old ones dropped, each closed to direct reads.
_UPKEEP = """
CREATE FUNCTION platform.keep_job_partitions(days_ahead integer, keep_days integer)
RETURNS TABLE (created integer, dropped integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    parent text;
    day date;
    part text;
BEGIN
    created := 0;
    dropped := 0;
    IF days_ahead NOT BETWEEN 0 AND 60 OR keep_days NOT BETWEEN 1 AND 3650 THEN
        RAISE EXCEPTION 'days_ahead must be 0 to 60 and keep_days 1 to 3650';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('platform.keep_job_partitions', 0));
    FOREACH parent IN ARRAY ARRAY['job_finished', 'job_attempt'] LOOP
        FOR day IN SELECT generate_series((now() AT TIME ZONE 'UTC')::date - 1,
                (now() AT TIME ZONE 'UTC')::date + days_ahead, interval '1 day')::date LOOP
            part := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass('platform.' || part) IS NOT NULL;
            EXECUTE format('CREATE TABLE platform.%I PARTITION OF platform.%I '
                'FOR VALUES FROM (%L) TO (%L)', part, parent,
                day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
            EXECUTE format('ALTER TABLE platform.%I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format('ALTER TABLE platform.%I FORCE ROW LEVEL SECURITY', part);
            created := created + 1;
        END LOOP;
        FOR part IN SELECT child.relname FROM pg_inherits
                JOIN pg_class child ON child.oid = inhrelid
                JOIN pg_class owner ON owner.oid = inhparent
                JOIN pg_namespace space ON space.oid = owner.relnamespace
                WHERE space.nspname = 'platform' AND owner.relname = parent
                AND child.relname ~ ('^' || parent || '_[0-9]{8}$')
                AND to_date(right(child.relname, 8), 'YYYYMMDD')
                    < (now() AT TIME ZONE 'UTC')::date - keep_days LOOP
            EXECUTE format('DROP TABLE platform.%I', part);
            dropped := dropped + 1;
        END LOOP;
    END LOOP;
    RETURN NEXT;
END $$;
REVOKE ALL ON FUNCTION platform.keep_job_partitions FROM PUBLIC;
CREATE TABLE platform.job_finished_default PARTITION OF platform.job_finished DEFAULT;
CREATE TABLE platform.job_attempt_default PARTITION OF platform.job_attempt DEFAULT;
SELECT platform.keep_job_partitions(3, 3650);
CREATE FUNCTION platform.job_task_id(task_name text) RETURNS smallint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    found smallint;
BEGIN
    SELECT id INTO found FROM platform.job_task WHERE name = task_name;
    WHILE found IS NULL LOOP
        INSERT INTO platform.job_task (name) VALUES (task_name) ON CONFLICT (name) DO NOTHING;
        SELECT id INTO found FROM platform.job_task WHERE name = task_name;
    END LOOP;
    RETURN found;
END $$;
REVOKE ALL ON FUNCTION platform.job_task_id FROM PUBLIC;
"""

# Where a job of a tenant goes: its task, its class by task and plan, and how many more fit. No
# row for a task that nobody has named yet. It is inlined into the statement that asks.
_ROUTE = """
CREATE FUNCTION platform.job_route(tenant uuid, task_name text, wanted_class smallint)
RETURNS TABLE (task_id smallint, job_class smallint, jobs bigint, capacity bigint, tenant_jobs bigint)
LANGUAGE sql STABLE AS $$
    SELECT routed.task_id, routed.job_class, backlog.jobs, backlog.capacity, mine.jobs
    FROM (
        SELECT task.id AS task_id, coalesce(wanted_class, (task.class_by_plan ->> (
            SELECT known.plan FROM platform.tenant AS known WHERE known.id = tenant))::smallint,
            task.job_class) AS job_class
        FROM platform.job_task AS task WHERE task.name = task_name
    ) AS routed, LATERAL (
        SELECT sum(each.jobs)::bigint AS jobs,
            max(each.capacity) FILTER (WHERE each.job_class = routed.job_class) AS capacity
        FROM platform.job_backlog AS each
    ) AS backlog, LATERAL (
        SELECT coalesce(sum(flow.backlog), 0)::bigint AS jobs
        FROM platform.job_flow AS flow WHERE flow.tenant_id = tenant
    ) AS mine
$$;
REVOKE ALL ON FUNCTION platform.job_route FROM PUBLIC;
"""

# The end of a job whose handler wrote something is one short call, sent together with COMMIT. It
# fails when the job is not held any more, and then COMMIT is not reached. Kept plans must not be
# the scans that suited a table of ten rows.
_ENDING = """
CREATE FUNCTION platform.finish_job(of_tenant uuid, of_id uuid, of_class integer, of_task integer,
    of_fence integer, actual_cost double precision, result text)
RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    gone platform.job;
BEGIN
    DELETE FROM platform.job AS job
    WHERE job.tenant_id = of_tenant AND job.state = 'running' AND job.job_class = of_class::smallint
        AND job.task_id = of_task::smallint AND job.id = of_id AND job.fence = of_fence
    RETURNING job.* INTO gone;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the job is no longer held' USING ERRCODE = 'MJ001';
    END IF;
    INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts, payload,
        max_attempts, cost, dedup_key, graph_id, worker_id, progress_done, progress_total, stage,
        message, run_at, started_at)
    VALUES (gone.tenant_id, gone.id, 'succeeded', gone.job_class, gone.task_id, gone.attempts,
        gone.payload, gone.max_attempts, actual_cost, gone.dedup_key, gone.graph_id,
        gone.worker_id, gone.progress_done, gone.progress_total, gone.stage, gone.message,
        gone.run_at, gone.started_at);
    IF result IS NOT NULL THEN
        INSERT INTO platform.job_step (tenant_id, job_id, name, result)
        VALUES (gone.tenant_id, gone.id, '', finish_job.result::jsonb)
        ON CONFLICT ON CONSTRAINT pk_job_step DO UPDATE SET result = EXCLUDED.result;
    END IF;
    IF gone.again_at IS NOT NULL THEN
        INSERT INTO platform.job
            (tenant_id, state, job_class, task_id, run_at, dedup_key, payload, cost)
        VALUES (gone.tenant_id, 'waiting', gone.job_class, gone.task_id, gone.again_at,
            gone.dedup_key, gone.payload, gone.cost)
        ON CONFLICT DO NOTHING;
    END IF;
END $$;
CREATE FUNCTION platform.keep_job(of_tenant uuid, of_id uuid, of_class integer, of_task integer,
    of_fence integer, lease_seconds double precision)
RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE platform.job AS job
    SET lease_until = clock_timestamp() + lease_seconds * interval '1 second'
    WHERE job.tenant_id = of_tenant AND job.state = 'running' AND job.job_class = of_class::smallint
        AND job.task_id = of_task::smallint AND job.id = of_id AND job.fence = of_fence;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the job is no longer held' USING ERRCODE = 'MJ001';
    END IF;
END $$;
REVOKE ALL ON FUNCTION platform.finish_job, platform.keep_job FROM PUBLIC;
"""

_OVERVIEW = """
CREATE VIEW platform.job_overview WITH (security_invoker = true) AS
SELECT job.tenant_id, job.id, task.name AS task,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[job.job_class + 1] AS job_class,
    job.state::text AS state, coalesce(job.run_at, uuid_extract_timestamp(job.id)) AS run_at,
    job.attempts, coalesce(job.max_attempts, task.max_attempts) AS max_attempts, job.payload,
    job.dedup_key, job.error, job.progress_done, job.progress_total, job.stage, job.message,
    job.worker_id, job.graph_id, job.deadline_at, uuid_extract_timestamp(job.id) AS created_at,
    job.started_at, job.finished_at
FROM platform.job JOIN platform.job_task AS task ON task.id = job.task_id
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

_COPY = """
INSERT INTO platform.job_task (name) SELECT DISTINCT task FROM platform.job_before;
INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, attempts, payload, run_at,
    dedup_key, max_attempts, error, finished_at)
SELECT before.tenant_id, before.id,
    CASE before.state WHEN 'dead' THEN 'dead' WHEN 'waiting' THEN 'waiting' ELSE 'queued' END
        ::platform.job_state,
    array_position(ARRAY['interactive', 'high', 'default', 'low', 'bulk'], before.job_class) - 1,
    task.id, before.attempts, before.payload, before.run_at, before.dedup_key,
    before.max_attempts, before.error, before.finished_at
FROM platform.job_before AS before JOIN platform.job_task AS task ON task.name = before.task
WHERE before.state NOT IN ('succeeded', 'cancelled');
DROP TABLE platform.job_before;
"""

# A tenth of the capacity is kept for what people wait for.
_BACKLOG = """
INSERT INTO platform.job_backlog (job_class, capacity)
SELECT rank, CASE WHEN rank < 2 THEN 1000000 ELSE 900000 END FROM generate_series(0, 4) AS rank
"""

_TENANT_TABLES = (
    "job",
    "job_pack",
    "job_finished",
    "job_attempt",
    "job_step",
    "job_edge",
    "job_item",
    "job_flow",
)
_SHARED_TABLES = ("job_task", "job_limit", "job_backlog")


def _let_old_rows_be_read() -> None:
    # Row security is FORCEd on its owner as well, who has no policy and would copy nothing.
    op.execute("ALTER TABLE platform.job_before NO FORCE ROW LEVEL SECURITY")


def upgrade() -> None:
    op.execute("ALTER TABLE platform.job RENAME TO job_before")
    op.execute("ALTER TABLE platform.job_before RENAME CONSTRAINT pk_job TO pk_job_before")
    for index in ("uq_job_tenant_id_dedup_key", "ix_job_waiting", "ix_job_dead", "ix_job_finished"):
        op.execute(f"DROP INDEX platform.{index}")
    for part in (_TYPES, _JOB, _HISTORY, _PARTS, _UPKEEP, _ROUTE):
        op.execute(part)
    _let_old_rows_be_read()
    op.execute(_COPY)
    for table in _TENANT_TABLES:
        protect(op, f"platform.{table}")
    for table in ("job_finished_default", "job_attempt_default"):
        op.execute(f"ALTER TABLE platform.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE platform.{table} FORCE ROW LEVEL SECURITY")
    op.execute(_BACKLOG)
    for table in _SHARED_TABLES:
        _open_for_reading(table)
    op.execute(_OVERVIEW)
    grant(op, "platform.job_overview", APP_ROLE, ("SELECT",))
    grant(op, "platform.job_overview", CROSSING_ROLE, ("SELECT",))
    op.execute(f"GRANT EXECUTE ON FUNCTION platform.keep_job_partitions TO {CROSSING_ROLE}")
    op.execute(_ENDING)
    for function in ("job_task_id", "job_route", "finish_job", "keep_job"):
        op.execute(f"GRANT EXECUTE ON FUNCTION platform.{function} TO {APP_ROLE}, {CROSSING_ROLE}")
    grant(op, "platform.job_task", APP_ROLE, ("INSERT (name)",))
    op.execute(
        f"CREATE POLICY job_task_name ON platform.job_task FOR INSERT TO {APP_ROLE} "
        "WITH CHECK (true)"
    )


def _open_for_reading(table: str) -> None:
    """Let every tenant read what belongs to none, and only the crossing role change it."""
    op.execute(f"ALTER TABLE platform.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE platform.{table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {table}_reading ON platform.{table} FOR SELECT TO {APP_ROLE} USING (true)"
    )
    op.execute(
        f"CREATE POLICY {table}_crossing ON platform.{table} TO {CROSSING_ROLE} "
        "USING (true) WITH CHECK (true)"
    )
    grant(op, f"platform.{table}", APP_ROLE, ("SELECT",))
    grant(op, f"platform.{table}", CROSSING_ROLE, ("SELECT", "INSERT", "UPDATE", "DELETE"))


def downgrade() -> None:
    raise NotImplementedError("finished jobs cannot be put back; restore a backup instead")
