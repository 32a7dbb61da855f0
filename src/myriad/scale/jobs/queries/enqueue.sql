-- name: name_task
SELECT platform.job_task_id(%(task)s)

-- name: insert_job
-- No row: the task has no number yet. No id: a live job has the key, or there is no room.
WITH route AS MATERIALIZED (
    SELECT *, jobs < capacity AND tenant_jobs < capacity / 2 AS has_room
    FROM platform.job_route(%(tenant_id)s, %(task)s, %(job_class)s::smallint)
), inserted AS (
    INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload, run_at, cost,
        dedup_key, deadline_at, max_attempts)
    SELECT %(tenant_id)s, %(id)s,
        CASE WHEN %(run_at)s::timestamptz > now() THEN 'waiting' ELSE 'queued' END::platform.job_state,
        route.job_class, route.task_id, %(payload)s::jsonb,
        CASE WHEN %(run_at)s::timestamptz > now() THEN %(run_at)s::timestamptz END,
        %(cost)s::real, %(dedup_key)s, %(deadline_at)s::timestamptz, %(max_attempts)s::smallint
    FROM route WHERE route.has_room
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead' DO NOTHING
    RETURNING id, state
)
SELECT inserted.id, route.*, CASE WHEN inserted.state = 'queued' THEN
    pg_notify('myriad_jobs', concat_ws(':', %(tenant_id)s, route.job_class, route.task_id)) END AS told
FROM route LEFT JOIN inserted ON true

-- name: find_live_duplicate
SELECT id FROM platform.job
WHERE tenant_id = %(tenant_id)s AND dedup_key = %(dedup_key)s AND state <> 'dead'

-- name: debounce_job
WITH route AS MATERIALIZED (
    SELECT *, jobs < capacity AND tenant_jobs < capacity / 2 AS has_room
    FROM platform.job_route(%(tenant_id)s, %(task)s, %(job_class)s::smallint)
), placed AS (
    INSERT INTO platform.job AS job (tenant_id, id, state, job_class, task_id, payload, run_at,
        cost, dedup_key, deadline_at, max_attempts)
    SELECT %(tenant_id)s, %(id)s, 'waiting', route.job_class, route.task_id, %(payload)s::jsonb,
        now() + %(window)s * interval '1 second', %(cost)s::real, %(dedup_key)s,
        %(deadline_at)s::timestamptz, %(max_attempts)s::smallint
    FROM route WHERE route.has_room OR EXISTS (SELECT FROM platform.job AS live
        WHERE live.tenant_id = %(tenant_id)s AND live.dedup_key = %(dedup_key)s
            AND live.state <> 'dead')
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead'
    DO UPDATE SET
        payload = EXCLUDED.payload,
        state = CASE WHEN job.state IN ('running', 'blocked') THEN job.state ELSE 'waiting' END,
        worker_id = CASE WHEN job.state = 'running' THEN job.worker_id END,
        run_at = CASE
            WHEN job.state IN ('running', 'blocked') OR job.attempts > 0 THEN job.run_at
            ELSE least(EXCLUDED.run_at, uuid_extract_timestamp(job.id)
                + %(limit)s * %(window)s * interval '1 second')
        END,
        again_at = CASE WHEN job.state = 'running' THEN EXCLUDED.run_at ELSE job.again_at END
    RETURNING id
)
SELECT placed.id, route.* FROM route LEFT JOIN placed ON true

-- name: route_job
SELECT * FROM platform.job_route(%(tenant_id)s, %(task)s, %(job_class)s::smallint)

-- name: route_tenants
SELECT wanted.tenant_id, route.* FROM unnest(%(tenant_ids)s::uuid[]) AS wanted (tenant_id),
    LATERAL platform.job_route(wanted.tenant_id, %(task)s, %(job_class)s::smallint) AS route

-- name: insert_packs
INSERT INTO platform.job_pack
    (tenant_id, id, job_class, task_id, max_attempts, size, cost, deadline_at, payloads)
SELECT pack.tenant_id, pack.id, pack.job_class, %(task_id)s, %(max_attempts)s::smallint, pack.size,
    %(cost)s::real, %(deadline_at)s::timestamptz, pack.payloads::jsonb
FROM unnest(%(tenant_ids)b::uuid[], %(ids)b::uuid[], %(job_classes)s::smallint[],
    %(sizes)s::integer[], %(payloads)b::text[])
    AS pack (tenant_id, id, job_class, size, payloads)

-- name: insert_rows
INSERT INTO platform.job
    (tenant_id, id, state, job_class, task_id, payload, cost, deadline_at, max_attempts)
SELECT row.tenant_id, row.id, 'queued', row.job_class, %(task_id)s, row.payload::jsonb,
    %(cost)s::real, %(deadline_at)s::timestamptz, %(max_attempts)s::smallint
FROM unnest(%(tenant_ids)b::uuid[], %(ids)b::uuid[], %(job_classes)s::smallint[],
    %(payloads)b::text[]) AS row (tenant_id, id, job_class, payload)

-- name: tell_dispatcher
SELECT pg_notify('myriad_jobs', flow) FROM unnest(%(flows)s::text[]) AS flow
