-- name: get_job
SELECT id, task, job_class, state, run_at, attempts, max_attempts, error, progress_done,
    progress_total, stage, message, created_at, started_at, finished_at
FROM platform.job WHERE tenant_id = %(tenant_id)s AND id = %(id)s

-- name: list_dead
SELECT id, task, job_class, state, run_at, attempts, max_attempts, error, progress_done,
    progress_total, stage, message, created_at, started_at, finished_at
FROM platform.job
WHERE tenant_id = %(tenant_id)s AND state = 'dead' AND id < %(before)s
ORDER BY id DESC LIMIT %(limit)s

-- name: replay_dead
UPDATE platform.job SET
    state = 'queued', attempts = 0, run_at = now(), error = NULL, finished_at = NULL,
    fence = fence + 1
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND state = 'dead'
RETURNING pg_notify('myriad_jobs', '') AS told

-- name: cancel_live
UPDATE platform.job SET
    state = 'cancelled', finished_at = now(), lease_until = NULL, worker_id = NULL,
    fence = fence + 1
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    AND state IN ('waiting', 'queued', 'dispatched', 'running')
