-- name: claim_jobs
-- A row that somebody else has locked is passed over; `find_claimable` tells it from one that is gone.
-- A running row of the worker's own is a claim whose answer was lost on the way; it counts once.
WITH asked AS (
    SELECT * FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(job_classes)s::smallint[],
        %(task_ids)s::smallint[], %(worker_ids)s::uuid[], %(lease_seconds)s::double precision[],
        %(max_attempts)s::smallint[], %(are_alone)s::boolean[])
    AS asked (tenant_id, id, job_class, task_id, worker_id, lease_seconds, max_attempts, is_alone)
), free AS (
    SELECT job.tenant_id, job.state, job.job_class, job.task_id, job.id, asked.worker_id,
        asked.lease_seconds, asked.max_attempts
    FROM asked JOIN platform.job ON job.tenant_id = asked.tenant_id
        AND job.state IN ('queued', 'dispatched', 'running')
        AND job.job_class = asked.job_class AND job.task_id = asked.task_id AND job.id = asked.id
        AND (job.state <> 'running' OR job.lease_until < clock_timestamp()
            OR job.worker_id = asked.worker_id)
        AND (asked.is_alone OR coalesce(job.losses, 0) < %(suspect_losses)s)
    FOR UPDATE OF job SKIP LOCKED
)
UPDATE platform.job SET
    state = 'running',
    lease_until = clock_timestamp() + free.lease_seconds * interval '1 second',
    fence = coalesce(job.fence, 0) + 1,
    attempts = job.attempts
        + (job.state <> 'running' OR job.worker_id IS DISTINCT FROM free.worker_id)::integer,
    max_attempts = coalesce(job.max_attempts, free.max_attempts),
    losses = CASE WHEN job.state = 'running' AND job.worker_id IS DISTINCT FROM free.worker_id
        THEN coalesce(job.losses, 0) + 1 ELSE job.losses END,
    worker_id = free.worker_id,
    started_at = clock_timestamp(),
    progress_done = NULL, progress_total = NULL, stage = NULL, message = NULL
FROM free
WHERE job.tenant_id = free.tenant_id AND job.state = free.state
    AND job.job_class = free.job_class AND job.task_id = free.task_id AND job.id = free.id
RETURNING job.id, job.worker_id, job.payload, job.fence, job.attempts, job.max_attempts,
    job.deadline_at, job.graph_id, coalesce(job.cost,
        (SELECT mean_seconds FROM platform.job_task WHERE job_task.id = job.task_id)) AS estimate

-- name: find_claimable
SELECT job.id FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(job_classes)s::smallint[],
    %(task_ids)s::smallint[]) AS asked (tenant_id, id, job_class, task_id)
JOIN platform.job ON job.tenant_id = asked.tenant_id AND job.state IN ('queued', 'dispatched')
    AND job.job_class = asked.job_class AND job.task_id = asked.task_id AND job.id = asked.id

-- name: finish_jobs
-- A row that somebody else has locked is passed over here; `finish_job` waits for it.
WITH asked AS (
    SELECT * FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(job_classes)s::smallint[],
        %(task_ids)s::smallint[], %(fences)s::integer[], %(costs)s::real[], %(results)s::text[])
    AS asked (tenant_id, id, job_class, task_id, fence, cost, result)
), held AS (
    SELECT job.tenant_id, job.job_class, job.task_id, job.id, asked.cost, asked.result
    FROM asked JOIN platform.job ON job.tenant_id = asked.tenant_id AND job.state = 'running'
        AND job.job_class = asked.job_class AND job.task_id = asked.task_id
        AND job.id = asked.id AND job.fence = asked.fence
    FOR UPDATE OF job SKIP LOCKED
), gone AS (
    DELETE FROM platform.job USING held
    WHERE job.tenant_id = held.tenant_id AND job.state = 'running'
        AND job.job_class = held.job_class AND job.task_id = held.task_id AND job.id = held.id
    RETURNING job.*, held.cost AS actual_cost, held.result
), kept AS (
    INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts, payload,
        max_attempts, cost, dedup_key, graph_id, worker_id, progress_done, progress_total, stage,
        message, run_at, started_at)
    SELECT tenant_id, id, 'succeeded', job_class, task_id, attempts, payload,
        max_attempts, actual_cost, dedup_key, graph_id, worker_id, progress_done, progress_total, stage,
        message, run_at, started_at
    FROM gone
), told AS (
    INSERT INTO platform.job_step (tenant_id, job_id, name, result)
    SELECT tenant_id, id, '', result::jsonb FROM gone WHERE result IS NOT NULL
    ON CONFLICT (tenant_id, job_id, name) DO UPDATE SET result = EXCLUDED.result
), again AS (
    INSERT INTO platform.job
        (tenant_id, state, job_class, task_id, run_at, dedup_key, payload, cost)
    SELECT tenant_id, 'waiting', job_class, task_id, again_at, dedup_key, payload, cost
    FROM gone WHERE again_at IS NOT NULL
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead' DO NOTHING
)
SELECT id FROM gone

