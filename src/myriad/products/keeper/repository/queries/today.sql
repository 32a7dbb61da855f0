-- name: today_people
SELECT n.customers, coalesce(s.slipping, 0) AS slipping,
       coalesce(s.slipping_value, 0)::bigint AS slipping_value,
       EXISTS (SELECT FROM keeper.model_fit f
               WHERE f.business_date = %(day)s AND f.detail ? 'not_enough_history') AS is_too_thin
FROM (SELECT count(*) AS customers FROM keeper.person WHERE merged_into_id IS NULL) n,
(
    SELECT count(*) FILTER (WHERE m.x > 0) AS slipping,
           sum((m.reason ->> 'yearly_value')::bigint) AS slipping_value
    FROM keeper.person_metrics m
    JOIN keeper.person p ON p.tenant_id = m.tenant_id AND p.id = m.person_id
    WHERE m.business_date = %(day)s AND m.state IN ('slowing', 'likely_lapsed')
      AND p.merged_into_id IS NULL
) s

-- name: task_cards
SELECT k.id, k.person_id, p.display_name AS person_name, k.value_at_risk, k.title, k.reason,
       k.business_date, k.state, k.snoozed_until, k.outcome, p.phone, p.email, p.contact_allowed,
       coalesce(m.state, 'unknown') AS person_state, m.itt_median_days, m.itt_mad_days,
       v.days
FROM keeper.task k
JOIN keeper.person p ON p.tenant_id = k.tenant_id AND p.id = k.person_id
LEFT JOIN keeper.person_metrics m ON m.tenant_id = k.tenant_id AND m.person_id = k.person_id
    AND m.business_date = %(day)s
LEFT JOIN LATERAL (
    SELECT array_agg(d.local_date ORDER BY d.local_date) AS days
    FROM (
        SELECT w.local_date
        FROM keeper.visit w
        WHERE w.tenant_id = k.tenant_id AND w.person_id = k.person_id
        ORDER BY w.local_date DESC
        LIMIT 24
    ) d
) v ON true
WHERE CASE
    WHEN %(task_id)s::uuid IS NOT NULL THEN k.id = %(task_id)s::uuid
    WHEN %(person_id)s::uuid IS NOT NULL
        THEN k.person_id = %(person_id)s::uuid AND k.state IN ('open', 'snoozed')
    ELSE (k.state = 'open' OR (k.state = 'snoozed' AND k.snoozed_until <= %(day)s))
        AND k.due_date >= %(day)s
        AND p.contact_allowed
        AND NOT EXISTS (
            -- A booking may have come in since the agents ran: nobody who is coming is called.
            SELECT 1
            FROM keeper.customer c
            JOIN keeper.booking b ON b.tenant_id = c.tenant_id AND b.customer_ext_id = c.ext_id
            WHERE c.tenant_id = k.tenant_id AND c.person_id = k.person_id
              AND b.status = 'ACCEPTED' AND b.start_at > now()
        )
END
ORDER BY k.value_at_risk DESC, k.id
LIMIT %(limit)s

-- name: task_counts
SELECT count(*) FILTER (WHERE state = 'done' AND decided_at >= %(since)s) AS done_today,
       count(*) FILTER (WHERE state = 'snoozed' AND snoozed_until > %(day)s) AS snoozed
FROM keeper.task
WHERE state IN ('done', 'snoozed')

-- name: business_weeks
-- Payments and visits are added up by day once; weeks and 28 whole days are made of the days. What
-- was given back may hold a tip as well, which is no part of the takings.
WITH days AS (
    SELECT local_date, sum(amount - least(amount, refunded))::bigint AS revenue, 0 AS visits
    FROM keeper.payment
    WHERE status = 'COMPLETED' AND local_date BETWEEN %(monday)s AND %(day)s
    GROUP BY local_date
    UNION ALL
    SELECT local_date, 0, count(*)
    FROM keeper.visit
    WHERE local_date BETWEEN %(monday)s AND %(day)s
    GROUP BY local_date
)
SELECT (local_date - %(monday)s::date) / 7 AS week, sum(revenue)::bigint AS revenue,
       sum(visits)::bigint AS visits,
       coalesce(sum(revenue) FILTER (
           WHERE local_date BETWEEN %(whole)s::date - 27 AND %(whole)s), 0)::bigint AS revenue_now,
       coalesce(sum(revenue) FILTER (
           WHERE local_date BETWEEN %(whole)s::date - 55 AND %(whole)s::date - 28), 0)::bigint
           AS revenue_before,
       coalesce(sum(visits) FILTER (
           WHERE local_date BETWEEN %(whole)s::date - 27 AND %(whole)s), 0)::bigint AS visits_now,
       coalesce(sum(visits) FILTER (
           WHERE local_date BETWEEN %(whole)s::date - 55 AND %(whole)s::date - 28), 0)::bigint
           AS visits_before
FROM days
GROUP BY week
ORDER BY week

-- name: active_people
SELECT count(*) FILTER (WHERE v.now) AS people_now,
       count(*) FILTER (WHERE v.before) AS people_before,
       (SELECT min(local_date) FROM keeper.visit) AS first_day
FROM (
    SELECT bool_or(local_date > %(whole)s::date - 90) AS now,
           bool_or(local_date <= %(whole)s::date - 90) AS before
    FROM keeper.visit
    WHERE local_date BETWEEN %(whole)s::date - 179 AND %(whole)s
    GROUP BY person_id
) v

-- name: booked_ahead
SELECT count(DISTINCT coalesce(c.person_id, c.id)) AS people
FROM keeper.booking b
JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
WHERE b.status = 'ACCEPTED' AND b.local_date > %(day)s AND b.start_at > now()

-- name: list_anomalies
SELECT id, local_date, metric, observed, expected, effect, p_value, q_value
FROM keeper.anomaly
WHERE local_date BETWEEN %(first)s AND %(last)s
  AND (%(after_day)s::date IS NULL
       OR (local_date, id) < (%(after_day)s::date, %(after_id)s::uuid))
ORDER BY local_date DESC, id DESC
LIMIT %(limit)s

-- name: today_health
SELECT (SELECT max(last_ok_at) FROM keeper.sync_cursor WHERE object <> 'reviews')
           AS last_sync_at,
       (SELECT count(*) FROM keeper.sync_cursor
        WHERE phase = 'backfill' AND object <> 'reviews') AS backfills,
       (SELECT count(*) FROM keeper.connection WHERE provider = 'square') AS connections,
       (SELECT count(*) FROM keeper.day_total WHERE drift <> 0) AS days_off,
       (SELECT count(*) FROM keeper.quarantine WHERE object <> 'review') AS quarantined

-- name: connection_notices
SELECT provider, status, notice
FROM keeper.connection
ORDER BY created_at

-- name: last_agent_runs
SELECT DISTINCT ON (agent) agent, business_date, state, started_at, duration_ms, rows_in, rows_out,
       error
FROM keeper.agent_run
WHERE started_at > now() - interval '60 days'
ORDER BY agent, started_at DESC, id DESC

-- name: list_agent_runs
SELECT id, agent, business_date, input_digest, state, started_at, duration_ms, rows_in, rows_out,
       error
FROM keeper.agent_run
WHERE (%(after_at)s::timestamptz IS NULL
       OR (started_at, id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
ORDER BY started_at DESC, id DESC
LIMIT %(limit)s
