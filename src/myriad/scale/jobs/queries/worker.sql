-- name: announce_worker
INSERT INTO platform.job_worker
    (id, host, pid, slots, name, classes, busy, is_draining, cpu_share)
VALUES (%(id)s, %(host)s, %(pid)s, %(slots)s, %(name)s, %(classes)s, %(busy)s, %(is_draining)s,
    %(cpu_share)s)
ON CONFLICT (id) DO UPDATE SET seen_at = now(), slots = EXCLUDED.slots, busy = EXCLUDED.busy,
    is_draining = EXCLUDED.is_draining, cpu_share = EXCLUDED.cpu_share

-- name: dismiss_workers
DELETE FROM platform.job_worker WHERE id = ANY(%(ids)s)

-- name: list_workers_on_host
SELECT id, pid FROM platform.job_worker WHERE host = %(host)s

-- name: extend_leases
UPDATE platform.job SET lease_until = now() + held.seconds * interval '1 second'
FROM (
    SELECT job.tenant_id, job.job_class, job.task_id, job.id, mine.seconds
    FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(job_classes)s::smallint[],
        %(task_ids)s::smallint[], %(fences)s::integer[], %(seconds)s::double precision[])
        AS mine (tenant_id, id, job_class, task_id, fence, seconds)
    JOIN platform.job ON job.tenant_id = mine.tenant_id AND job.state = 'running'
        AND job.job_class = mine.job_class AND job.task_id = mine.task_id AND job.id = mine.id
        AND job.fence = mine.fence
    FOR UPDATE OF job SKIP LOCKED
) AS held
WHERE job.tenant_id = held.tenant_id AND job.state = 'running'
    AND job.job_class = held.job_class AND job.task_id = held.task_id AND job.id = held.id

-- name: find_lost
SELECT mine.id, EXISTS (
    SELECT FROM platform.job_finished AS finished
    WHERE finished.tenant_id = mine.tenant_id AND finished.id = mine.id
        AND finished.state = 'cancelled' AND finished.finished_at > now() - interval '1 day'
) AS was_cancelled
FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(job_classes)s::smallint[],
    %(task_ids)s::smallint[], %(fences)s::integer[])
    AS mine (tenant_id, id, job_class, task_id, fence)
LEFT JOIN platform.job ON job.tenant_id = mine.tenant_id AND job.state = 'running'
    AND job.job_class = mine.job_class AND job.task_id = mine.task_id AND job.id = mine.id
    AND job.fence = mine.fence
WHERE job.id IS NULL

-- name: give_back_dispatched
WITH given_back AS (
    UPDATE platform.job SET state = 'queued', worker_id = NULL, dispatched_at = NULL
    WHERE worker_id = %(id)s AND state = 'dispatched'
    RETURNING tenant_id, job_class, task_id
)
SELECT pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id)) FROM given_back
GROUP BY tenant_id, job_class, task_id

-- name: add_flows
INSERT INTO platform.job_flow AS flow
    (tenant_id, job_class, served_jobs, served_cost, correction)
SELECT * FROM unnest(%(tenant_ids)s::uuid[], %(job_classes)s::smallint[], %(jobs)s::bigint[],
    %(costs)s::double precision[], %(corrections)s::double precision[])
    AS served (tenant_id, job_class, jobs, cost, correction)
ORDER BY tenant_id, job_class
ON CONFLICT (tenant_id, job_class) DO UPDATE SET
    served_jobs = flow.served_jobs + EXCLUDED.served_jobs,
    served_cost = flow.served_cost + EXCLUDED.served_cost,
    correction = flow.correction + EXCLUDED.correction,
    updated_at = now()

-- name: learn_means
UPDATE platform.job_task SET
    mean_seconds = coalesce(mean_seconds + least(jobs / (jobs + 20.0), 0.5) * (mean - mean_seconds), mean),
    seen_at = now()
FROM (
    SELECT * FROM unnest(%(task_ids)s::smallint[], %(jobs)s::bigint[], %(means)s::double precision[])
        AS measured (id, jobs, mean) ORDER BY id
) AS measured
WHERE job_task.id = measured.id

-- name: list_tasks
SELECT id, name FROM platform.job_task

-- name: announce_tasks
INSERT INTO platform.job_task
    (name, job_class, class_by_plan, limit_keys, max_attempts, mean_seconds)
SELECT name, job_class, class_by_plan, limit_keys, max_attempts, mean_seconds
FROM jsonb_to_recordset(%(tasks)s) AS task (name text, job_class smallint, class_by_plan jsonb,
    limit_keys text[], max_attempts smallint, mean_seconds double precision)
ORDER BY name
ON CONFLICT (name) DO UPDATE SET job_class = EXCLUDED.job_class,
    class_by_plan = EXCLUDED.class_by_plan, limit_keys = EXCLUDED.limit_keys,
    max_attempts = EXCLUDED.max_attempts,
    mean_seconds = coalesce(job_task.mean_seconds, EXCLUDED.mean_seconds), seen_at = now()
