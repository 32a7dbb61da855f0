-- name: ledger_digest
-- Whoever writes to the ledger sets `updated_at`; what is deleted shows in the counts.
SELECT md5(concat_ws('|', p.rows, p.last_at, r.rows, r.last_at, b.rows, b.last_at, b.begun_at,
                     o.rows, o.last_at)) AS digest,
       p.rows + r.rows + b.rows + o.rows AS rows
FROM (SELECT count(*) AS rows, max(updated_at) AS last_at FROM keeper.payment) p,
     (SELECT count(*) AS rows, max(updated_at) AS last_at FROM keeper.refund) r,
     (SELECT count(*) AS rows, max(updated_at) AS last_at,
             (SELECT max(start_at) FROM keeper.booking WHERE start_at <= now()) AS begun_at
      FROM keeper.booking) b,
     (SELECT count(*) AS rows, max(updated_at) AS last_at FROM keeper.sales_order) o

-- name: customers_digest
SELECT concat_ws('|', count(*), max(updated_at)) AS digest, count(*) AS rows FROM keeper.customer

-- name: links_digest
SELECT md5(concat_ws(',', count(*), max(decided_at))) AS digest FROM keeper.identity_link
WHERE decided_at IS NOT NULL

-- name: findings_digest
SELECT md5(concat_ws('|',
    (SELECT concat_ws(',', count(*), sum(value_at_risk), sum(churn_60)::numeric(20, 6))
     FROM keeper.person_metrics WHERE business_date = %(day)s),
    (SELECT concat_ws(',', count(*), max(updated_at)) FROM keeper.task),
    (SELECT concat_ws(',', count(*), max(local_date)) FROM keeper.anomaly),
    (SELECT concat_ws(',', count(*), max(graded_at)) FROM keeper.insight)
)) AS digest

-- name: load_visits
SELECT person_id, array_agg(local_date - date '0001-01-01' + 1 ORDER BY local_date) AS days,
       array_agg(net ORDER BY local_date) AS nets
FROM keeper.visits_until(%(day)s)
GROUP BY person_id
ORDER BY person_id

-- name: load_visit_columns
SELECT coalesce(string_agg(
           uuid_send(person_id) || int4send(local_date - date '0001-01-01' + 1) || int8send(net),
           ''::bytea ORDER BY person_id, local_date), '') AS visits
FROM keeper.visits_until(%(day)s)

-- name: load_booking_columns
SELECT coalesce(string_agg(
           uuid_send(c.person_id)
           || timestamptz_send(coalesce(b.ext_created_at, b.local_date AT TIME ZONE 'UTC'))
           || int4send(b.local_date - date '0001-01-01' + 1)
           || boolsend(b.status = 'NO_SHOW'), ''::bytea), '') AS bookings
FROM keeper.booking b
JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
WHERE b.status IN ('ACCEPTED', 'NO_SHOW') AND c.person_id IS NOT NULL

-- name: load_people
SELECT p.id, p.display_name, p.email, p.phone, p.contact_allowed,
       (array_agg(c.ext_id ORDER BY c.id <> p.id, c.ext_id))[1] AS ext_id,
       count(DISTINCT c.id) AS profiles,
       count(b.id) FILTER (WHERE b.status = 'ACCEPTED' AND b.local_date > %(day)s
           AND coalesce(b.ext_created_at::date, %(day)s) <= %(day)s) AS booked,
       count(b.id) FILTER (WHERE b.status = 'NO_SHOW' AND b.local_date <= %(day)s) AS no_shows,
       count(b.id) FILTER (WHERE b.local_date <= %(day)s) AS bookings
FROM keeper.person p
JOIN keeper.customer c ON c.tenant_id = p.tenant_id AND c.person_id = p.id
LEFT JOIN keeper.booking b ON b.tenant_id = c.tenant_id AND b.customer_ext_id = c.ext_id
WHERE p.merged_into_id IS NULL AND (%(ids)s::uuid[] IS NULL OR p.id = ANY (%(ids)s::uuid[]))
GROUP BY p.tenant_id, p.id

-- name: is_anybody_reachable
SELECT EXISTS (
    SELECT FROM keeper.person p
    JOIN keeper.customer c ON c.tenant_id = p.tenant_id AND c.person_id = p.id
    WHERE p.merged_into_id IS NULL AND (p.phone <> '' OR p.email <> '')
) AS reachable

