-- name: reap_expired
UPDATE platform.job SET
    state = CASE WHEN attempts >= max_attempts THEN 'dead' ELSE 'queued' END,
    finished_at = CASE WHEN attempts >= max_attempts THEN now() END,
    fence = fence + 1, lease_until = NULL, worker_id = NULL,
    error = '{"code": "worker_lost", "detail": "the worker fell silent in the middle of the job"}'
FROM (
    SELECT tenant_id, id FROM platform.job
    WHERE state = 'running' AND lease_until < now()
    ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS lost
WHERE job.tenant_id = lost.tenant_id AND job.id = lost.id
RETURNING job.tenant_id, job.id, job.state, job.again_at

-- name: reap_workers_jobs
UPDATE platform.job SET
    state = CASE WHEN attempts >= max_attempts THEN 'dead' ELSE 'queued' END,
    finished_at = CASE WHEN attempts >= max_attempts THEN now() END,
    fence = fence + 1, lease_until = NULL, worker_id = NULL,
    error = '{"code": "worker_lost", "detail": "the worker ended in the middle of the job"}'
FROM (
    SELECT tenant_id, id FROM platform.job
    WHERE state = 'running' AND worker_id = ANY(%(worker_ids)s)
    FOR UPDATE SKIP LOCKED
) AS lost
WHERE job.tenant_id = lost.tenant_id AND job.id = lost.id
RETURNING job.tenant_id, job.id, job.state, job.again_at

-- name: reap_dispatched
UPDATE platform.job SET state = 'queued', dispatched_at = NULL
FROM (
    SELECT tenant_id, id FROM platform.job
    WHERE state = 'dispatched'
        AND dispatched_at < now() - %(stale_seconds)s * interval '1 second'
    ORDER BY dispatched_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS stale
WHERE job.tenant_id = stale.tenant_id AND job.id = stale.id

-- name: prune_finished
DELETE FROM platform.job USING (
    SELECT tenant_id, id FROM platform.job
    WHERE state IN ('succeeded', 'cancelled', 'dead')
        AND finished_at < now() - CASE WHEN state = 'dead' THEN %(dead_days)s ELSE %(days)s END
            * interval '1 day'
        AND finished_at < now() - least(%(days)s, %(dead_days)s) * interval '1 day'
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS old
WHERE job.tenant_id = old.tenant_id AND job.id = old.id

-- name: forget_workers
DELETE FROM platform.job_worker WHERE seen_at < now() - interval '1 day'

-- name: measure_queue
SELECT job_class, state, count(*) AS jobs,
    max(extract(epoch FROM now() - greatest(run_at, created_at))) AS oldest_seconds
FROM platform.job
WHERE state IN ('waiting', 'queued', 'dispatched', 'running')
GROUP BY job_class, state
