-- name: schedule_slots
SELECT every, slot, weekday, count(*) AS accounts,
       sum(coalesce(size_seconds, 0))::float8 AS seconds
FROM platform.schedule
WHERE enabled AND starts_with(task, 'keeper.') AND every IN ('nightly', 'weekly')
GROUP BY every, slot, weekday

-- name: schedule_hours
SELECT every, extract(isodow FROM next_fire_at AT TIME ZONE 'UTC')::int - 1 AS weekday,
       extract(hour FROM next_fire_at AT TIME ZONE 'UTC')::int AS hour, count(*) AS accounts,
       sum(coalesce(size_seconds, 0))::float8 AS seconds
FROM platform.schedule
WHERE enabled AND starts_with(task, 'keeper.') AND every IN ('nightly', 'weekly', 'hourly')
GROUP BY 1, 2, 3

-- name: count_accounts
SELECT count(*) AS accounts FROM keeper.account

-- name: sync_seconds
SELECT count(*) AS ended,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM f.finished_at - f.started_at))
           AS p95_seconds,
       count(*) FILTER (WHERE extract(epoch FROM f.finished_at - f.started_at) > %(bound)s)
           AS over_bound
FROM platform.job_finished f
JOIN platform.job_task t ON t.id = f.task_id
WHERE t.name = 'keeper.account.sync' AND f.state = 'succeeded' AND f.started_at IS NOT NULL
  AND f.finished_at > %(since)s

-- name: drift_totals
SELECT count(*) AS days, count(DISTINCT tenant_id) FILTER (WHERE drift <> 0) AS accounts,
       coalesce(sum(abs(drift)), 0)::bigint AS cents
FROM keeper.day_total
WHERE local_date BETWEEN %(first)s AND %(last)s

-- name: insight_accuracy
SELECT count(*) AS graded, count(*) FILTER (WHERE correct) AS right
FROM keeper.insight
WHERE graded_at > %(since)s AND correct IS NOT NULL

-- name: account_work
SELECT a.tenant_id, n.name, n.plan, coalesce(w.seconds, 0)::float8 AS seconds,
       coalesce(c.rows, 0)::float8 AS rows,
       coalesce(m.usd_micros, 0)::float8 AS model_usd_micros
FROM keeper.account a
JOIN platform.tenant n ON n.id = a.tenant_id
LEFT JOIN (
    SELECT f.tenant_id, sum(extract(epoch FROM f.finished_at - f.started_at)) AS seconds
    FROM platform.job_finished f
    JOIN platform.job_task t ON t.id = f.task_id
    WHERE starts_with(t.name, 'keeper.') AND f.finished_at > %(since)s
      AND f.started_at IS NOT NULL
    GROUP BY f.tenant_id
) w ON w.tenant_id = a.tenant_id
LEFT JOIN (
    SELECT tenant_id, sum(rows) AS rows FROM keeper.sync_cursor GROUP BY tenant_id
) c ON c.tenant_id = a.tenant_id
LEFT JOIN (
    SELECT tenant_id, sum(cost_usd_micros) AS usd_micros
    FROM platform.ai_spend
    WHERE product = 'keeper' AND day BETWEEN %(first)s AND %(last)s
    GROUP BY tenant_id
) m ON m.tenant_id = a.tenant_id

-- name: stored_bytes
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 AS bytes
FROM pg_class c
WHERE c.relnamespace = 'keeper'::regnamespace AND c.relkind = 'r'
