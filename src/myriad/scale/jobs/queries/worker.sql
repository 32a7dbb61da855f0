-- name: announce_worker
INSERT INTO platform.job_worker (id, host, pid, slots)
VALUES (%(id)s, %(host)s, %(pid)s, %(slots)s)
ON CONFLICT (id) DO UPDATE SET seen_at = now(), slots = EXCLUDED.slots

-- name: dismiss_workers
DELETE FROM platform.job_worker WHERE id = ANY(%(ids)s)

-- name: list_workers_on_host
SELECT id, pid FROM platform.job_worker WHERE host = %(host)s

-- name: extend_leases
UPDATE platform.job SET lease_until = now() + held.seconds * interval '1 second'
FROM (
    SELECT job.tenant_id, job.id, mine.seconds
    FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(fences)s::bigint[],
        %(seconds)s::double precision[]) AS mine (tenant_id, id, fence, seconds)
    JOIN platform.job ON job.tenant_id = mine.tenant_id AND job.id = mine.id
        AND job.fence = mine.fence AND job.state = 'running'
    FOR UPDATE OF job SKIP LOCKED
) AS held
WHERE job.tenant_id = held.tenant_id AND job.id = held.id

-- name: find_lost
SELECT mine.id, job.state FROM unnest(
    %(tenant_ids)s::uuid[], %(ids)s::uuid[], %(fences)s::bigint[]) AS mine (tenant_id, id, fence)
LEFT JOIN platform.job ON job.tenant_id = mine.tenant_id AND job.id = mine.id
WHERE job.id IS NULL OR job.fence <> mine.fence OR job.state <> 'running'
