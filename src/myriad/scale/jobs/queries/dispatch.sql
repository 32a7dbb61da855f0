-- name: promote_due
WITH due AS (
    SELECT tenant_id, job_class, task_id, id FROM platform.job
    WHERE state = 'waiting' AND run_at <= now()
    ORDER BY run_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), promoted AS (
    UPDATE platform.job SET state = 'queued' FROM due
    WHERE job.tenant_id = due.tenant_id AND job.state = 'waiting'
        AND job.job_class = due.job_class AND job.task_id = due.task_id AND job.id = due.id
    RETURNING job.tenant_id, job.job_class, job.task_id, job.run_at
)
SELECT tenant_id, job_class, task_id, count(*) AS jobs,
    extract(epoch FROM min(run_at))::double precision AS since
FROM promoted GROUP BY tenant_id, job_class, task_id

-- name: bury_overdue
WITH overdue AS (
    SELECT tenant_id, state, job_class, task_id, id FROM platform.job
    WHERE deadline_at <= now() AND deadline_at IS NOT NULL
        AND state IN ('blocked', 'waiting', 'queued')
    ORDER BY deadline_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), buried AS (
    UPDATE platform.job SET state = 'dead', finished_at = clock_timestamp(), again_at = NULL,
        error = '{"code": "deadline_passed", "detail": "the job was not started by its deadline"}'
    FROM overdue
    WHERE job.tenant_id = overdue.tenant_id AND job.state = overdue.state
        AND job.job_class = overdue.job_class AND job.task_id = overdue.task_id
        AND job.id = overdue.id
    RETURNING job.tenant_id, job.id, job.attempts, job.error
)
INSERT INTO platform.job_attempt (tenant_id, job_id, attempt, outcome, error)
SELECT tenant_id, id, attempts, 'dead', error FROM buried
RETURNING job_id

-- name: read_workers
SELECT id, name, slots, classes, busy FROM platform.job_worker
WHERE NOT is_draining AND seen_at > now() - %(silent_seconds)s * interval '1 second'

-- name: count_under_way
SELECT tenant_id, job_class, task_id, worker_id, count(*) AS jobs FROM platform.job
WHERE worker_id IS NOT NULL AND state IN ('dispatched', 'running')
GROUP BY tenant_id, job_class, task_id, worker_id
UNION ALL
SELECT tenant_id, job_class, task_id, worker_id, sum(jobs) FROM platform.job_slice
GROUP BY tenant_id, job_class, task_id, worker_id

-- name: find_queued_lanes
-- A loose index scan: one look for each tenant, state, class and task, however many jobs there are.
WITH RECURSIVE lane AS (
    (SELECT tenant_id, state, job_class, task_id, id, run_at FROM platform.job
    ORDER BY tenant_id, state, job_class, task_id, id LIMIT 1)
    UNION ALL
    SELECT later.* FROM lane, LATERAL (
        SELECT tenant_id, state, job_class, task_id, id, run_at FROM platform.job
        WHERE (job.tenant_id, job.state, job.job_class, job.task_id)
            > (lane.tenant_id, lane.state, lane.job_class, lane.task_id)
        ORDER BY tenant_id, state, job_class, task_id, id LIMIT 1
    ) AS later
)
SELECT tenant_id, job_class, task_id, false AS is_packed,
    extract(epoch FROM coalesce(run_at, uuid_extract_timestamp(id)))::double precision AS since
FROM lane WHERE state = 'queued'

-- name: find_packed_lanes
WITH RECURSIVE lane AS (
    (SELECT tenant_id, job_class, task_id, id FROM platform.job_pack
    ORDER BY tenant_id, job_class, task_id, id LIMIT 1)
    UNION ALL
    SELECT later.* FROM lane, LATERAL (
        SELECT tenant_id, job_class, task_id, id FROM platform.job_pack AS pack
        WHERE (pack.tenant_id, pack.job_class, pack.task_id)
            > (lane.tenant_id, lane.job_class, lane.task_id)
        ORDER BY tenant_id, job_class, task_id, id LIMIT 1
    ) AS later
)
SELECT tenant_id, job_class, task_id, true AS is_packed,
    extract(epoch FROM uuid_extract_timestamp(id))::double precision AS since
FROM lane

