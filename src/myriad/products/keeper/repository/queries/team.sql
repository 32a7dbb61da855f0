-- name: team_digest
SELECT md5(concat_ws('|',
    (SELECT concat_ws(',', count(*), max(updated_at)) FROM keeper.team_member),
    (SELECT concat_ws(',', count(*), max(updated_at)) FROM keeper.timecard)
)) AS digest

-- name: list_team
SELECT id, ext_id, status
FROM keeper.team_member
ORDER BY ext_id

-- name: list_places
SELECT ext_id, timezone
FROM keeper.location
WHERE timezone IS NOT NULL

-- name: team_basis
SELECT p.first_day, b.has_bookings,
       EXISTS (SELECT FROM keeper.timecard WHERE start_at < %(day)s::date + 1) AS has_timecards,
       EXISTS (SELECT FROM keeper.order_line WHERE catalog_ext_id IS NOT NULL) AS has_articles,
       md5(concat_ws(',', %(settled)s::date, p.digest, b.digest)) AS basis
FROM (
    SELECT min(local_date) AS first_day,
           concat_ws(',', count(*) FILTER (WHERE local_date < %(settled)s),
                     sum(amount - refunded) FILTER (WHERE local_date < %(settled)s)) AS digest
    FROM keeper.payment
    WHERE status = 'COMPLETED' AND local_date <= %(day)s
) p, (
    SELECT count(*) > 0 AS has_bookings,
           concat_ws(',', count(*) FILTER (WHERE local_date < %(settled)s),
                     sum(version) FILTER (WHERE local_date < %(settled)s)) AS digest
    FROM keeper.booking
    WHERE local_date <= %(day)s
) b

-- name: known_spans
SELECT DISTINCT period, period_start AS first, period_end AS last, basis
FROM keeper.staff_metrics

-- name: visits_of_day
SELECT person_id, local_date FROM keeper.visit

-- name: visits_as_of_day
SELECT person_id, local_date FROM keeper.visits_until(%(day)s)

-- name: join_by_hash
SELECT set_config('enable_nestloop', 'off', true)

