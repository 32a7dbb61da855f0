-- name: lock_rebalance
SELECT pg_try_advisory_xact_lock(hashtextextended('myriad.schedule.rebalance', 0))

-- name: measure_sizes
WITH run AS (
    SELECT schedule.tenant_id, schedule.id, max(job.finished_at) AS until,
        avg(extract(epoch FROM job.finished_at - job.started_at)) AS seconds
    FROM platform.job_finished AS job JOIN platform.schedule
        ON schedule.tenant_id = job.tenant_id AND schedule.name = job.payload ->> 'schedule'
    WHERE job.finished_at > %(since)s AND job.state = 'succeeded'
        AND job.dedup_key LIKE 'schedule:%%'
        AND job.finished_at > coalesce(schedule.measured_at, '-infinity')
    GROUP BY schedule.tenant_id, schedule.id
)
UPDATE platform.schedule SET measured_at = run.until, size_seconds = CASE
        WHEN schedule.size_seconds IS NULL THEN greatest(run.seconds, 0)
        ELSE schedule.size_seconds
            + %(step)s * (greatest(run.seconds, 0) - schedule.size_seconds) END
FROM run WHERE schedule.tenant_id = run.tenant_id AND schedule.id = run.id

-- name: note_size
UPDATE platform.schedule SET size_seconds = CASE WHEN size_seconds IS NULL THEN %(seconds)s::float8
        ELSE size_seconds + %(step)s * (%(seconds)s::float8 - size_seconds) END
WHERE tenant_id = %(tenant_id)s AND name = %(name)s

-- name: list_nights
SELECT schedule.tenant_id, schedule.id, schedule.every, schedule.slot, schedule.second,
    schedule.weekday, schedule.size_seconds, schedule.next_fire_at,
    coalesce(schedule.zone, tenant.timezone) AS timezone
FROM platform.schedule JOIN platform.tenant ON tenant.id = schedule.tenant_id
WHERE schedule.enabled AND schedule.every IN ('nightly', 'weekly')

-- name: move_slots
UPDATE platform.schedule SET slot = moved.slot, next_fire_at = moved.next_fire_at,
    updated_at = now()
FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(slots)s::smallint[],
    %(befores)s::timestamptz[], %(nexts)s::timestamptz[])
    AS moved (tenant_id, id, slot, before, next_fire_at)
WHERE schedule.tenant_id = moved.tenant_id AND schedule.id = moved.id
    AND schedule.next_fire_at = moved.before
