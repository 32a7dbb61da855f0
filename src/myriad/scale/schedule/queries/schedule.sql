-- name: ensure_schedules
INSERT INTO platform.schedule AS known
    (tenant_id, name, task, every, cron, zone, job_class, payload, slot, second, weekday,
    next_fire_at)
SELECT %(tenant_id)s, wanted.* FROM unnest(
    %(names)s::text[], %(tasks)s::text[], %(everies)s::text[], %(crons)s::text[],
    %(zones)s::text[], %(classes)s::text[], %(payloads)s::jsonb[], %(slots)s::smallint[],
    %(seconds)s::smallint[], %(weekdays)s::smallint[], %(fires)s::timestamptz[]) AS wanted
ON CONFLICT (tenant_id, name) DO UPDATE SET
    task = EXCLUDED.task, job_class = EXCLUDED.job_class, payload = EXCLUDED.payload,
    weekday = EXCLUDED.weekday, every = EXCLUDED.every, cron = EXCLUDED.cron,
    zone = EXCLUDED.zone, updated_at = now(),
    next_fire_at = CASE WHEN (known.every, known.weekday, known.cron, known.zone)
            IS NOT DISTINCT FROM
            (EXCLUDED.every, EXCLUDED.weekday, EXCLUDED.cron, EXCLUDED.zone)
        THEN known.next_fire_at ELSE EXCLUDED.next_fire_at END
WHERE (known.task, known.job_class, known.payload, known.every, known.weekday, known.cron,
        known.zone)
    IS DISTINCT FROM
    (EXCLUDED.task, EXCLUDED.job_class, EXCLUDED.payload, EXCLUDED.every, EXCLUDED.weekday,
        EXCLUDED.cron, EXCLUDED.zone)

-- name: list_places
SELECT name, slot, second, weekday FROM platform.schedule WHERE tenant_id = %(tenant_id)s

-- name: get_zone
SELECT timezone FROM platform.tenant WHERE id = %(tenant_id)s

-- name: find_operators_account
-- Work of the installation is done in an account that one of its operators owns, the oldest one.
SELECT member.tenant_id
FROM platform.membership AS member
JOIN platform.user_account AS person ON person.id = member.user_id AND person.is_operator
ORDER BY member.role = 'owner' DESC, member.tenant_id LIMIT 1

-- name: set_enabled
UPDATE platform.schedule SET enabled = %(enabled)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND name = %(name)s

-- name: take_due
SELECT schedule.tenant_id, schedule.id, schedule.name, schedule.task, schedule.every,
    schedule.cron, schedule.slot, schedule.second, schedule.weekday, schedule.next_fire_at,
    coalesce(schedule.zone, tenant.timezone) AS timezone,
    tenant.status = 'active' AS is_active
FROM platform.schedule JOIN platform.tenant ON tenant.id = schedule.tenant_id
WHERE schedule.enabled AND schedule.next_fire_at <= %(now)s
ORDER BY schedule.next_fire_at, schedule.id
LIMIT %(limit)s FOR UPDATE OF schedule SKIP LOCKED

-- name: fires_per_minute
SELECT coalesce(sum(CASE every
    WHEN 'hourly' THEN 1.0 / 60 WHEN 'weekly' THEN 1.0 / 2520 ELSE 1.0 / 360 END), 0) AS rate
FROM platform.schedule WHERE enabled

-- name: name_tasks
SELECT count(platform.job_task_id(task)) FROM unnest(%(tasks)s::text[]) AS task

-- name: materialise
WITH moved AS (
    UPDATE platform.schedule SET
        last_fire_at = due.fire_at, next_fire_at = due.next_fire_at
    FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[], %(fires)s::timestamptz[],
        %(nexts)s::timestamptz[], %(starts)s::timestamptz[], %(actives)s::boolean[],
        %(denses)s::boolean[])
        AS due (tenant_id, id, fire_at, next_fire_at, start_at, is_active, is_dense)
    WHERE schedule.tenant_id = due.tenant_id AND schedule.id = due.id
        AND schedule.next_fire_at = due.fire_at
    RETURNING schedule.tenant_id, schedule.name, schedule.task, schedule.payload,
        (array_position(ARRAY['interactive', 'high', 'default', 'low', 'bulk'],
            schedule.job_class) - 1)::smallint AS wanted_class,
        due.start_at, due.is_active, due.is_dense,
        to_char(due.fire_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS fire_time
), made AS (
    INSERT INTO platform.job (tenant_id, state, job_class, task_id, run_at, dedup_key, payload)
    SELECT moved.tenant_id,
        CASE WHEN start_at > now() THEN 'waiting' ELSE 'queued' END::platform.job_state,
        route.job_class, route.task_id, CASE WHEN start_at > now() THEN start_at END,
        'schedule:' || name || CASE WHEN is_dense THEN '' ELSE ':' || fire_time END,
        payload || jsonb_build_object('schedule', name, 'fire_time', fire_time)
    FROM moved CROSS JOIN LATERAL platform.job_route(
        moved.tenant_id, moved.task, moved.wanted_class) AS route
    WHERE is_active
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead' DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM made) AS made,
    pg_notify('myriad_jobs', '') AS told