-- name: finish_job
-- Fails, so that nothing of the transaction remains, when the job is not ours any more.
SELECT platform.finish_job(%(tenant_id)s, %(id)s, %(job_class)s, %(task_id)s, %(fence)s, %(cost)s,
    %(result)s)

-- name: keep_job
-- Fails, so that nothing of the transaction remains, when the job is not ours any more.
SELECT platform.keep_job(%(tenant_id)s, %(id)s, %(job_class)s, %(task_id)s, %(fence)s,
    %(lease_seconds)s)

-- name: note_progress
UPDATE platform.job SET
    progress_done = %(done)s, progress_total = %(total)s,
    stage = coalesce(%(stage)s, job.stage), message = %(message)s
FROM (
    SELECT tenant_id, job_class, task_id, id FROM platform.job
    WHERE tenant_id = %(tenant_id)s AND state = 'running' AND job_class = %(job_class)s
        AND task_id = %(task_id)s AND id = %(id)s AND fence = %(fence)s
    FOR UPDATE SKIP LOCKED
) AS held
WHERE job.tenant_id = held.tenant_id AND job.state = 'running'
    AND job.job_class = held.job_class AND job.task_id = held.task_id AND job.id = held.id

-- name: postpone_job
WITH ended AS (
    UPDATE platform.job SET
        state = 'waiting',
        run_at = clock_timestamp() + %(delay_seconds)s * interval '1 second',
        attempts = attempts - %(attempts_back)s,
        lease_until = NULL, worker_id = NULL, error = %(error)s
    WHERE tenant_id = %(tenant_id)s AND state = 'running' AND job_class = %(job_class)s
        AND task_id = %(task_id)s AND id = %(id)s AND fence = %(fence)s
    RETURNING old.*
)
INSERT INTO platform.job_attempt
    (tenant_id, job_id, attempt, outcome, worker_id, error, started_at)
SELECT tenant_id, id, attempts, %(outcome)s, worker_id, %(error)s, started_at FROM ended
RETURNING job_id

-- name: bury_job
WITH ended AS (
    UPDATE platform.job SET
        state = 'dead', finished_at = clock_timestamp(), lease_until = NULL, worker_id = NULL,
        error = %(error)s, again_at = NULL
    WHERE tenant_id = %(tenant_id)s AND state = 'running' AND job_class = %(job_class)s
        AND task_id = %(task_id)s AND id = %(id)s AND fence = %(fence)s
    RETURNING old.*
), again AS (
    INSERT INTO platform.job
        (tenant_id, state, job_class, task_id, run_at, dedup_key, payload, cost)
    SELECT tenant_id, 'waiting', job_class, task_id, again_at, dedup_key, payload, cost
    FROM ended WHERE again_at IS NOT NULL
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead' DO NOTHING
)
INSERT INTO platform.job_attempt
    (tenant_id, job_id, attempt, outcome, worker_id, error, started_at)
SELECT tenant_id, id, attempts, 'dead', worker_id, %(error)s, started_at FROM ended
RETURNING job_id

-- name: give_back_job
WITH ended AS (
    UPDATE platform.job SET
        state = 'queued', attempts = attempts - 1, lease_until = NULL, worker_id = NULL
    WHERE tenant_id = %(tenant_id)s AND state = 'running' AND job_class = %(job_class)s
        AND task_id = %(task_id)s AND id = %(id)s AND fence = %(fence)s
    RETURNING old.*
), noted AS (
    INSERT INTO platform.job_attempt
        (tenant_id, job_id, attempt, outcome, worker_id, started_at)
    SELECT tenant_id, id, attempts, 'given_back', worker_id, started_at FROM ended
)
SELECT id, pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id)) FROM ended

-- name: list_steps
SELECT name, result FROM platform.job_step WHERE tenant_id = %(tenant_id)s AND job_id = %(id)s

-- name: keep_step
-- A job that goes on is not what its workers die of: those lost before this step count no longer.
WITH going_on AS (
    UPDATE platform.job SET losses = NULL
    WHERE tenant_id = %(tenant_id)s AND state = 'running' AND job_class = %(job_class)s
        AND task_id = %(task_id)s AND id = %(id)s AND fence = %(fence)s AND losses > 0
)
INSERT INTO platform.job_step (tenant_id, job_id, name, result)
VALUES (%(tenant_id)s, %(id)s, %(name)s, %(result)s::jsonb)

-- name: list_results_of_parents
SELECT edge.name, step.result FROM platform.job_edge AS edge
LEFT JOIN platform.job_step AS step ON step.tenant_id = edge.tenant_id
    AND step.job_id = edge.parent_id AND step.name = ''
WHERE edge.tenant_id = %(tenant_id)s AND edge.child_id = %(id)s