-- name: take_rows
-- Asks of one lane in the same statement differ by `skip`, how many the earlier ones take. The order
-- is spelled as the whole key, since otherwise the planner sorts the lane.
WITH asked AS (
    SELECT * FROM unnest(%(tenant_ids)s::uuid[], %(job_classes)s::smallint[],
        %(task_ids)s::smallint[], %(worker_ids)s::uuid[], %(jobs)s::integer[], %(skips)s::integer[])
        WITH ORDINALITY AS asked (tenant_id, job_class, task_id, worker_id, jobs, skip, number)
), picked AS (
    SELECT asked.number, asked.worker_id, head.* FROM asked, LATERAL (
        SELECT tenant_id, job_class, task_id, id FROM platform.job
        WHERE job.tenant_id = asked.tenant_id AND job.state = 'queued'
            AND job.job_class = asked.job_class AND job.task_id = asked.task_id
        ORDER BY tenant_id, state, job_class, task_id, id OFFSET asked.skip LIMIT asked.jobs FOR UPDATE SKIP LOCKED
    ) AS head
), taken AS (
    UPDATE platform.job SET state = 'dispatched', worker_id = picked.worker_id, dispatched_at = now()
    FROM picked
    WHERE job.tenant_id = picked.tenant_id AND job.state = 'queued'
        AND job.job_class = picked.job_class AND job.task_id = picked.task_id
        AND job.id = picked.id
    RETURNING picked.number, job.id, job.cost
)
SELECT number::integer - 1 AS number, id, cost, NULL AS next_since FROM taken
UNION ALL
SELECT asked.number::integer - 1, NULL, NULL, next.since FROM asked, LATERAL (
    SELECT extract(epoch FROM coalesce(run_at, uuid_extract_timestamp(id)))::double precision AS since
    FROM platform.job
    WHERE job.tenant_id = asked.tenant_id AND job.state = 'queued'
        AND job.job_class = asked.job_class AND job.task_id = asked.task_id
    ORDER BY tenant_id, state, job_class, task_id, id OFFSET asked.skip + asked.jobs LIMIT 1
) AS next

-- name: take_packed
-- The first pack of each lane gives its next items; an empty place belongs to a cancelled job. Many
-- for one worker go as one slice, few as rows.
WITH asked AS (
    SELECT * FROM unnest(%(tenant_ids)s::uuid[], %(job_classes)s::smallint[],
        %(task_ids)s::smallint[], %(worker_ids)s::uuid[], %(jobs)s::integer[], %(skips)s::integer[],
        %(are_slices)s::boolean[]) WITH ORDINALITY
        AS asked (tenant_id, job_class, task_id, worker_id, jobs, skip, is_slice, number)
), lane AS (
    SELECT tenant_id, job_class, task_id, sum(jobs)::integer AS jobs
    FROM asked GROUP BY tenant_id, job_class, task_id
), picked AS MATERIALIZED (
    SELECT pack.*, lane.jobs FROM lane, LATERAL (
        SELECT * FROM platform.job_pack AS pack
        WHERE pack.tenant_id = lane.tenant_id AND pack.job_class = lane.job_class
            AND pack.task_id = lane.task_id
        ORDER BY tenant_id, job_class, task_id, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS pack
), gone AS (
    DELETE FROM platform.job_pack AS pack USING picked
    WHERE pack.tenant_id = picked.tenant_id AND pack.job_class = picked.job_class
        AND pack.task_id = picked.task_id AND pack.id = picked.id
        AND picked.taken + picked.jobs >= picked.size
), shortened AS (
    UPDATE platform.job_pack AS pack SET taken = picked.taken + picked.jobs FROM picked
    WHERE pack.tenant_id = picked.tenant_id AND pack.job_class = picked.job_class
        AND pack.task_id = picked.task_id AND pack.id = picked.id
        AND picked.taken + picked.jobs < picked.size
), part AS MATERIALIZED (
    SELECT asked.number, asked.worker_id, asked.is_slice, picked.tenant_id, picked.job_class,
        picked.task_id, picked.id, picked.cost, picked.max_attempts, picked.deadline_at,
        picked.has_holes, picked.size, picked.taken + asked.skip AS first,
        least(asked.jobs, picked.size - picked.taken - asked.skip) AS jobs,
        jsonb_path_query_array(picked.payloads, '$[$first to $last]', jsonb_build_object(
            'first', picked.taken + asked.skip,
            'last', least(picked.taken + asked.skip + asked.jobs, picked.size) - 1)) AS payloads
    FROM picked JOIN asked ON asked.tenant_id = picked.tenant_id
        AND asked.job_class = picked.job_class AND asked.task_id = picked.task_id
    WHERE picked.taken + asked.skip < picked.size
), counted AS MATERIALIZED (
    SELECT part.*, CASE WHEN has_holes THEN (
        SELECT count(*)::integer FROM jsonb_array_elements(part.payloads) AS item (payload)
        WHERE item.payload <> 'null') ELSE jobs END AS filled
    FROM part
), sliced AS (
    INSERT INTO platform.job_slice (tenant_id, job_class, task_id, pack_id, first, size, jobs,
        worker_id, max_attempts, cost, deadline_at, payloads)
    SELECT tenant_id, job_class, task_id, id, first, jobs, filled, worker_id, max_attempts, cost,
        deadline_at, payloads
    FROM counted WHERE is_slice AND filled > 0
), taken AS (
    INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload, max_attempts, cost,
        deadline_at, worker_id, dispatched_at)
    SELECT tenant_id,
        platform.job_item_id(id, first + item.place::integer - 1), 'dispatched', job_class, task_id,
        item.payload, max_attempts, cost, deadline_at, worker_id, now()
    FROM counted, LATERAL jsonb_array_elements(payloads) WITH ORDINALITY AS item (payload, place)
    WHERE NOT is_slice AND item.payload <> 'null'
)
SELECT counted.number::integer - 1 AS number, counted.id, counted.cost, counted.first, counted.jobs,
    counted.filled, CASE WHEN counted.has_holes THEN counted.payloads END AS payloads,
    counted.size > counted.first + counted.jobs OR EXISTS (
        SELECT FROM platform.job_pack AS later
        WHERE later.tenant_id = counted.tenant_id AND later.job_class = counted.job_class
            AND later.task_id = counted.task_id AND later.id > counted.id) AS has_more
