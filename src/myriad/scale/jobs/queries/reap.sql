-- name: reap_expired
SELECT tenant_id, job_class, task_id, id FROM platform.job
WHERE state = 'running' AND worker_id IS NOT NULL AND lease_until < now()
ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: find_jobs_of_workers
SELECT tenant_id, job_class, task_id, id FROM platform.job
WHERE state = 'running' AND worker_id = ANY(%(worker_ids)s)
FOR UPDATE SKIP LOCKED

-- name: lose_jobs
-- A job whose worker died under it too often, or for the last time, is a dead letter.
WITH lost AS (
    SELECT job.*, coalesce(job.losses, 0) + 1 AS lost_so_often,
        coalesce(job.losses, 0) + 1 >= %(poison_losses)s AS is_poison,
        job.attempts >= coalesce(job.max_attempts, 10) AS is_spent
    FROM unnest(%(tenant_ids)s::uuid[], %(job_classes)s::smallint[], %(task_ids)s::smallint[],
        %(ids)s::uuid[]) AS found (tenant_id, job_class, task_id, id)
    JOIN platform.job ON job.tenant_id = found.tenant_id AND job.state = 'running'
        AND job.job_class = found.job_class AND job.task_id = found.task_id AND job.id = found.id
), ended AS (
    UPDATE platform.job SET
        state = CASE WHEN lost.is_poison OR lost.is_spent THEN 'dead' ELSE 'queued' END
            ::platform.job_state,
        finished_at = CASE WHEN lost.is_poison OR lost.is_spent THEN clock_timestamp() END,
        fence = job.fence + 1, losses = lost.lost_so_often, lease_until = NULL,
        worker_id = NULL, dispatched_at = NULL,
        again_at = CASE WHEN lost.is_poison OR lost.is_spent THEN NULL ELSE job.again_at END,
        error = CASE WHEN lost.is_poison THEN %(poison)s::jsonb ELSE %(error)s::jsonb END
    FROM lost
    WHERE job.tenant_id = lost.tenant_id AND job.state = 'running'
        AND job.job_class = lost.job_class AND job.task_id = lost.task_id AND job.id = lost.id
    RETURNING old.*, new.state AS new_state, new.error AS new_error
), again AS (
    INSERT INTO platform.job
        (tenant_id, state, job_class, task_id, run_at, dedup_key, payload, cost)
    SELECT tenant_id, 'waiting', job_class, task_id, again_at, dedup_key, payload, cost
    FROM ended WHERE new_state = 'dead' AND again_at IS NOT NULL
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead' DO NOTHING
), noted AS (
    INSERT INTO platform.job_attempt
        (tenant_id, job_id, attempt, outcome, worker_id, error, started_at)
    SELECT tenant_id, id, attempts, CASE WHEN new_state = 'dead' THEN 'dead' ELSE 'lost' END,
        worker_id, new_error, started_at FROM ended
)
SELECT id, new_state AS state, CASE WHEN new_state = 'queued' THEN
    pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id)) END AS told
FROM ended

-- name: reap_dispatched
-- Sent to a worker that is gone, longer ago than `stale_seconds`.
WITH stale AS (
    SELECT tenant_id, job_class, task_id, id FROM platform.job
    WHERE state = 'dispatched' AND worker_id IS NOT NULL
        AND dispatched_at < now() - %(stale_seconds)s * interval '1 second'
        AND NOT EXISTS (
            SELECT FROM platform.job_worker AS worker WHERE worker.id = job.worker_id
                AND worker.seen_at > now() - interval '15 seconds')
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), queued AS (
    UPDATE platform.job SET state = 'queued', worker_id = NULL, dispatched_at = NULL FROM stale
    WHERE job.tenant_id = stale.tenant_id AND job.state = 'dispatched'
        AND job.job_class = stale.job_class AND job.task_id = stale.task_id AND job.id = stale.id
    RETURNING job.tenant_id, job.job_class, job.task_id
)
SELECT count(*) AS jobs, pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id))
FROM queued GROUP BY tenant_id, job_class, task_id

-- name: reap_unheard
-- Sent to a worker that has nothing more to read: the message was lost.
WITH stale AS (
    SELECT tenant_id, job_class, task_id, id FROM platform.job
    WHERE state = 'dispatched' AND worker_id = ANY(%(worker_ids)s)
        AND dispatched_at < now() - %(stale_seconds)s * interval '1 second'
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), queued AS (
    UPDATE platform.job SET state = 'queued', worker_id = NULL, dispatched_at = NULL FROM stale
    WHERE job.tenant_id = stale.tenant_id AND job.state = 'dispatched'
        AND job.job_class = stale.job_class AND job.task_id = stale.task_id AND job.id = stale.id
    RETURNING job.tenant_id, job.job_class, job.task_id
)
SELECT count(*) AS jobs, pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id))
FROM queued GROUP BY tenant_id, job_class, task_id

-- name: list_workers
SELECT id, name, slots, busy, is_draining, cpu_share, classes,
    seen_at > now() - interval '15 seconds' AS is_live FROM platform.job_worker