-- name: store_visits
-- What a day's payments and bookings say beside what is kept: only what differs is written.
WITH paid AS MATERIALIZED (
    SELECT tenant_id, person_id, local_date, order_ext_id, team_member_ext_id, net,
           net > 0 OR amount = 0 AS counts
    FROM keeper.payments_until(%(day)s)
    WHERE person_id IS NOT NULL AND local_date $days
), booked AS MATERIALIZED (
    SELECT b.tenant_id, c.person_id, b.local_date, b.segments, b.start_at <= now() AS counts
    FROM keeper.booking b
    JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
    WHERE b.status = 'ACCEPTED' AND b.local_date <= %(day)s AND b.local_date $days
      AND c.person_id IS NOT NULL
), member AS MATERIALIZED (
    SELECT ext_id, concat_ws(' ', given_name, family_name) AS name FROM keeper.team_member
), told AS (
    SELECT e.person_id, e.local_date, sum(e.net)::bigint AS net,
           array_agg(e.service) FILTER (WHERE e.service IS NOT NULL) AS services,
           min(e.service) AS first_service, max(e.service) AS last_service,
           array_agg(e.staff) FILTER (WHERE e.staff IS NOT NULL) AS staff,
           min(e.staff) AS first_staff, max(e.staff) AS last_staff
    FROM (
        SELECT person_id, local_date, CASE WHEN counts THEN net ELSE 0 END AS net, counts,
               NULL AS service, NULL AS staff
        FROM paid
        UNION ALL
        SELECT p.person_id, p.local_date, 0, false, l.name, NULL
        FROM paid p
        JOIN $lines l ON l.tenant_id = p.tenant_id AND l.order_ext_id = p.order_ext_id
        WHERE l.name <> ''
        UNION ALL
        SELECT p.person_id, p.local_date, 0, false, NULL, m.name
        FROM paid p
        JOIN member m ON m.ext_id = p.team_member_ext_id
        UNION ALL
        SELECT person_id, local_date, 0, counts, NULL, NULL
        FROM booked
        UNION ALL
        SELECT b.person_id, b.local_date, 0, false, NULL, m.name
        FROM booked b
        CROSS JOIN LATERAL jsonb_array_elements(b.segments) AS g (segment)
        JOIN member m ON m.ext_id = g.segment ->> 'team_member_id'
    ) e
    GROUP BY e.person_id, e.local_date
    HAVING bool_or(e.counts)
), wanted AS (
    -- Most days have one service and one member of staff: only the others are sorted.
    SELECT person_id, local_date, net,
           CASE WHEN first_service IS NULL THEN '{}'
                WHEN first_service = last_service THEN ARRAY[first_service]
                ELSE ARRAY(SELECT DISTINCT u.name FROM unnest(services) u (name) ORDER BY u.name)
           END AS services,
           CASE WHEN first_staff IS NULL THEN '{}'
                WHEN first_staff = last_staff THEN ARRAY[first_staff]
                ELSE ARRAY(SELECT DISTINCT u.name FROM unnest(staff) u (name) ORDER BY u.name)
           END AS staff
    FROM told
), changed AS MATERIALIZED (
    SELECT person_id, local_date, w.net, w.services, w.staff
    FROM wanted w
    FULL JOIN (
        SELECT person_id, local_date, net, services, staff
        FROM keeper.visit
        WHERE local_date $days
    ) v USING (person_id, local_date)
    WHERE (w.net, w.services, w.staff) IS DISTINCT FROM (v.net, v.services, v.staff)
), dropped AS (
    DELETE FROM keeper.visit v
    USING changed d
    WHERE d.net IS NULL AND v.person_id = d.person_id AND v.local_date = d.local_date
), stored AS (
    INSERT INTO keeper.visit AS v (tenant_id, person_id, local_date, net, services, staff)
    SELECT %(tenant_id)s, person_id, local_date, net, services, staff
    FROM changed
    WHERE net IS NOT NULL
    ON CONFLICT (tenant_id, person_id, local_date) DO UPDATE
    SET net = excluded.net, services = excluded.services, staff = excluded.staff,
        updated_at = now()
)
SELECT count(*) AS changed FROM changed