-- name: team_facts
-- What is to be counted of each member and service, packed as keeper/team/counting.py unpacks it:
-- summing it up over several periods is cheaper there. Nothing after the day is known: an
-- appointment exists from the day on which it was made, and a later change of its status has not
-- happened yet. Who served a visit is who was booked, and for a visit without an appointment who
-- took the payment.
WITH zone AS MATERIALIZED (
    SELECT * FROM unnest(%(places)s::text[], %(zones)s::text[]) AS z (ext_id, name)
), appointment AS MATERIALIZED (
    SELECT a.* FROM (
        SELECT b.id, c.person_id, b.local_date, b.start_at, b.segments,
               coalesce(b.ext_created_at, b.start_at) AS made_at,
               (coalesce(b.ext_created_at, b.start_at)
                AT TIME ZONE coalesce(z.name, %(zone)s))::date AS made_on,
               CASE WHEN (b.ext_updated_at AT TIME ZONE coalesce(z.name, %(zone)s))::date
                         > %(day)s AND b.status <> 'DECLINED'
                    THEN 'ACCEPTED' ELSE b.status END AS status
        FROM keeper.booking b
        LEFT JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
        LEFT JOIN zone z ON z.ext_id = b.location_ext_id
        WHERE b.local_date >= %(since)s
    ) a
    WHERE a.made_on <= %(day)s AND a.status <> 'DECLINED'
), segment AS MATERIALIZED (
    SELECT a.id, a.person_id, a.local_date, a.start_at, a.status,
           g ->> 'team_member_id' AS member, g ->> 'service_variation_id' AS item,
           CASE WHEN jsonb_typeof(g -> 'duration_minutes') = 'number'
                THEN (g ->> 'duration_minutes')::float8 ELSE 0 END AS minutes,
           (g -> 'any_team_member') IS NOT DISTINCT FROM 'true'::jsonb AS for_anyone
    FROM appointment a
    CROSS JOIN LATERAL jsonb_array_elements(a.segments) AS g
    WHERE a.local_date <= %(day)s AND a.start_at <= now() AND a.status IN ('ACCEPTED', 'NO_SHOW')
), served AS MATERIALIZED (
    SELECT s.id, s.person_id, s.local_date, s.status, s.member, min(s.start_at) AS start_at,
           sum(s.minutes) AS minutes, bool_and(NOT s.for_anyone) AS requested,
           (array_agg(s.item ORDER BY s.minutes DESC, s.item))[1] AS item
    FROM segment s
    WHERE s.member IS NOT NULL
    GROUP BY s.id, s.person_id, s.local_date, s.status, s.member
), service AS MATERIALIZED (
    SELECT DISTINCT item FROM segment WHERE item IS NOT NULL
), basket AS MATERIALIZED (
    SELECT l.order_ext_id,
           coalesce(sum(l.net) FILTER (WHERE NOT l.is_article) / nullif(sum(l.net), 0), 1)
               AS service_share,
           bool_or(l.is_article) AS has_article,
           bool_or(NOT l.is_article) AS has_service,
           (array_agg(coalesce(l.catalog_ext_id, l.name) ORDER BY l.net DESC, l.position)
               FILTER (WHERE NOT l.is_article))[1] AS item
    FROM (
        SELECT l.order_ext_id, l.position, l.net::float8 AS net, l.name, l.catalog_ext_id,
               l.catalog_ext_id IS NOT NULL AND s.item IS NULL
                   AND EXISTS (SELECT FROM service) AS is_article
        FROM keeper.order_line l
        JOIN keeper.sales_order o ON o.tenant_id = l.tenant_id AND o.ext_id = l.order_ext_id
        LEFT JOIN service s ON s.item = l.catalog_ext_id
        WHERE o.local_date BETWEEN %(since)s AND %(day)s
    ) l
    GROUP BY l.order_ext_id
), paid AS MATERIALIZED (
    SELECT p.person_id, p.local_date, p.team_member_ext_id AS member, p.paid_at,
           p.tip::float8 AS tip, p.net * coalesce(b.service_share, 1) AS net,
           coalesce(p.source_type, '') <> 'CASH' AS shows_tip,
           coalesce(b.has_article, false) AS has_article, coalesce(b.has_service, true) AS is_service,
           b.item
    FROM keeper.payments_until(%(day)s) p
    LEFT JOIN basket b ON b.order_ext_id = p.order_ext_id
    WHERE p.local_date >= %(since)s AND (p.net > 0 OR p.amount = 0)
), attended AS MATERIALIZED (
    SELECT s.person_id, s.local_date, s.member, min(s.start_at) AS at,
           (array_agg(s.item ORDER BY s.minutes DESC, s.item))[1] AS item,
           coalesce(sum(s.minutes) / nullif(sum(sum(s.minutes)) OVER day, 0),
                    1::float8 / count(*) OVER day) AS part
    FROM served s
    WHERE s.status = 'ACCEPTED' AND s.person_id IS NOT NULL
    GROUP BY s.person_id, s.local_date, s.member
    WINDOW day AS (PARTITION BY s.person_id, s.local_date)
    UNION ALL
    SELECT p.person_id, p.local_date, p.member, min(p.paid_at),
           (array_agg(p.item ORDER BY p.net DESC, p.item))[1], 1::float8 / count(*) OVER day
    FROM paid p
    WHERE p.person_id IS NOT NULL AND p.member IS NOT NULL AND p.is_service
      AND NOT EXISTS (
          SELECT FROM served s
          WHERE s.status = 'ACCEPTED' AND s.person_id = p.person_id AND s.local_date = p.local_date
      )
    GROUP BY p.person_id, p.local_date, p.member
    WINDOW day AS (PARTITION BY p.person_id, p.local_date)
), visit AS MATERIALIZED (
    SELECT v.person_id, v.local_date,
           coalesce(lead(v.local_date) OVER person - v.local_date, 1000000) AS gap,
           lag(v.local_date) OVER person IS NULL AS is_first,
           dense_rank() OVER (ORDER BY v.person_id) AS person
    FROM ($visits) v
    WINDOW person AS (PARTITION BY v.person_id ORDER BY v.local_date)
), held AS MATERIALIZED (
    SELECT t.person_id, t.local_date, min(a.made_on) AS made_on, min(a.made_at) AS made_at,
           bool_or(a.made_on = t.local_date) AS same_day
    FROM (SELECT DISTINCT person_id, local_date FROM attended) t
    JOIN appointment a ON a.person_id = t.person_id AND a.local_date > t.local_date
        AND a.made_on <= t.local_date + 2
    GROUP BY t.person_id, t.local_date
), fact AS MATERIALIZED (
    SELECT t.local_date, t.member, t.item, v.person, v.gap, v.is_first,
           coalesce(h.made_on <= t.local_date, false) AS prebooked,
           coalesce(h.same_day, false) AS same_day,
           coalesce(h.made_at < t.at + interval '48 hours', false) AS rebooked
    FROM attended t
    JOIN visit v ON v.person_id = t.person_id AND v.local_date = t.local_date
    LEFT JOIN held h ON h.person_id = t.person_id AND h.local_date = t.local_date
), bill AS MATERIALIZED (
    SELECT t.local_date, t.member, t.item, t.part * sum(p.net) AS net,
           bool_or(p.has_article) AS has_article,
           t.part * sum(p.tip) FILTER (WHERE p.shows_tip) AS tip,
           t.part * sum(p.net) FILTER (WHERE p.shows_tip) AS tipped
    FROM attended t
    JOIN paid p ON p.person_id = t.person_id AND p.local_date = t.local_date
    GROUP BY t.person_id, t.local_date, t.member, t.item, t.part
    HAVING bool_or(p.is_service)
    UNION ALL
    SELECT p.local_date, p.member, p.item, p.net, p.has_article,
           CASE WHEN p.shows_tip THEN p.tip END, CASE WHEN p.shows_tip THEN p.net END
    FROM paid p
    WHERE p.person_id IS NULL AND p.member IS NOT NULL AND p.is_service
), shift AS MATERIALIZED (
    SELECT k.team_member_ext_id AS member, k.local_date, sum(k.minutes) AS scheduled
    FROM (
        SELECT t.team_member_ext_id, (extract(epoch FROM t.end_at - t.start_at)::float8
                                      - t.break_seconds) / 60 AS minutes,
               (t.start_at AT TIME ZONE coalesce(z.name, %(zone)s))::date AS local_date
        FROM keeper.timecard t
        LEFT JOIN zone z ON z.ext_id = t.location_ext_id
        WHERE t.end_at > t.start_at AND t.start_at >= %(first)s::date - 1
          AND t.start_at < %(day)s::date + 2
    ) k
    WHERE k.local_date <= %(day)s
    GROUP BY k.team_member_ext_id, k.local_date
), worked AS MATERIALIZED (
    SELECT k.member, k.local_date, k.scheduled, coalesce(sum(s.minutes), 0) AS booked
    FROM shift k
    LEFT JOIN served s ON s.member = k.member AND s.local_date = k.local_date
        AND s.status = 'ACCEPTED'
    GROUP BY k.member, k.local_date, k.scheduled
)
SELECT 'visit' AS kind, f.member, f.item, string_agg(
    int4send(f.local_date - date '0001-01-01' + 1) || int4send(f.person::int) || int4send(f.gap)
    || int4send(f.is_first::int + 2 * f.prebooked::int + 4 * f.same_day::int
                + 8 * f.rebooked::int), '') AS data
