-- name: list_partitioned_tables
SELECT table_name, key_column, ahead, keep_months
FROM platform.partitioned_table WHERE to_regclass(table_name) IS NOT NULL ORDER BY table_name

-- name: list_months
-- The months of a table, by the names that ensure_months gives them.
SELECT to_date(right(child.relname, 7), 'YYYY_MM') AS month
FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = to_regclass(%(table_name)s) AND child.relname ~ '_p[0-9]{4}_[0-9]{2}$'
ORDER BY month

-- name: list_archives
SELECT table_name, month, state, storage_key, sha256, row_count, row_digest, size_bytes,
    detached_at, archived_at, dropped_at
FROM platform.partition_archive
WHERE CAST(%(table_name)s AS text) IS NULL OR table_name = %(table_name)s
ORDER BY table_name, month

-- name: mark_archived
UPDATE platform.partition_archive
SET state = 'archived', storage_key = %(storage_key)s, sha256 = %(sha256)s,
    row_count = %(row_count)s, row_digest = %(row_digest)s, size_bytes = %(size_bytes)s,
    archived_at = now()
WHERE table_name = %(table_name)s AND month = %(month)s AND state = 'detached'

-- name: list_columns
SELECT attname AS name, format_type(atttypid, atttypmod) AS type
FROM pg_attribute
WHERE attrelid = to_regclass(%(table_name)s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