-- name: clear_metrics
DELETE FROM keeper.person_metrics WHERE business_date = %(day)s

-- name: thin_metrics
-- A range with two ends: one plan serves every night.
DELETE FROM keeper.person_metrics
WHERE business_date >= '-infinity' AND business_date < %(day)s::date - 35
  AND business_date <> (date_trunc('month', business_date) + interval '1 month - 1 day')::date

-- name: store_model_fit
INSERT INTO keeper.model_fit (
    tenant_id, business_date, r, alpha, a, b, gamma_p, gamma_q, gamma_v, customers, repeaters,
    auc_model, auc_gap, ece, shipped, detail
) VALUES (
    %(tenant_id)s, %(day)s, %(r)s, %(alpha)s, %(a)s, %(b)s, %(gamma_p)s, %(gamma_q)s, %(gamma_v)s,
    %(customers)s, %(repeaters)s, %(auc_model)s, %(auc_gap)s, %(ece)s, %(shipped)s, %(detail)s::jsonb
)
ON CONFLICT (tenant_id, business_date) DO UPDATE
SET r = excluded.r, alpha = excluded.alpha, a = excluded.a, b = excluded.b,
    gamma_p = excluded.gamma_p, gamma_q = excluded.gamma_q, gamma_v = excluded.gamma_v,
    customers = excluded.customers, repeaters = excluded.repeaters,
    auc_model = excluded.auc_model, auc_gap = excluded.auc_gap, ece = excluded.ece,
    shipped = excluded.shipped, detail = excluded.detail, updated_at = now()

-- name: earlier_fit
SELECT r, alpha, a, b, gamma_p, gamma_q, gamma_v, detail
FROM keeper.model_fit
WHERE business_date < %(day)s AND business_date >= %(day)s::date - 14
  AND detail ->> 'version' = %(version)s
ORDER BY business_date DESC
LIMIT 1

-- name: daily_revenue
-- Takings as the index has them, less what was given back of the few payments that know of it.
WITH given_back AS MATERIALIZED (
    SELECT e.ext_id, sum(e.amount)::bigint AS amount
    FROM (
        SELECT payment_ext_id AS ext_id, amount
        FROM keeper.refund
        WHERE local_date <= %(day)s AND status NOT IN ('REJECTED', 'FAILED')
        UNION ALL
        SELECT ext_id, 0
        FROM keeper.payment
        WHERE refunded > 0
    ) e
    GROUP BY e.ext_id
)
SELECT coalesce(array_agg(d.local_date - date '0001-01-01' + 1), '{}') AS days,
       coalesce(array_agg(d.revenue), '{}') AS revenue
FROM (
    SELECT e.local_date, sum(e.net)::bigint AS revenue
    FROM (
        SELECT p.local_date, p.amount AS net
        FROM keeper.payment p
        WHERE p.status = 'COMPLETED' AND p.local_date BETWEEN %(first)s AND %(last)s
        UNION ALL
        SELECT p.local_date, -least(p.amount, greatest(
                   g.amount,
                   CASE WHEN p.ext_updated_at::date <= %(day)s THEN p.refunded ELSE 0 END
               ))
        FROM given_back g
        -- One by one: a plan for any night takes the days for so few that it would read all of them.
        CROSS JOIN LATERAL (
            SELECT local_date, amount, refunded, ext_updated_at, status
            FROM keeper.payment
            WHERE ext_id = g.ext_id
            OFFSET 0
        ) p
        WHERE p.status = 'COMPLETED' AND p.local_date BETWEEN %(first)s AND %(last)s
    ) e
    GROUP BY e.local_date
) d

-- name: clear_anomalies
DELETE FROM keeper.anomaly WHERE local_date BETWEEN %(first)s AND %(last)s

-- name: store_anomaly
INSERT INTO keeper.anomaly (
    tenant_id, local_date, metric, observed, expected, effect, p_value, q_value
) VALUES (
    %(tenant_id)s, %(local_date)s, %(metric)s, %(observed)s, %(expected)s, %(effect)s,
    %(p_value)s, %(q_value)s
)
ON CONFLICT (tenant_id, local_date, metric) DO UPDATE
SET observed = excluded.observed, expected = excluded.expected, effect = excluded.effect,
    p_value = excluded.p_value, q_value = excluded.q_value, updated_at = now()

