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
SELECT (SELECT local_date FROM keeper.payment WHERE status = 'COMPLETED' AND local_date <= %(day)s
        ORDER BY local_date LIMIT 1) AS first_day,
       EXISTS (SELECT FROM keeper.booking WHERE local_date <= %(day)s) AS has_bookings,
       EXISTS (SELECT FROM keeper.timecard WHERE start_at < %(day)s::date + 1) AS has_timecards,
       EXISTS (SELECT FROM keeper.order_line WHERE catalog_ext_id IS NOT NULL) AS has_articles

-- name: known_spans
SELECT DISTINCT period, period_start AS first, period_end AS last, basis
FROM keeper.staff_figures

-- name: clear_staff_spans
DELETE FROM keeper.staff_figures m
USING unnest(%(periods)s::text[], %(firsts)s::date[]) AS s (period, first)
WHERE m.period = s.period AND m.period_start = s.first

-- name: store_staff_figures
INSERT INTO keeper.staff_figures (
    tenant_id, period, period_start, team_member_id, period_end, figures, basis
)
SELECT %(tenant_id)s, w.*, %(basis)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    period text, period_start date, team_member_id uuid, period_end date, figures jsonb
)

-- name: thin_staff_figures
DELETE FROM keeper.staff_figures
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
      SELECT FROM keeper.staff_figures s
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
      SELECT max(s.period_start) FROM keeper.staff_figures s
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
