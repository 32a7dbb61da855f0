-- name: store_notice
INSERT INTO keeper.notice (
    tenant_id, dedup_key, kind, level, audience, title, detail, href, person_id, review_id
) VALUES (
    %(tenant_id)s, %(dedup_key)s, %(kind)s, %(level)s, %(audience)s, %(title)s, %(detail)s,
    %(href)s, %(person_id)s, %(review_id)s
)
ON CONFLICT (tenant_id, dedup_key) DO NOTHING
RETURNING id

-- name: clear_notice
UPDATE keeper.notice
SET cleared_at = now(), updated_at = now()
WHERE kind = %(kind)s AND dedup_key = %(dedup_key)s AND cleared_at IS NULL AND seen_at IS NULL
