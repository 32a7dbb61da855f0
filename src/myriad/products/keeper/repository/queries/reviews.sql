-- name: store_reviews
INSERT INTO keeper.review AS r (
    tenant_id, source, ext_id, location_ext_id, stars, text, author, reviewed_at, local_date,
    changed_at, reply_text, reply_state, reply_by, reply_at
)
SELECT %(tenant_id)s, w.source, w.ext_id, w.location, w.stars, w.text, w.author, w.reviewed_at,
       w.local_date, w.changed_at, w.reply_text,
       CASE WHEN w.reply_text IS NULL THEN 'none' ELSE 'sent' END,
       CASE WHEN w.reply_text IS NULL THEN NULL ELSE 'source' END, w.reply_at
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    source text, ext_id text, location text, stars smallint, text text, author text,
    reviewed_at timestamptz, local_date date, changed_at timestamptz, reply_text text,
    reply_at timestamptz
)
ON CONFLICT (tenant_id, source, ext_id) DO UPDATE
SET location_ext_id = excluded.location_ext_id, stars = excluded.stars, text = excluded.text,
    author = excluded.author, changed_at = excluded.changed_at, deleted_at = NULL,
    examined = false, previous_stars = CASE WHEN excluded.stars IS DISTINCT FROM r.stars
                                       THEN r.stars ELSE r.previous_stars END,
    history = r.history || jsonb_build_object('stars', r.stars, 'changed_at', r.changed_at),
    taken_in_at = now(), updated_at = now()
WHERE excluded.changed_at >= r.changed_at
  AND (r.deleted_at IS NOT NULL OR (r.stars, r.text, coalesce(r.author, '')) IS DISTINCT FROM
       (excluded.stars, excluded.text, coalesce(excluded.author, '')))
RETURNING new.id, new.source, new.ext_id, new.text, new.stars, new.author, new.changed_at,
          new.local_date, new.location_ext_id, old.id IS NULL AS is_new, old.stars AS stars_before,
          old.changed_at AS changed_before, old.p_negative AS p_negative_before

-- name: store_source_replies
UPDATE keeper.review r
SET reply_text = w.reply_text, reply_state = 'sent', reply_at = w.reply_at, reply_by = 'source',
    reply_error = NULL, updated_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    source text, ext_id text, reply_text text, reply_at timestamptz
)
WHERE r.tenant_id = %(tenant_id)s AND r.source = w.source AND r.ext_id = w.ext_id
  AND w.reply_text IS NOT NULL AND r.reply_state <> 'approved'
  AND (r.reply_state <> 'sent' OR r.reply_text IS DISTINCT FROM w.reply_text)

-- name: store_review_scores
UPDATE keeper.review r
SET p_negative = w.p_negative, updated_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (id uuid, p_negative float8)
WHERE r.tenant_id = %(tenant_id)s AND r.id = w.id

-- name: store_review_alerts
INSERT INTO keeper.review_alert (
    tenant_id, review_id, changed_at, reason, stars, p_negative, seconds_after_intake
)
SELECT %(tenant_id)s, w.review_id, w.changed_at, w.reason, w.stars, w.p_negative,
       extract(epoch FROM clock_timestamp() - now())
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    review_id uuid, changed_at timestamptz, reason text, stars smallint, p_negative float8
)
ON CONFLICT (tenant_id, review_id, changed_at) DO NOTHING
RETURNING review_id, changed_at

-- name: keep_reviews_apart
INSERT INTO keeper.quarantine AS old (tenant_id, object, ext_id, reason, body)
SELECT %(tenant_id)s, 'review', ext_id, reason, body
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given(ext_id text, reason text, body jsonb)
ON CONFLICT (tenant_id, object, ext_id, reason) DO UPDATE
SET body = excluded.body, seen_at = now(), updated_at = now()

-- name: release_reviews
DELETE FROM keeper.quarantine
WHERE tenant_id = %(tenant_id)s AND object = 'review' AND ext_id = ANY(%(ext_ids)s)

-- name: mark_missing_reviews
UPDATE keeper.review
SET deleted_at = now(), updated_at = now()
WHERE tenant_id = %(tenant_id)s AND source = %(source)s AND location_ext_id = %(location)s
  AND deleted_at IS NULL AND taken_in_at < %(before)s AND NOT (ext_id = ANY(%(seen)s))

-- name: list_reviews
SELECT r.id, r.source, r.ext_id, r.stars, r.previous_stars, r.text, r.author, r.reviewed_at,
       r.changed_at, r.p_negative, r.mismatch, r.aspects, r.person_id, p.display_name,
       r.visit_date, r.match_p, r.match_reason, r.reply_state, r.reply_text, r.reply_by,
       r.reply_at, r.reply_error, r.deleted_at, v.services, v.staff,
       r.source = 'google' AND EXISTS (
           SELECT 1 FROM keeper.connection c
           WHERE c.tenant_id = r.tenant_id AND c.provider = 'google' AND c.status = 'active'
             AND starts_with(r.ext_id, c.merchant_id || '/')
       ) AS can_send
