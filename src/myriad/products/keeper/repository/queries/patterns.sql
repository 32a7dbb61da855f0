-- name: load_baskets
-- What was bought, by person and day, and by order where nobody is known.
SELECT s.person_id, s.local_date, min(s.team_member_ext_id) AS staff,
       array_agg(DISTINCT l.name) AS items
FROM keeper.sale s
JOIN keeper.order_line l ON l.tenant_id = s.tenant_id AND l.order_ext_id = s.order_ext_id
WHERE s.status = 'COMPLETED' AND s.local_date BETWEEN %(first)s AND %(last)s
  AND s.refunded < s.amount AND btrim(l.name) <> ''
GROUP BY s.person_id, s.local_date, CASE WHEN s.person_id IS NULL THEN s.order_ext_id END
ORDER BY s.local_date, s.person_id, min(s.order_ext_id)

-- name: weekly_series
-- One row a week. Known articles are what no appointment was ever made for; where there are no
-- appointments, everything is a service and the share of retail is unknown.
WITH visit AS MATERIALIZED (
    SELECT person_id, local_date FROM keeper.visits_until(%(last)s)
), service AS MATERIALIZED (
    SELECT DISTINCT g ->> 'service_variation_id' AS item
    FROM keeper.booking b
    CROSS JOIN LATERAL jsonb_array_elements(b.segments) AS g
    WHERE b.local_date <= %(last)s AND g ->> 'service_variation_id' IS NOT NULL
), line AS (
    SELECT date_trunc('week', o.local_date)::date AS week_start, o.ext_id, l.net,
           l.catalog_ext_id IS NOT NULL AND s.item IS NULL
               AND EXISTS (SELECT FROM service) AS is_article
    FROM keeper.sales_order o
    JOIN keeper.order_line l ON l.tenant_id = o.tenant_id AND l.order_ext_id = o.ext_id
    LEFT JOIN service s ON s.item = l.catalog_ext_id
    WHERE o.state = 'COMPLETED' AND o.local_date BETWEEN %(first)s AND %(last)s
), sold AS (
    SELECT week_start, sum(net)::float8 AS net,
           coalesce(sum(net) FILTER (WHERE is_article), 0)::float8 AS articles,
           (sum(net) FILTER (WHERE NOT is_article))::float8 AS services,
           count(DISTINCT ext_id) FILTER (WHERE NOT is_article) AS served
    FROM line GROUP BY week_start
)
SELECT w.week_start::date AS week_start,
       coalesce(t.net, 0)::float8 AS takings,
       coalesce(v.visits, 0)::float8 AS visits,
       CASE WHEN w.week_start >= span.first_day + 180 THEN coalesce(n.people, 0)::float8 END
           AS new_customers,
       l.services / nullif(l.served, 0) AS average_service,
       CASE WHEN EXISTS (SELECT FROM service) AND l.net > 0 THEN l.articles / l.net END
           AS retail_share
FROM (SELECT min(local_date) AS first_day FROM visit) span
CROSS JOIN generate_series(
    greatest(
        %(first)s::date,
        coalesce(date_trunc('week', span.first_day + 6)::date, %(last)s::date + 1)
    ),
    %(last)s::date, interval '7 days'
) AS w (week_start)
LEFT JOIN (
    SELECT date_trunc('week', local_date)::date AS week_start, sum(net) AS net
    FROM keeper.sales_until(%(last)s)
    GROUP BY 1
) t ON t.week_start = w.week_start
LEFT JOIN (
    SELECT date_trunc('week', local_date)::date AS week_start, count(*) AS visits
    FROM visit GROUP BY 1
) v ON v.week_start = w.week_start
LEFT JOIN (
    SELECT date_trunc('week', f.first_day)::date AS week_start, count(*) AS people
    FROM (SELECT min(local_date) AS first_day FROM visit GROUP BY person_id) f
    GROUP BY 1
) n ON n.week_start = w.week_start
LEFT JOIN sold l ON l.week_start = w.week_start
ORDER BY w.week_start