-- name: lock_account
SELECT pg_advisory_xact_lock(hashtextextended('keeper.run.' || %(tenant_id)s::uuid::text, 0))

-- name: store_metrics
INSERT INTO keeper.person_metrics (
    tenant_id, business_date, person_id, x, t_x_weeks, age_weeks, gap_days, itt_median_days,
    itt_mad_days, p_alive, churn_30, churn_60, churn_90, expected_visits_90, expected_spend,
    clv_12m, value_at_risk, state, reason, model_version
)
SELECT %(tenant_id)s, %(day)s, w.person_id, w.x, w.t_x_weeks, w.age_weeks, w.gap_days,
       w.itt_median_days, w.itt_mad_days, w.p_alive, w.churn_30, w.churn_60, w.churn_90,
       w.expected_visits_90, w.expected_spend, w.clv_12m, w.value_at_risk, w.state, w.reason,
       w.model_version
-- Side by side as rows come: arrays that stand in FROM would each be written out and read again.
FROM (
    SELECT unnest(%(person_id)s::uuid[]) AS person_id, unnest(%(x)s::integer[]) AS x,
           unnest(%(t_x_weeks)s::float8[]) AS t_x_weeks, unnest(%(age_weeks)s::float8[]) AS age_weeks,
           unnest(%(gap_days)s::integer[]) AS gap_days,
           unnest(%(itt_median_days)s::float8[]) AS itt_median_days,
           unnest(%(itt_mad_days)s::float8[]) AS itt_mad_days,
           unnest(%(p_alive)s::float8[]) AS p_alive, unnest(%(churn_30)s::float8[]) AS churn_30,
           unnest(%(churn_60)s::float8[]) AS churn_60, unnest(%(churn_90)s::float8[]) AS churn_90,
           unnest(%(expected_visits_90)s::float8[]) AS expected_visits_90,
           unnest(%(expected_spend)s::bigint[]) AS expected_spend,
           unnest(%(clv_12m)s::bigint[]) AS clv_12m,
           unnest(%(value_at_risk)s::bigint[]) AS value_at_risk, unnest(%(state)s::text[]) AS state,
           unnest(%(reason)s::jsonb[]) AS reason, unnest(%(model_version)s::text[]) AS model_version
) AS w
-- As a value, so that the persons are looked up in a table in memory, however few are expected.
WHERE (w.person_id IN (SELECT id FROM keeper.person)) IS TRUE

-- name: stale_tables
-- Of a new account among few the planner knows nothing: all rows seem to be those of the others.
SELECT c.relname
FROM pg_class c
WHERE c.relnamespace = 'keeper'::regnamespace AND c.relkind = 'r'
  AND (c.reltuples < 1 OR pg_stat_get_mod_since_analyze(c.oid) > 1000 + c.reltuples / 2
       OR %(is_new)s AND c.reltuples < 1000000 AND pg_stat_get_mod_since_analyze(c.oid) > 500)
  AND pg_stat_get_tuples_inserted(c.oid) > 0

-- name: know_visits
CREATE TEMPORARY TABLE known_visit ON COMMIT DROP AS
SELECT person_id, local_date, net FROM keeper.visits_until(%(day)s)

-- name: know_sales
CREATE TEMPORARY TABLE known_sale ON COMMIT DROP AS
SELECT person_id, local_date, amount, net FROM keeper.sales_until(%(day)s)

-- name: known_daily_totals
SELECT d.day::date AS local_date, coalesce(v.visits, 0) AS visits,
       coalesce(s.revenue, 0)::bigint AS revenue, coalesce(s.sales, 0) AS sales
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d (day)
LEFT JOIN (
    SELECT local_date, count(*) AS visits
    FROM known_visit
    WHERE local_date BETWEEN %(first)s AND %(last)s
    GROUP BY local_date
) v ON v.local_date = d.day::date
LEFT JOIN (
    SELECT local_date, sum(net) AS revenue, count(*) FILTER (WHERE net > 0) AS sales
    FROM known_sale
    WHERE local_date BETWEEN %(first)s AND %(last)s
    GROUP BY local_date
) s ON s.local_date = d.day::date
ORDER BY d.day