FROM keeper.review r
LEFT JOIN keeper.person q ON q.tenant_id = r.tenant_id AND q.id = r.person_id
LEFT JOIN keeper.person p
    ON p.tenant_id = r.tenant_id AND p.id = coalesce(q.merged_into_id, q.id)
LEFT JOIN keeper.visit v
    ON v.tenant_id = r.tenant_id AND v.person_id = p.id AND v.local_date = r.visit_date
WHERE (%(review_id)s::uuid IS NOT NULL AND r.id = %(review_id)s::uuid)
   OR (%(review_id)s::uuid IS NULL AND r.deleted_at IS NULL
       AND (%(stars)s::smallint IS NULL OR r.stars = %(stars)s::smallint)
       AND CASE %(show)s::text
           WHEN 'unanswered' THEN r.reply_state IN ('none', 'draft', 'failed')
           WHEN 'answered' THEN r.reply_state IN ('approved', 'sent')
           WHEN 'unhappy' THEN r.stars <= 2 OR r.p_negative >= 0.9
           WHEN 'mismatch' THEN r.mismatch IS NOT NULL
           ELSE true
           END
       AND (%(after_at)s::timestamptz IS NULL
            OR (r.reviewed_at, r.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)))
ORDER BY r.reviewed_at DESC, r.id DESC
LIMIT %(limit)s

-- name: count_reviews
SELECT count(*) AS all,
       count(*) FILTER (WHERE reply_state IN ('none', 'draft', 'failed')) AS unanswered,
       count(*) FILTER (WHERE reply_state IN ('approved', 'sent')) AS answered,
       count(*) FILTER (WHERE stars <= 2 OR p_negative >= 0.9) AS unhappy,
       count(*) FILTER (WHERE mismatch IS NOT NULL) AS mismatch,
       count(*) FILTER (WHERE stars = 1) AS stars_1,
       count(*) FILTER (WHERE stars = 2) AS stars_2,
       count(*) FILTER (WHERE stars = 3) AS stars_3,
       count(*) FILTER (WHERE stars = 4) AS stars_4,
       count(*) FILTER (WHERE stars = 5) AS stars_5,
       avg(stars)::float8 AS mean,
       (SELECT count(*) FROM keeper.quarantine WHERE object = 'review') AS quarantined
FROM keeper.review
WHERE deleted_at IS NULL

-- name: star_months
SELECT m.month::date AS month, count(r.id) AS reviews, avg(r.stars)::float8 AS mean
FROM generate_series(
    date_trunc('month', %(day)s::date) - interval '11 months', date_trunc('month', %(day)s::date),
    interval '1 month'
) AS m (month)
LEFT JOIN keeper.review r
    ON r.local_date >= m.month AND r.local_date < m.month + interval '1 month'
   AND r.local_date <= %(day)s AND r.deleted_at IS NULL
GROUP BY m.month
ORDER BY m.month

-- name: aspect_counts
SELECT a.aspect ->> 'name' AS name,
       count(*) FILTER (WHERE a.aspect ->> 'feeling' IN ('good', 'mixed')) AS good,
       count(*) FILTER (WHERE a.aspect ->> 'feeling' IN ('bad', 'mixed')) AS bad
FROM keeper.review r
CROSS JOIN LATERAL jsonb_array_elements(r.aspects) AS a (aspect)
WHERE r.deleted_at IS NULL AND r.local_date > %(day)s::date - 365 AND r.local_date <= %(day)s
GROUP BY 1
ORDER BY count(*) DESC, 1

-- name: google_places
SELECT c.id AS connection_id, c.merchant_name AS title, c.status, c.notice, c.plan_flags,
       (SELECT max(s.last_ok_at) FROM keeper.sync_cursor s
        WHERE s.tenant_id = c.tenant_id AND s.connection_id = c.id) AS last_read_at
FROM keeper.connection c
WHERE c.provider = 'google'
ORDER BY c.created_at, c.id

-- name: lock_review
SELECT id, source, ext_id, stars, text, author, aspects, changed_at, reply_state, reply_text,
       deleted_at
FROM keeper.review
WHERE id = %(review_id)s
FOR UPDATE

-- name: set_reply
UPDATE keeper.review
SET reply_state = %(state)s, reply_text = %(text)s, reply_by = %(by)s, reply_error = NULL,
    reply_at = CASE WHEN %(state)s = 'draft' THEN NULL ELSE now() END, updated_at = now()
WHERE id = %(review_id)s

