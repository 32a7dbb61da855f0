-- name: own_figures
-- The account's own figures on a day, with what each counts; a figure that the data cannot say yet
-- has no row. `first_day` keeps out everybody who was new only because the data began.
WITH visit AS MATERIALIZED (
    SELECT person_id, local_date, net FROM keeper.visits_until(%(day)s)
), span AS (
    SELECT min(local_date) AS first_day FROM visit
), ranked AS MATERIALIZED (
    SELECT person_id, local_date, row_number() OVER own AS number,
           lead(local_date) OVER own AS next_day, lead(local_date, 2) OVER own AS third_day
    FROM visit
    WINDOW own AS (PARTITION BY person_id ORDER BY local_date)
), fresh AS (
    SELECT count(*) AS people,
           count(*) FILTER (WHERE r.next_day <= r.local_date + 180) AS second,
           count(*) FILTER (WHERE r.third_day <= r.local_date + 180) AS third
    FROM ranked r, span
    WHERE r.number = 1
      AND r.local_date BETWEEN greatest(%(day)s::date - 545, span.first_day + 180)
          AND %(day)s::date - 180
), seen AS (
    SELECT count(*) AS people,
           count(*) FILTER (WHERE s.next_day <= s.local_date + 30) AS in_30,
           count(*) FILTER (WHERE s.next_day <= s.local_date + 60) AS in_60,
           count(*) FILTER (WHERE s.next_day <= s.local_date + 90) AS in_90
    FROM (
        SELECT DISTINCT ON (person_id) person_id, local_date, next_day
        FROM ranked
        WHERE local_date BETWEEN %(day)s::date - 269 AND %(day)s::date - 90
        ORDER BY person_id, local_date
    ) s
), quarter AS (
    SELECT count(*) AS people, count(*) FILTER (WHERE q.was_here) AS back
    FROM (
        SELECT person_id,
               bool_or(local_date <= %(day)s::date - 90) AS was_here
        FROM visit
        WHERE local_date > %(day)s::date - 455
        GROUP BY person_id
        HAVING max(local_date) > %(day)s::date - 90
    ) q, span
    WHERE span.first_day <= %(day)s::date - 455
), year AS (
    SELECT count(*) AS visits, count(DISTINCT person_id) AS people,
           count(*) FILTER (WHERE net > 0) AS paid, sum(net) FILTER (WHERE net > 0) AS net,
           min(span.first_day) <= %(day)s::date - 365 AS is_whole
    FROM visit, span
    WHERE local_date > %(day)s::date - 365
), kept AS (
    SELECT count(*) AS bookings, count(*) FILTER (WHERE status = 'NO_SHOW') AS missed
    FROM keeper.booking
    WHERE status IN ('ACCEPTED', 'NO_SHOW') AND start_at <= now()
      AND local_date BETWEEN %(day)s::date - 364 AND %(day)s
), booked AS MATERIALIZED (
    SELECT DISTINCT c.person_id, b.local_date, b.ext_created_at::date AS made_on
    FROM keeper.booking b
    JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
    WHERE c.person_id IS NOT NULL
      AND b.ext_created_at::date BETWEEN %(day)s::date - 180 AND %(day)s
), again AS (
    SELECT count(*) AS visits,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM booked b
               WHERE b.person_id = v.person_id AND b.local_date > v.local_date
                 AND b.made_on BETWEEN v.local_date AND v.local_date + 2
           )) AS rebooked
    FROM visit v
    WHERE v.local_date BETWEEN %(day)s::date - 180 AND %(day)s::date - 2
      AND EXISTS (SELECT FROM booked)
), starred AS (
    SELECT count(*) AS reviews, avg(stars) AS stars
    FROM keeper.review
    WHERE stars IS NOT NULL AND deleted_at IS NULL
      AND local_date BETWEEN %(day)s::date - 364 AND %(day)s
)
SELECT metric, value::float8 AS value, weight::bigint AS weight
FROM (
    SELECT 'second_visit' AS metric, second / nullif(people, 0)::float8 AS value, people AS weight
    FROM fresh
    UNION ALL SELECT 'third_visit', third / nullif(people, 0)::float8, people FROM fresh
    UNION ALL SELECT 'retention', back / nullif(people, 0)::float8, people FROM quarter
    UNION ALL SELECT 'revisit_30', in_30 / nullif(people, 0)::float8, people FROM seen
    UNION ALL SELECT 'revisit_60', in_60 / nullif(people, 0)::float8, people FROM seen
    UNION ALL SELECT 'revisit_90', in_90 / nullif(people, 0)::float8, people FROM seen
    UNION ALL SELECT 'average_ticket', net / nullif(paid, 0)::float8, paid FROM year
    UNION ALL SELECT 'visits_per_customer', visits / nullif(people, 0)::float8, people FROM year
        WHERE is_whole
    UNION ALL SELECT 'no_show', missed / nullif(bookings, 0)::float8, bookings FROM kept
    UNION ALL SELECT 'rebook', rebooked / nullif(visits, 0)::float8, visits FROM again
    UNION ALL SELECT 'review_average', stars::float8, reviews FROM starred
) figure
WHERE value IS NOT NULL AND weight >= %(least)s