FROM fact f
GROUP BY f.member, f.item
UNION ALL
SELECT 'person', NULL, NULL, string_agg(
    int4send(v.local_date - date '0001-01-01' + 1) || int4send(v.person::int), '')
FROM visit v
UNION ALL
SELECT 'booking', b.member, b.item, string_agg(
    int4send(b.local_date - date '0001-01-01' + 1)
    || int4send((b.status = 'ACCEPTED')::int + 2 * b.requested::int), '')
FROM served b
WHERE b.local_date >= %(first)s
GROUP BY b.member, b.item
UNION ALL
SELECT 'sale', b.member, b.item, string_agg(
    int4send(b.local_date - date '0001-01-01' + 1)
    || int4send(b.has_article::int + 2 * (b.tipped IS NOT NULL)::int) || float8send(b.net)
    || float8send(coalesce(b.tip, 0)) || float8send(coalesce(b.tipped, 0)), '')
FROM bill b
WHERE b.local_date >= %(first)s
GROUP BY b.member, b.item
UNION ALL
SELECT 'shift', w.member, NULL, string_agg(
    int4send(w.local_date - date '0001-01-01' + 1) || float8send(w.booked)
    || float8send(w.scheduled), '')
FROM worked w
WHERE w.local_date >= %(first)s
GROUP BY w.member

-- name: service_names
SELECT l.catalog_ext_id AS item, min(l.name) AS name
FROM keeper.order_line l
WHERE l.catalog_ext_id = ANY(%(items)s) AND l.name <> ''
GROUP BY l.catalog_ext_id

-- name: clear_staff_spans
DELETE FROM keeper.staff_metrics m
USING unnest(%(periods)s::text[], %(firsts)s::date[]) AS s (period, first)
WHERE m.period = s.period AND m.period_start = s.first