-- name: end_reply
UPDATE keeper.review
SET reply_state = %(state)s, reply_error = %(error)s, reply_at = now(), updated_at = now()
WHERE id = %(review_id)s AND reply_state = 'approved' AND reply_text = %(text)s

-- name: reviews_digest
SELECT md5(concat_ws('|', count(*), max(changed_at), sum(stars), count(deleted_at),
           sum(p_negative)::numeric(20, 6),
           sum(hashtextextended(ext_id || changed_at, 0)::numeric))) AS digest,
       count(*) AS reviews
FROM keeper.review
WHERE local_date <= %(day)s

-- name: reviews_to_examine
SELECT id, source, location_ext_id, stars, text, author, local_date, p_negative, examined
FROM keeper.review
WHERE local_date <= %(day)s AND deleted_at IS NULL
  AND (NOT examined OR local_date > %(day)s::date - 21)
ORDER BY local_date, id
LIMIT %(limit)s

-- name: visits_near
SELECT v.person_id, v.local_date, coalesce(n.names, '{}') AS names,
       coalesce(d.services, '{}') AS services, coalesce(d.staff, '{}') AS staff
FROM keeper.visits_until(%(day)s) v
LEFT JOIN (
    SELECT person_id, array_agg(DISTINCT concat_ws(' ', given_name, family_name)) AS names
    FROM keeper.customer
    WHERE person_id IS NOT NULL AND coalesce(given_name, family_name) IS NOT NULL
    GROUP BY person_id
) n ON n.person_id = v.person_id
LEFT JOIN keeper.visit d
    ON d.tenant_id = v.tenant_id AND d.person_id = v.person_id AND d.local_date = v.local_date
WHERE v.local_date BETWEEN %(first)s AND %(day)s
ORDER BY v.local_date, v.person_id

-- name: store_examined
UPDATE keeper.review r
SET examined = true, mismatch = w.mismatch, aspects = w.aspects, person_id = w.person_id,
    visit_date = w.visit_date, match_p = w.match_p, match_reason = w.match_reason,
    updated_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    id uuid, mismatch text, aspects jsonb, person_id uuid, visit_date date, match_p float8,
    match_reason jsonb
)
WHERE r.tenant_id = %(tenant_id)s AND r.id = w.id
  AND (NOT r.examined OR (r.mismatch, r.person_id, r.visit_date, r.aspects) IS DISTINCT FROM
       (w.mismatch, w.person_id, w.visit_date, w.aspects))

-- name: store_review_summary
WITH known AS (
    SELECT r.local_date, r.p_negative, r.mismatch, r.person_id, r.aspects,
           CASE WHEN r.changed_at < %(until)s THEN r.stars
           ELSE coalesce(
               (SELECT (h.state ->> 'stars')::smallint
                FROM jsonb_array_elements(r.history) AS h (state)
                WHERE (h.state ->> 'changed_at')::timestamptz < %(until)s
                ORDER BY (h.state ->> 'changed_at')::timestamptz DESC
                LIMIT 1), r.stars)
           END AS stars
    FROM keeper.review r
    WHERE r.local_date <= %(day)s AND r.reviewed_at < %(until)s
      AND r.local_date > (date_trunc('month', %(day)s::date) - interval '13 months')::date
      AND (r.deleted_at IS NULL OR r.deleted_at >= %(until)s)
), counted AS (
    SELECT date_trunc('month', local_date)::date AS month, count(*) AS reviews,
           count(stars) AS rated, coalesce(sum(stars), 0) AS stars_total,
           count(*) FILTER (WHERE stars <= 2 OR p_negative >= 0.9) AS negative,
           count(mismatch) AS mismatched, count(person_id) AS matched
    FROM known
    GROUP BY 1
), spoken AS (
    SELECT month, jsonb_object_agg(name, times) AS aspects
    FROM (
        SELECT date_trunc('month', k.local_date)::date AS month, a.aspect ->> 'name' AS name,
               count(*) AS times
        FROM known k
        CROSS JOIN LATERAL jsonb_array_elements(k.aspects) AS a (aspect)
        WHERE a.aspect ->> 'feeling' IN ('bad', 'mixed')
        GROUP BY 1, 2
    ) s
    GROUP BY month
)
INSERT INTO keeper.review_summary (
    tenant_id, business_date, month, reviews, rated, stars_total, negative, mismatched, matched,
    aspects
)
SELECT %(tenant_id)s, %(day)s, c.month, c.reviews, c.rated, c.stars_total, c.negative,
       c.mismatched, c.matched, coalesce(s.aspects, '{}')
FROM counted c
LEFT JOIN spoken s ON s.month = c.month

-- name: clear_review_summary
DELETE FROM keeper.review_summary
WHERE business_date = %(day)s OR business_date < %(day)s::date - 35