-- name: network_place
SELECT vertical, size_band, currency, network_opt_in, settings ? 'as_of' AS is_past
FROM keeper.account

-- name: count_active_people
SELECT count(DISTINCT person_id) AS people
FROM keeper.visit
WHERE local_date BETWEEN %(day)s::date - 364 AND %(day)s

-- name: set_size_band
UPDATE keeper.account
SET size_band = %(size_band)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND size_band <> %(size_band)s

-- name: clear_contributions
DELETE FROM keeper.contribution WHERE tenant_id = %(tenant_id)s

-- name: store_contributions
INSERT INTO keeper.contribution (
    tenant_id, metric, currency, value, weight, detail, measured_on
)
SELECT a.tenant_id, w.metric, w.currency, w.value, w.weight, coalesce(w.detail, '{}'), %(day)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    metric text, currency text, value float8, weight bigint, detail jsonb
)
JOIN keeper.account a ON a.tenant_id = %(tenant_id)s AND a.network_opt_in

-- name: find_network_week
SELECT week_start, accounts, published_at
FROM keeper.network_week
ORDER BY week_start DESC
LIMIT 1

-- name: list_benchmarks
SELECT metric, currency, week_start, accounts, withheld, p10, p25, p50, p75, p90
FROM keeper.benchmark
WHERE vertical = %(vertical)s AND size_band = %(size_band)s
  AND currency IN ('', %(currency)s)

-- name: find_prior
SELECT week_start, accounts, r, alpha, a, b
FROM keeper.prior
WHERE vertical = %(vertical)s AND week_start <= %(day)s
ORDER BY week_start DESC
LIMIT 1

-- name: lock_network
SELECT pg_advisory_xact_lock(hashtextextended('keeper.network', 0))

-- name: pool_contributions
SELECT a.vertical, a.size_band, c.metric, c.currency, c.value, c.weight, c.detail, c.tenant_id
FROM keeper.contribution c
JOIN keeper.account a ON a.tenant_id = c.tenant_id AND a.network_opt_in
WHERE c.measured_on >= %(since)s
ORDER BY a.vertical, a.size_band, c.metric, c.currency, c.tenant_id

-- name: clear_benchmarks
DELETE FROM keeper.benchmark

-- name: publish_benchmarks
INSERT INTO keeper.benchmark (
    vertical, size_band, metric, currency, week_start, accounts, withheld, p10, p25, p50, p75, p90
)
SELECT w.vertical, w.size_band, w.metric, w.currency, %(week)s, w.accounts, w.withheld,
       w.p10, w.p25, w.p50, w.p75, w.p90
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    vertical text, size_band text, metric text, currency text, accounts bigint, withheld text,
    p10 float8, p25 float8, p50 float8, p75 float8, p90 float8
)

-- name: publish_priors
INSERT INTO keeper.prior (vertical, week_start, accounts, r, alpha, a, b)
SELECT w.vertical, %(week)s, w.accounts, w.r, w.alpha, w.a, w.b
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    vertical text, accounts bigint, r float8, alpha float8, a float8, b float8
)

-- name: clear_priors
DELETE FROM keeper.prior
WHERE week_start >= %(week)s OR week_start < %(week)s::date - 7 * 60

-- name: note_network_week
INSERT INTO keeper.network_week (week_start, accounts)
VALUES (%(week)s, %(accounts)s)
ON CONFLICT (week_start) DO UPDATE SET accounts = excluded.accounts, published_at = now()