-- name: patterns_digest
SELECT md5(concat_ws('|', p.digest, o.digest, c.digest)) AS digest
FROM (SELECT concat_ws(',', count(*), max(ext_updated_at), sum(amount), sum(refunded)) AS digest
      FROM keeper.payment WHERE local_date <= %(day)s) p,
     (SELECT concat_ws(',', count(*), max(ext_updated_at), sum(total), sum(version)) AS digest
      FROM keeper.sales_order WHERE local_date <= %(day)s) o,
     (SELECT concat_ws(',', count(*), count(DISTINCT person_id), max(updated_at)) AS digest
      FROM keeper.customer) c

-- name: find_pattern_week
SELECT week_start, input_digest, baskets, items, people, visits, pairs_tested, sequences_tested,
       weeks_of_data, updated_at
FROM keeper.pattern_week
WHERE %(week)s::date IS NULL OR week_start = %(week)s::date
ORDER BY week_start DESC
LIMIT 1

-- name: store_pattern_week
INSERT INTO keeper.pattern_week (
    tenant_id, week_start, input_digest, baskets, items, people, visits, pairs_tested,
    sequences_tested, weeks_of_data
) VALUES (
    %(tenant_id)s, %(week)s, %(digest)s, %(baskets)s, %(items)s, %(people)s, %(visits)s,
    %(pairs_tested)s, %(sequences_tested)s, %(weeks_of_data)s
)
ON CONFLICT (tenant_id, week_start) DO UPDATE
SET input_digest = excluded.input_digest, baskets = excluded.baskets, items = excluded.items,
    people = excluded.people, visits = excluded.visits, pairs_tested = excluded.pairs_tested,
    sequences_tested = excluded.sequences_tested, weeks_of_data = excluded.weeks_of_data,
    updated_at = now()

-- name: clear_patterns
DELETE FROM keeper.pattern WHERE week_start = %(week)s

-- name: clear_trends
DELETE FROM keeper.trend WHERE week_start = %(week)s

-- name: store_patterns
INSERT INTO keeper.pattern (
    tenant_id, week_start, kind, first_item, second_item, total, first_count, second_count,
    both_count, people, expected, lift, lift_in_month, lift_by_staff, lift_early, lift_late,
    p_value, q_value, either_way, window_days, since
)
SELECT %(tenant_id)s, %(week)s, w.*, coalesce((
    SELECT p.since FROM keeper.pattern p
    WHERE p.week_start = %(week)s::date - 7 AND p.kind = w.kind
      AND p.first_item = w.first_item AND p.second_item = w.second_item
), %(week)s)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    kind text, first_item text, second_item text, total bigint, first_count bigint,
    second_count bigint, both_count bigint, people bigint, expected float8, lift float8,
    lift_in_month float8, lift_by_staff float8, lift_early float8, lift_late float8,
    p_value float8, q_value float8, either_way boolean, window_days integer
)

-- name: store_trends
INSERT INTO keeper.trend (
    tenant_id, week_start, metric, weeks, method, level, slope, slope_low, slope_high, p_value,
    q_value, clear, points
)
SELECT %(tenant_id)s, %(week)s, w.*
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    metric text, weeks integer, method text, level float8, slope float8, slope_low float8,
    slope_high float8, p_value float8, q_value float8, clear boolean, points jsonb
)

-- name: thin_pattern_weeks
DELETE FROM keeper.pattern_week WHERE week_start < %(week)s::date - 7 * 60

-- name: list_patterns
SELECT id, week_start, kind, first_item, second_item, total, first_count, second_count, both_count,
       people, expected, lift, lift_in_month, lift_by_staff, lift_early, lift_late, p_value,
       q_value, either_way, window_days, since
FROM keeper.pattern
WHERE week_start = %(week)s AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
  AND (%(after_id)s::uuid IS NULL
       OR (q_value, -lift, id) > (%(after_q)s::float8, -%(after_lift)s::float8, %(after_id)s::uuid))
ORDER BY q_value, -lift, id
LIMIT %(limit)s

-- name: list_trends
SELECT metric, weeks, method, level, slope, slope_low, slope_high, p_value, q_value, clear, points
FROM keeper.trend
WHERE week_start = %(week)s
ORDER BY metric
