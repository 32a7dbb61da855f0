-- name: claim_job
UPDATE platform.job SET
    state = 'running',
    lease_until = clock_timestamp() + %(lease_seconds)s * interval '1 second',
    fence = fence + 1,
    attempts = attempts + 1,
    max_attempts = coalesce(max_attempts, %(max_attempts)s),
    worker_id = %(worker_id)s,
    started_at = now(),
    progress_done = NULL, progress_total = NULL, stage = NULL, message = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    AND (state IN ('queued', 'dispatched') OR (state = 'running' AND lease_until < now()))
RETURNING task, payload, fence, attempts, max_attempts

-- name: keep_job
UPDATE platform.job SET lease_until = clock_timestamp() + %(lease_seconds)s * interval '1 second'
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND fence = %(fence)s AND state = 'running'

-- name: note_progress
UPDATE platform.job SET
    progress_done = %(done)s, progress_total = %(total)s,
    stage = coalesce(%(stage)s, stage), message = %(message)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND fence = %(fence)s AND state = 'running'

-- name: finish_job
UPDATE platform.job SET
    state = 'succeeded', finished_at = clock_timestamp(), lease_until = NULL, worker_id = NULL, error = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND fence = %(fence)s AND state = 'running'
RETURNING again_at

-- name: postpone_job
UPDATE platform.job SET
    state = 'waiting',
    run_at = clock_timestamp() + %(delay_seconds)s * interval '1 second',
    attempts = attempts - %(attempts_back)s,
    lease_until = NULL, worker_id = NULL, error = %(error)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND fence = %(fence)s AND state = 'running'

-- name: bury_job
UPDATE platform.job SET
    state = 'dead', finished_at = clock_timestamp(), lease_until = NULL, worker_id = NULL, error = %(error)s
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND fence = %(fence)s AND state = 'running'
RETURNING again_at

-- name: give_back_job
UPDATE platform.job SET
    state = 'queued', attempts = attempts - 1, lease_until = NULL, worker_id = NULL
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND fence = %(fence)s AND state = 'running'
RETURNING pg_notify('myriad_jobs', '') AS told

-- name: get_fence
SELECT state, fence FROM platform.job WHERE tenant_id = %(tenant_id)s AND id = %(id)s
