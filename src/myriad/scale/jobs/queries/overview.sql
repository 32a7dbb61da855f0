-- name: count_lanes
-- Row security decides whose jobs these are: one account's, or everybody's for a crossing session.
-- What a suspended account has waiting waits on purpose: it is counted, and makes nothing look stuck.
WITH held AS MATERIALIZED (
    SELECT coalesce(array_agg(id), '{}') AS ids FROM platform.tenant WHERE status = 'suspended'
)
SELECT job_class, state::text AS state, count(*) AS jobs,
    min(coalesce(run_at, uuid_extract_timestamp(id)))
        FILTER (WHERE tenant_id <> ALL ((SELECT ids FROM held)::uuid[])) AS oldest_at
FROM platform.job GROUP BY job_class, state
UNION ALL
SELECT job_class, 'queued', coalesce(sum(size - taken), 0)::bigint,
    min(uuid_extract_timestamp(id)) FILTER (WHERE tenant_id <> ALL ((SELECT ids FROM held)::uuid[]))
FROM platform.job_pack GROUP BY job_class
UNION ALL
SELECT job_class, 'dispatched', sum(jobs)::bigint, min(uuid_extract_timestamp(pack_id))
FROM platform.job_slice GROUP BY job_class

-- name: count_waiting_of
SELECT (SELECT count(*) FROM platform.job WHERE tenant_id = %(tenant_id)s
        AND state IN ('blocked', 'waiting', 'queued', 'dispatched'))
    + (SELECT coalesce(sum(size - taken), 0) FROM platform.job_pack WHERE tenant_id = %(tenant_id)s)
    AS jobs

-- name: count_endings
SELECT date_bin('1 minute', finished_at, 'epoch') AS minute,
    count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
    coalesce(sum(cost) FILTER (WHERE state = 'succeeded'), 0)::double precision AS cost
FROM platform.job_finished WHERE finished_at >= now() - %(minutes)s * interval '1 minute'
GROUP BY 1

-- name: count_failures
SELECT date_bin('1 minute', ended_at, 'epoch') AS minute, count(*) AS failed
FROM platform.job_attempt
WHERE ended_at >= now() - %(minutes)s * interval '1 minute'
    AND outcome IN ('retry', 'dead', 'lost')
GROUP BY 1

-- name: group_dead
-- What went wrong, worst first: one line a task and error code, with its newest example.
SELECT task.name AS task, coalesce(dead.error ->> 'code', 'unknown') AS code, count(*) AS jobs,
    count(DISTINCT dead.tenant_id) AS tenants, min(dead.ended_at) AS first_at,
    max(dead.ended_at) AS last_at,
    (array_agg(dead.id ORDER BY dead.ended_at DESC))[1] AS newest_id,
    (array_agg(dead.tenant_id ORDER BY dead.ended_at DESC))[1] AS newest_tenant_id,
    (array_agg(dead.error ->> 'detail' ORDER BY dead.ended_at DESC))[1] AS detail
FROM (
    SELECT tenant_id, id, task_id, error,
        coalesce(finished_at, uuid_extract_timestamp(id)) AS ended_at
    FROM platform.job WHERE state = 'dead'
) AS dead JOIN platform.job_task AS task ON task.id = dead.task_id
GROUP BY task.name, code ORDER BY jobs DESC, task.name, code LIMIT %(limit)s

-- name: list_shares
-- Who got how much of the last minutes, and what of each tenant still waits.
WITH live AS (
    SELECT tenant_id, count(*) FILTER (WHERE state = 'queued') AS ready,
        count(*) FILTER (WHERE state IN ('dispatched', 'running')) AS in_flight,
        count(*) FILTER (WHERE state = 'dead') AS dead
    FROM platform.job GROUP BY tenant_id
), packed AS (
    SELECT tenant_id, sum(size - taken) AS ready FROM platform.job_pack GROUP BY tenant_id
), sliced AS (
    SELECT tenant_id, sum(jobs) AS in_flight FROM platform.job_slice GROUP BY tenant_id
), served AS (
    SELECT tenant_id, count(*) AS jobs, coalesce(sum(cost), 0)::double precision AS cost
    FROM platform.job_finished
    WHERE finished_at >= now() - %(minutes)s * interval '1 minute' AND state = 'succeeded'
    GROUP BY tenant_id
)
SELECT tenant.id AS tenant_id, tenant.name, tenant.plan,
    (coalesce(live.ready, 0) + coalesce(packed.ready, 0))::bigint AS ready,
    (coalesce(live.in_flight, 0) + coalesce(sliced.in_flight, 0))::bigint AS in_flight, coalesce(live.dead, 0) AS dead,
    coalesce(served.jobs, 0) AS served, coalesce(served.cost, 0) AS cost,
    CASE WHEN tenant.status = 'suspended' THEN 0
        ELSE coalesce(own_cap.concurrency, any_cap.concurrency) END AS cap
FROM platform.tenant AS tenant
LEFT JOIN live ON live.tenant_id = tenant.id
LEFT JOIN packed ON packed.tenant_id = tenant.id
LEFT JOIN sliced ON sliced.tenant_id = tenant.id
LEFT JOIN served ON served.tenant_id = tenant.id
LEFT JOIN platform.job_limit AS own_cap ON own_cap.key = 'tenant:' || tenant.id
LEFT JOIN platform.job_limit AS any_cap ON any_cap.key = 'tenant'
WHERE live.tenant_id IS NOT NULL OR packed.tenant_id IS NOT NULL OR served.tenant_id IS NOT NULL
    OR sliced.tenant_id IS NOT NULL
