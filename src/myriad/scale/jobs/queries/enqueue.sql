-- name: insert_job
WITH inserted AS (
    INSERT INTO platform.job
        (tenant_id, id, task, job_class, state, run_at, dedup_key, payload, max_attempts)
    SELECT %(tenant_id)s, %(id)s, %(task)s, %(job_class)s,
        CASE WHEN due.at > now() THEN 'waiting' ELSE 'queued' END,
        due.at, %(dedup_key)s, %(payload)s, %(max_attempts)s
    FROM (SELECT coalesce(%(run_at)s::timestamptz, now()) AS at) AS due
    ON CONFLICT (tenant_id, dedup_key)
        WHERE dedup_key IS NOT NULL AND state IN ('waiting', 'queued', 'dispatched', 'running')
        DO NOTHING
    RETURNING id, state
)
SELECT id, CASE WHEN state = 'queued' THEN pg_notify('myriad_jobs', '') END AS told FROM inserted

-- name: find_live_duplicate
SELECT id FROM platform.job
WHERE tenant_id = %(tenant_id)s AND dedup_key = %(dedup_key)s
    AND state IN ('waiting', 'queued', 'dispatched', 'running')

-- name: debounce_job
INSERT INTO platform.job AS job
    (tenant_id, id, task, job_class, state, run_at, dedup_key, payload, max_attempts)
VALUES (%(tenant_id)s, %(id)s, %(task)s, %(job_class)s, 'waiting',
    now() + %(window)s * interval '1 second', %(dedup_key)s, %(payload)s, %(max_attempts)s)
ON CONFLICT (tenant_id, dedup_key)
    WHERE dedup_key IS NOT NULL AND state IN ('waiting', 'queued', 'dispatched', 'running')
    DO UPDATE SET
        payload = EXCLUDED.payload,
        state = CASE WHEN job.state = 'running' THEN job.state ELSE 'waiting' END,
        run_at = CASE
            WHEN job.state = 'running' OR job.attempts > 0 THEN job.run_at
            ELSE least(EXCLUDED.run_at,
                job.created_at + %(limit)s * %(window)s * interval '1 second')
        END,
        again_at = CASE WHEN job.state = 'running' THEN EXCLUDED.run_at ELSE job.again_at END
RETURNING id

-- name: enqueue_again
WITH finished AS (
    UPDATE platform.job SET again_at = NULL FROM (
        SELECT tenant_id, id, again_at FROM platform.job
        WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND again_at IS NOT NULL
    ) AS before
    WHERE job.tenant_id = before.tenant_id AND job.id = before.id
    RETURNING job.*, before.again_at AS due
)
INSERT INTO platform.job
    (tenant_id, task, job_class, state, run_at, dedup_key, payload, cost)
SELECT tenant_id, task, job_class, 'waiting', due, dedup_key, payload, cost FROM finished
ON CONFLICT (tenant_id, dedup_key)
    WHERE dedup_key IS NOT NULL AND state IN ('waiting', 'queued', 'dispatched', 'running')
    DO NOTHING
