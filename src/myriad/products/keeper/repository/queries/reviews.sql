-- name: store_reviews
INSERT INTO keeper.review AS r (
    tenant_id, source, ext_id, location_ext_id, stars, text, author, reviewed_at, local_date,
    changed_at, reply_text, reply_state, reply_by, reply_at
)
SELECT %(tenant_id)s, w.source, w.ext_id, w.location, w.stars, w.text, w.author, w.reviewed_at,
       w.local_date, w.changed_at, w.reply_text,
       CASE WHEN w.reply_text IS NULL THEN 'none' ELSE 'sent' END,
       CASE WHEN w.reply_text IS NULL THEN NULL ELSE 'source' END, w.reply_at
FROM jsonb_to_recordset(%(rows)s) AS w (
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
          old.p_negative AS p_negative_before

-- name: store_source_replies
UPDATE keeper.review r
SET reply_text = w.reply_text, reply_state = 'sent', reply_at = w.reply_at, reply_by = 'source',
    reply_error = NULL, updated_at = now()
FROM jsonb_to_recordset(%(rows)s) AS w (
    source text, ext_id text, reply_text text, reply_at timestamptz
)
WHERE r.tenant_id = %(tenant_id)s AND r.source = w.source AND r.ext_id = w.ext_id
  AND w.reply_text IS NOT NULL AND r.reply_state <> 'approved'
  AND (r.reply_state <> 'sent' OR r.reply_text IS DISTINCT FROM w.reply_text)

-- name: store_review_scores
UPDATE keeper.review r
SET p_negative = w.p_negative, updated_at = now()
FROM jsonb_to_recordset(%(rows)s) AS w (id uuid, p_negative float8)
WHERE r.tenant_id = %(tenant_id)s AND r.id = w.id

-- name: store_review_alerts
INSERT INTO keeper.review_alert (
    tenant_id, review_id, changed_at, reason, stars, p_negative, seconds_after_intake
)
SELECT %(tenant_id)s, w.review_id, w.changed_at, w.reason, w.stars, w.p_negative,
       extract(epoch FROM clock_timestamp() - now())
FROM jsonb_to_recordset(%(rows)s) AS w (
    review_id uuid, changed_at timestamptz, reason text, stars smallint, p_negative float8
)
ON CONFLICT (tenant_id, review_id, changed_at) DO NOTHING
RETURNING review_id, changed_at

-- name: keep_reviews_apart
INSERT INTO keeper.quarantine AS old (tenant_id, object, ext_id, reason, body)
SELECT %(tenant_id)s, 'review', ext_id, reason, body
FROM jsonb_to_recordset(%(rows)s) AS given(ext_id text, reason text, body jsonb)
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
