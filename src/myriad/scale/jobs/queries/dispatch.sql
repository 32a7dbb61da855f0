-- name: promote_due
UPDATE platform.job SET state = 'queued' FROM (
    SELECT tenant_id, id FROM platform.job
    WHERE state = 'waiting' AND run_at <= now()
    ORDER BY run_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due
WHERE job.tenant_id = due.tenant_id AND job.id = due.id

-- name: measure_window
SELECT
    (SELECT coalesce(sum(slots), 0) FROM platform.job_worker
        WHERE seen_at > now() - %(silent_seconds)s * interval '1 second') AS slots,
    (SELECT count(*) FROM platform.job WHERE state = 'dispatched') AS dispatched

-- name: choose_in_class
SELECT tenant_id, id, task FROM platform.job
WHERE state = 'queued' AND job_class = %(job_class)s
ORDER BY virtual_finish_time, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: mark_dispatched
UPDATE platform.job SET state = 'dispatched', dispatched_at = now()
FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[]) AS chosen (tenant_id, id)
WHERE job.tenant_id = chosen.tenant_id AND job.id = chosen.id

-- name: take_back_dispatched
UPDATE platform.job SET state = 'queued', dispatched_at = NULL
FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[]) AS chosen (tenant_id, id)
WHERE job.tenant_id = chosen.tenant_id AND job.id = chosen.id AND job.state = 'dispatched'