FROM counted

-- name: take_back
UPDATE platform.job SET state = 'queued', worker_id = NULL, dispatched_at = NULL
FROM unnest(%(tenant_ids)s::uuid[], %(job_classes)s::smallint[], %(task_ids)s::smallint[],
    %(ids)s::uuid[]) AS chosen (tenant_id, job_class, task_id, id)
WHERE job.tenant_id = chosen.tenant_id AND job.state = 'dispatched'
    AND job.job_class = chosen.job_class AND job.task_id = chosen.task_id AND job.id = chosen.id

-- name: steal_waiting
-- What waits at a worker whose slots are all busy goes back when another has free slots for it.
WITH busy AS (
    SELECT id FROM platform.job_worker WHERE id = ANY(%(worker_ids)s)
), stolen AS (
    SELECT job.tenant_id, job.job_class, job.task_id, job.id
    FROM busy JOIN platform.job ON job.worker_id = busy.id
    WHERE job.state = 'dispatched' AND job.job_class = ANY(%(job_classes)s::smallint[])
        AND job.dispatched_at < now() - %(seconds)s * interval '1 second'
    ORDER BY job.dispatched_at LIMIT %(limit)s FOR UPDATE OF job SKIP LOCKED
)
UPDATE platform.job SET state = 'queued', worker_id = NULL, dispatched_at = NULL FROM stolen
WHERE job.tenant_id = stolen.tenant_id AND job.state = 'dispatched'
    AND job.job_class = stolen.job_class AND job.task_id = stolen.task_id AND job.id = stolen.id
RETURNING job.tenant_id, job.job_class, job.task_id

-- name: read_limits
-- Nothing of a suspended tenant begins, whatever limit it has; what it had counts again afterwards.
SELECT key, min(concurrency) AS concurrency FROM (
    SELECT key, concurrency FROM platform.job_limit
    UNION ALL
    SELECT 'tenant:' || id, 0 FROM platform.tenant WHERE status = 'suspended'
) AS known GROUP BY key

-- name: list_suspended
SELECT id FROM platform.tenant WHERE status = 'suspended'

-- name: read_tasks
SELECT id, name, mean_seconds, limit_keys FROM platform.job_task

-- name: read_plans
SELECT id, plan FROM platform.tenant

-- name: list_limits
SELECT key, concurrency FROM platform.job_limit ORDER BY key

-- name: set_limit
INSERT INTO platform.job_limit (key, concurrency) VALUES (%(key)s, %(concurrency)s)
ON CONFLICT (key) DO UPDATE SET concurrency = EXCLUDED.concurrency, set_at = now()

-- name: clear_limit
DELETE FROM platform.job_limit WHERE key = %(key)s

-- name: read_flows
SELECT tenant_id, job_class, virtual_finish_time FROM platform.job_flow
WHERE virtual_finish_time > 0

-- name: take_corrections
WITH found AS (
    SELECT tenant_id, job_class, correction FROM platform.job_flow WHERE correction <> 0
    ORDER BY tenant_id, job_class LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE platform.job_flow AS flow SET correction = 0 FROM found
WHERE flow.tenant_id = found.tenant_id AND flow.job_class = found.job_class
RETURNING flow.tenant_id, flow.job_class, found.correction

-- name: keep_flows
INSERT INTO platform.job_flow AS flow (tenant_id, job_class, virtual_finish_time)
SELECT * FROM unnest(%(tenant_ids)s::uuid[], %(job_classes)s::smallint[],
    %(finish_times)s::double precision[]) AS kept (tenant_id, job_class, virtual_finish_time)
ORDER BY tenant_id, job_class
ON CONFLICT (tenant_id, job_class) DO UPDATE
SET virtual_finish_time = EXCLUDED.virtual_finish_time, updated_at = now()
