-- name: store_notice
INSERT INTO keeper.notice (
    tenant_id, dedup_key, kind, level, audience, title, detail, href, person_id, review_id
) VALUES (
    %(tenant_id)s, %(dedup_key)s, %(kind)s, %(level)s, %(audience)s, %(title)s, %(detail)s,
    %(href)s, %(person_id)s, %(review_id)s
)
ON CONFLICT (tenant_id, dedup_key) DO NOTHING
RETURNING id

-- name: store_run_notices
-- What a run has to tell. Who has not looked at the last one of a sort sees the new one in its place.
WITH told AS (
    INSERT INTO keeper.notice (
        tenant_id, dedup_key, kind, level, audience, title, detail, href
    )
    SELECT %(tenant_id)s, w.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
        dedup_key text, kind text, level text, audience text, title text, detail text, href text
    )
    ON CONFLICT (tenant_id, dedup_key) DO NOTHING
    RETURNING id, kind, split_part(dedup_key, ':', 2) AS sort
), replaced AS (
    UPDATE keeper.notice n
    SET cleared_at = now(), updated_at = now()
    FROM told t
    WHERE n.tenant_id = %(tenant_id)s AND n.kind = t.kind
      AND split_part(n.dedup_key, ':', 2) = t.sort
      AND n.seen_at IS NULL AND n.cleared_at IS NULL
)
SELECT t.id, EXISTS (
    SELECT FROM keeper.preference p, jsonb_each(p.notify_emails) AS e (user_id, kinds)
    WHERE p.tenant_id = %(tenant_id)s
      AND e.kinds ? CASE t.kind WHEN 'task' THEN 'new_tasks' ELSE t.kind END
) AS is_wanted
FROM told t

-- name: clear_notice
UPDATE keeper.notice
SET cleared_at = now(), updated_at = now()
WHERE kind = %(kind)s AND dedup_key = %(dedup_key)s AND cleared_at IS NULL AND seen_at IS NULL

-- name: list_notices
SELECT n.id, n.kind, n.level, n.title, n.detail, n.href, n.person_id, n.review_id, n.audience,
       n.created_at, n.seen_at, n.cleared_at,
       (SELECT count(*) FROM keeper.notice_delivery d
        WHERE d.tenant_id = n.tenant_id AND d.notice_id = n.id AND d.state = 'sent') AS mailed
FROM keeper.notice n
WHERE n.tenant_id = %(tenant_id)s
  AND (%(is_owner)s OR n.audience = 'everyone')
  AND (NOT %(unseen_only)s OR (n.seen_at IS NULL AND n.cleared_at IS NULL))
  AND (%(after_id)s::uuid IS NULL OR n.id < %(after_id)s::uuid)
ORDER BY n.id DESC
LIMIT %(limit)s

-- name: get_notice
SELECT id, kind, level, title, detail, href, person_id, review_id, audience, created_at, seen_at, cleared_at,
       (SELECT count(*) FROM keeper.notice_delivery d
        WHERE d.tenant_id = n.tenant_id AND d.notice_id = n.id AND d.state = 'sent') AS mailed
FROM keeper.notice n
WHERE id = %(notice_id)s AND (%(is_owner)s OR audience = 'everyone')

-- name: unseen_notices
SELECT id, kind, level, title, detail, href, person_id, review_id, audience, created_at, seen_at, cleared_at,
       0 AS mailed, count(*) OVER () AS unseen
FROM keeper.notice
WHERE tenant_id = %(tenant_id)s AND seen_at IS NULL AND cleared_at IS NULL
  AND (%(is_owner)s OR audience = 'everyone')
ORDER BY array_position(ARRAY['urgent', 'high', 'normal'], level), id DESC
LIMIT %(limit)s

-- name: mark_notice_seen
UPDATE keeper.notice SET seen_at = now(), seen_by = %(seen_by)s, updated_at = now()
WHERE id = %(notice_id)s AND seen_at IS NULL

-- name: mark_notices_seen
UPDATE keeper.notice SET seen_at = now(), seen_by = %(seen_by)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND id <= %(until)s AND seen_at IS NULL AND cleared_at IS NULL
  AND (%(is_owner)s OR audience = 'everyone')

-- name: count_own_mails
SELECT count(*) AS mails FROM keeper.notice_delivery
WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND form = 'own'
  AND state IN ('waiting', 'sent') AND created_at > %(since)s

-- name: store_delivery
INSERT INTO keeper.notice_delivery (tenant_id, notice_id, channel, user_id, form, due_at)
VALUES (%(tenant_id)s, %(notice_id)s, 'mail', %(user_id)s, %(form)s, %(due_at)s)
ON CONFLICT (tenant_id, notice_id, user_id, channel) DO NOTHING
RETURNING id

-- name: lock_delivery
SELECT id, user_id, state, notice_id FROM keeper.notice_delivery
WHERE id = %(delivery_id)s FOR UPDATE

-- name: lock_due_letters
SELECT id, user_id, state, notice_id FROM keeper.notice_delivery
WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND form = 'digest'
  AND state = 'waiting' AND due_at <= %(now)s
ORDER BY notice_id LIMIT %(limit)s FOR UPDATE

-- name: note_deliveries
UPDATE keeper.notice_delivery
SET state = %(state)s, provider_id = %(provider_id)s, error = %(error)s, updated_at = now(),
    attempts = attempts + 1, sent_at = CASE WHEN %(state)s = 'sent' THEN now() END
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s)
