-- name: insert_quarantined
INSERT INTO platform.data_quarantine (tenant_id, table_name, source, line, reason, row_json, is_whole)
SELECT %(tenant_id)s, %(table_name)s, %(source)s, line, reason, row_json, is_whole
FROM unnest(%(lines)s::bigint[], %(reasons)s::text[], %(rows)s::text[], %(whole)s::boolean[])
    AS refused (line, reason, row_json, is_whole)

-- name: list_quarantined
SELECT id, table_name, source, line, reason, row_json, is_whole, created_at
FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND table_name = %(table_name)s AND id > %(after)s
ORDER BY id
LIMIT %(most)s

-- name: take_quarantined
DELETE FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND table_name = %(table_name)s AND id = ANY(%(ids)s::uuid[])
    AND is_whole
RETURNING source, line, row_json

-- name: drop_quarantined
DELETE FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND created_at < now() - make_interval(days => %(days)s::integer)