ORDER BY cost DESC, in_flight DESC, ready DESC, tenant.id LIMIT %(limit)s

-- name: sum_served
SELECT coalesce(sum(cost), 0)::double precision FROM platform.job_finished
WHERE finished_at >= now() - %(minutes)s * interval '1 minute' AND state = 'succeeded'

-- name: show_workers
SELECT id, name, host, pid, slots, busy, classes, is_draining, cpu_share, started_at, seen_at
FROM platform.job_worker ORDER BY seen_at < now() - interval '15 seconds', name, id

-- name: list_relatives
SELECT edge.name, edge.parent_id = %(id)s AS is_child, other.id, other.task, other.state
FROM platform.job_edge AS edge JOIN platform.job_overview AS other
    ON other.tenant_id = edge.tenant_id
    AND other.id = CASE WHEN edge.parent_id = %(id)s THEN edge.child_id ELSE edge.parent_id END
WHERE edge.tenant_id = %(tenant_id)s AND (edge.parent_id = %(id)s OR edge.child_id = %(id)s)
ORDER BY is_child, edge.name, other.id LIMIT %(limit)s

-- name: list_kept_steps
SELECT name, result, created_at FROM platform.job_step
WHERE tenant_id = %(tenant_id)s AND job_id = %(id)s ORDER BY created_at, name LIMIT %(limit)s

-- name: find_tenant_of_job
SELECT tenant_id FROM platform.job_overview WHERE id = %(id)s
UNION ALL
SELECT tenant_id FROM platform.job_pack WHERE id = %(pack_id)s
LIMIT 1

-- name: list_everywhere
SELECT job.id, job.task, job.job_class, job.state, job.run_at, job.attempts, job.max_attempts,
    job.error, job.progress_done, job.progress_total, job.stage, job.message, job.created_at,
    job.started_at, job.finished_at, tenant.slug AS tenant
FROM platform.job_overview AS job LEFT JOIN platform.tenant ON tenant.id = job.tenant_id
WHERE (%(state)s::text IS NULL OR job.state = %(state)s)
    AND (%(task)s::text IS NULL OR job.task = %(task)s)
    AND (%(job_class)s::text IS NULL OR job.job_class = %(job_class)s)
ORDER BY job.id DESC LIMIT %(limit)s

-- name: list_task_names
SELECT name FROM platform.job_task ORDER BY name

-- name: list_tenants_with_dead
SELECT job.tenant_id FROM platform.job JOIN platform.job_task AS task ON task.id = job.task_id
WHERE job.state = 'dead' AND task.name = coalesce(%(task)s, task.name)
    AND (%(error_code)s::text IS NULL OR job.error ->> 'code' = %(error_code)s)
GROUP BY job.tenant_id ORDER BY min(job.finished_at), job.tenant_id

-- name: get_job_detail
SELECT id, task, job_class, state, run_at, attempts, max_attempts, error, progress_done,
    progress_total, stage, message, created_at, started_at, finished_at, payload, dedup_key,
    worker_id, graph_id, deadline_at
FROM platform.job_overview WHERE tenant_id = %(tenant_id)s AND id = %(id)s
UNION ALL
SELECT %(id)s, task.name,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[pack.job_class + 1], 'queued',
    uuid_extract_timestamp(pack.id), 0, coalesce(pack.max_attempts, task.max_attempts), NULL, NULL,
    NULL, NULL, NULL, uuid_extract_timestamp(pack.id), NULL, NULL,
    pack.payloads -> %(item)s::integer, NULL, NULL, NULL, pack.deadline_at
FROM platform.job_pack AS pack JOIN platform.job_task AS task ON task.id = pack.task_id
WHERE pack.tenant_id = %(tenant_id)s AND pack.id = %(pack_id)s
    AND %(item)s >= pack.taken AND %(item)s < pack.size
    AND pack.payloads -> %(item)s::integer <> 'null'

-- name: list_attempts
SELECT attempt, outcome, worker_id, error, started_at, ended_at FROM platform.job_attempt
WHERE tenant_id = %(tenant_id)s AND job_id = %(id)s ORDER BY id DESC LIMIT %(limit)s

-- name: show_backlog
SELECT job_class, jobs, capacity FROM platform.job_backlog

-- name: weigh_in_flight
SELECT job.tenant_id, task.mean_seconds, count(*) AS jobs
FROM platform.job JOIN platform.job_task AS task ON task.id = job.task_id
WHERE job.tenant_id = ANY(%(tenant_ids)s) AND job.state IN ('dispatched', 'running')
GROUP BY job.tenant_id, task.mean_seconds
UNION ALL
SELECT slice.tenant_id, task.mean_seconds, sum(slice.jobs)
FROM platform.job_slice AS slice JOIN platform.job_task AS task ON task.id = slice.task_id
WHERE slice.tenant_id = ANY(%(tenant_ids)s) GROUP BY slice.tenant_id, task.mean_seconds

-- name: count_active_tenants
SELECT count(*) FROM (
    SELECT tenant_id FROM platform.job WHERE state IN ('queued', 'dispatched', 'running')
    UNION
    SELECT tenant_id FROM platform.job_pack
    UNION
    SELECT tenant_id FROM platform.job_slice
) AS active
