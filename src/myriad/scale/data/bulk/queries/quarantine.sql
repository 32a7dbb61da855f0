-- name: insert_quarantined
INSERT INTO platform.data_quarantine (tenant_id, table_name, source, line, reason, row_json, is_whole)
SELECT %(tenant_id)s, %(table_name)s, %(source)s, line, reason, row_json, is_whole
FROM unnest(%(lines)s::bigint[], %(reasons)s::text[], %(rows)s::text[], %(whole)s::boolean[])
    AS refused (line, reason, row_json, is_whole)

-- name: list_quarantined
SELECT id, table_name, source, line, reason, row_json, is_whole, created_at
FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND id > %(after)s
    AND (%(table_name)s::text IS NULL OR table_name = %(table_name)s)
ORDER BY id
LIMIT %(most)s

-- name: find_quarantined
SELECT id, table_name, source, line, reason, row_json, is_whole, created_at
FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::uuid[])
ORDER BY id

-- name: count_quarantined
SELECT t.id AS tenant_id, t.slug AS tenant, q.table_name, q.rows, q.oldest_at
FROM (
    SELECT tenant_id, table_name, count(*) AS rows, min(created_at) AS oldest_at
    FROM platform.data_quarantine
    GROUP BY tenant_id, table_name
) AS q
JOIN platform.tenant AS t ON t.id = q.tenant_id
ORDER BY t.slug, q.table_name

-- name: lock_quarantined
SELECT id, row_json FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND table_name = %(table_name)s AND id = ANY(%(ids)s::uuid[])
    AND is_whole
ORDER BY id
FOR UPDATE

-- name: let_out_quarantined
DELETE FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::uuid[])

-- name: refuse_quarantined
UPDATE platform.data_quarantine AS q SET reason = said.reason
FROM (SELECT unnest(%(ids)s::uuid[]) AS id, unnest(%(reasons)s::text[]) AS reason) AS said
WHERE q.tenant_id = %(tenant_id)s AND q.id = said.id AND q.reason <> said.reason

-- name: drop_quarantined
DELETE FROM platform.data_quarantine
WHERE tenant_id = %(tenant_id)s AND created_at < now() - make_interval(days => %(days)s::integer)
    AND (%(table_name)s::text IS NULL OR table_name = %(table_name)s)

-- name: drop_quarantined_of_all
DELETE FROM platform.data_quarantine
WHERE created_at < now() - make_interval(days => %(days)s::integer)