-- name: forget_workers
DELETE FROM platform.job_worker AS worker WHERE seen_at < now() - interval '60 seconds'
    AND NOT EXISTS (SELECT FROM platform.job WHERE job.worker_id = worker.id
        AND job.state IN ('dispatched', 'running'))
    AND NOT EXISTS (SELECT FROM platform.job_slice AS slice WHERE slice.worker_id = worker.id)
RETURNING name

-- name: keep_partitions
SELECT created, dropped FROM platform.keep_job_partitions(%(days_ahead)s, %(keep_days)s)

-- name: prune_dead
DELETE FROM platform.job USING (
    SELECT tenant_id, job_class, task_id, id FROM platform.job
    WHERE state = 'dead' AND finished_at < now() - %(days)s * interval '1 day'
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS gone
WHERE job.tenant_id = gone.tenant_id AND job.state = 'dead' AND job.job_class = gone.job_class
    AND job.task_id = gone.task_id AND job.id = gone.id
RETURNING job.tenant_id, job.id, job.graph_id

-- name: prune_steps
-- A result stays while a job that waits for another parent may still ask for it.
DELETE FROM platform.job_step WHERE (tenant_id, job_id, name) IN (
    SELECT tenant_id, job_id, name FROM platform.job_step AS step
    WHERE created_at < now() - %(days)s * interval '1 day'
        AND NOT EXISTS (SELECT FROM platform.job
            WHERE job.tenant_id = step.tenant_id AND job.id = step.job_id)
        AND NOT EXISTS (SELECT FROM platform.job_edge AS edge JOIN platform.job AS child
            ON child.tenant_id = edge.tenant_id AND child.id = edge.child_id
            WHERE edge.tenant_id = step.tenant_id AND edge.parent_id = step.job_id)
    ORDER BY created_at LIMIT %(limit)s
)

-- name: prune_edges
DELETE FROM platform.job_edge WHERE (tenant_id, parent_id, child_id) IN (
    SELECT tenant_id, parent_id, child_id FROM platform.job_edge AS edge
    WHERE created_at < now() - %(days)s * interval '1 day'
        AND NOT EXISTS (SELECT FROM platform.job WHERE job.tenant_id = edge.tenant_id
            AND job.id IN (edge.parent_id, edge.child_id))
    ORDER BY created_at LIMIT %(limit)s
)

-- name: find_gone_tenants
SELECT DISTINCT tenant_id FROM platform.job_flow AS flow
WHERE tenant_id <> '00000000-0000-0000-0000-000000000000'
    AND NOT EXISTS (SELECT FROM platform.tenant WHERE tenant.id = flow.tenant_id)
LIMIT 100

-- name: forget_tenants
WITH jobs AS (DELETE FROM platform.job WHERE tenant_id = ANY(%(tenant_ids)s)),
    packs AS (DELETE FROM platform.job_pack WHERE tenant_id = ANY(%(tenant_ids)s)),
    slices AS (DELETE FROM platform.job_slice WHERE tenant_id = ANY(%(tenant_ids)s)),
    steps AS (DELETE FROM platform.job_step WHERE tenant_id = ANY(%(tenant_ids)s)),
    edges AS (DELETE FROM platform.job_edge WHERE tenant_id = ANY(%(tenant_ids)s)),
    items AS (DELETE FROM platform.job_item WHERE tenant_id = ANY(%(tenant_ids)s))
DELETE FROM platform.job_flow WHERE tenant_id = ANY(%(tenant_ids)s)

-- name: count_backlog
WITH counted AS MATERIALIZED (
    SELECT tenant_id, job_class, sum(jobs)::bigint AS jobs FROM (
        SELECT tenant_id, job_class, count(*) AS jobs FROM platform.job
        WHERE state IN ('blocked', 'waiting', 'queued') GROUP BY tenant_id, job_class
        UNION ALL
        SELECT tenant_id, job_class, sum(size - taken) FROM platform.job_pack
        GROUP BY tenant_id, job_class
    ) AS both_kinds GROUP BY tenant_id, job_class
), changed AS (
    SELECT coalesce(counted.tenant_id, flow.tenant_id) AS tenant_id,
        coalesce(counted.job_class, flow.job_class) AS job_class, coalesce(counted.jobs, 0) AS jobs
    FROM counted FULL JOIN platform.job_flow AS flow
        ON flow.tenant_id = counted.tenant_id AND flow.job_class = counted.job_class
    WHERE coalesce(counted.jobs, 0) IS DISTINCT FROM flow.backlog
), of_tenants AS (
    INSERT INTO platform.job_flow AS flow (tenant_id, job_class, backlog)
    SELECT tenant_id, job_class, jobs FROM changed ORDER BY tenant_id, job_class
    ON CONFLICT (tenant_id, job_class) DO UPDATE SET backlog = EXCLUDED.backlog, updated_at = now()
)
UPDATE platform.job_backlog AS backlog SET jobs = coalesce((
        SELECT sum(counted.jobs) FROM counted WHERE counted.job_class = backlog.job_class
    ), 0), measured_at = now()

-- name: measure_queue
SELECT job_class, state::text AS state, count(*) AS jobs FROM platform.job
GROUP BY job_class, state
UNION ALL
SELECT job_class, 'packed', sum(size - taken)::bigint FROM platform.job_pack GROUP BY job_class
UNION ALL
SELECT job_class, 'dispatched', sum(jobs)::bigint FROM platform.job_slice GROUP BY job_class