-- name: store_staff_metrics
INSERT INTO keeper.staff_metrics (
    tenant_id, period, period_start, team_member_id, metric, period_end, n, reason, observed,
    value, shrunk, lo, hi, expected, ratio, ratio_lo, ratio_hi, peer, peer_lo, peer_hi, peers,
    parts, basis
)
SELECT %(tenant_id)s, w.*, %(basis)s
FROM jsonb_to_recordset(%(rows)s) AS w (
    period text, period_start date, team_member_id uuid, metric text, period_end date, n integer,
    reason text, observed float8, value float8, shrunk float8, lo float8, hi float8,
    expected float8, ratio float8, ratio_lo float8, ratio_hi float8, peer float8, peer_lo float8,
    peer_hi float8, peers integer, parts jsonb
)

-- name: thin_staff_metrics
DELETE FROM keeper.staff_metrics
WHERE (period = 'days_90' AND period_end <> ALL(%(kept)s::date[]))
   OR (period = 'days_365' AND NOT EXISTS (
          SELECT FROM unnest(%(kept)s::date[]) AS k (day)
          WHERE period_end > k.day - 7 AND period_end <= k.day))
   OR (period = 'month' AND period_start < %(oldest)s)

-- name: team_page
SELECT t.id, t.name, t.is_active, t.sort_name, l.user_id, u.name AS user_name, u.email
FROM (
    SELECT m.id, coalesce(m.status, 'ACTIVE') = 'ACTIVE' AS is_active,
           coalesce(nullif(concat_ws(' ', m.given_name, m.family_name), ''),
                    'Member ' || right(m.ext_id, 4)) AS name,
           lower(coalesce(nullif(concat_ws(' ', m.given_name, m.family_name), ''),
                          'Member ' || right(m.ext_id, 4))) COLLATE "C" AS sort_name
    FROM keeper.team_member m
) t
LEFT JOIN keeper.staff_link l ON l.team_member_id = t.id
LEFT JOIN platform.user_account u ON u.id = l.user_id
WHERE (%(member_id)s::uuid IS NULL OR t.id = %(member_id)s)
  AND (t.is_active OR %(member_id)s::uuid IS NOT NULL OR EXISTS (
      SELECT FROM keeper.staff_metrics s
      WHERE s.team_member_id = t.id AND s.period = %(period)s))
  AND (%(after_name)s::text IS NULL
       OR (t.sort_name, t.id) > (%(after_name)s::text COLLATE "C", %(after_id)s::uuid))
ORDER BY t.sort_name, t.id
LIMIT %(limit)s

-- name: team_figures
SELECT m.*
FROM keeper.staff_metrics m
WHERE m.period = %(period)s
  AND m.period_start = (
      SELECT max(s.period_start) FROM keeper.staff_metrics s
      WHERE s.period = %(period)s AND s.period_end <= %(day)s)
  AND m.team_member_id = ANY(%(members)s)

-- name: member_figures
SELECT m.*
FROM keeper.staff_metrics m
WHERE m.team_member_id = %(member_id)s AND m.period = %(period)s
  AND (%(after_start)s::date IS NULL
       OR m.period_start < %(after_start)s::date
       OR (m.period_start = %(after_start)s::date AND m.metric > %(after_metric)s::text))
ORDER BY m.period_start DESC, m.metric
LIMIT %(limit)s

-- name: find_staff_link
SELECT team_member_id FROM keeper.staff_link WHERE user_id = %(user_id)s

-- name: clear_staff_link
DELETE FROM keeper.staff_link
WHERE team_member_id = %(member_id)s OR user_id = %(user_id)s

-- name: store_staff_link
INSERT INTO keeper.staff_link (tenant_id, team_member_id, user_id, linked_by)
VALUES (%(tenant_id)s, %(member_id)s, %(user_id)s, %(linked_by)s)

-- name: find_team_member
SELECT id FROM keeper.team_member WHERE id = %(member_id)s

-- name: team_export
SELECT coalesce(nullif(concat_ws(' ', t.given_name, t.family_name), ''),
                'Member ' || right(t.ext_id, 4)) AS member,
       m.team_member_id, m.period, m.period_start, m.period_end, m.metric, m.n, m.reason, m.value,
       m.shrunk, m.lo, m.hi, m.expected, m.ratio, m.ratio_lo, m.ratio_hi, m.peer
FROM keeper.staff_metrics m
JOIN keeper.team_member t ON t.tenant_id = m.tenant_id AND t.id = m.team_member_id
ORDER BY m.period, m.period_start DESC, member, m.metric
