-- name: begin_draft
INSERT INTO upswitch.draft (tenant_id, session_id, seq)
VALUES (%(tenant_id)s, %(session_id)s, %(seq)s)
ON CONFLICT (tenant_id, session_id, seq) DO NOTHING

-- name: write_draft
UPDATE upswitch.draft SET text = %(text)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND seq = %(seq)s
RETURNING is_stopped

-- name: find_draft
SELECT seq, text, is_stopped, extract(epoch FROM now() - updated_at)::float8 AS idle_seconds
FROM upswitch.draft
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND seq = %(seq)s

-- name: find_newest_draft
SELECT seq, text, is_stopped, extract(epoch FROM now() - updated_at)::float8 AS idle_seconds
FROM upswitch.draft
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s
ORDER BY seq DESC
LIMIT 1

-- name: stop_draft
UPDATE upswitch.draft SET is_stopped = true
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND seq = %(seq)s

-- name: end_draft
DELETE FROM upswitch.draft
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND seq = %(seq)s
