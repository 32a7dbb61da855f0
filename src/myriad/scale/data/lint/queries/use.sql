-- name: list_table_sizes
WITH leaf AS (
    SELECT coalesce(pg_partition_root(c.oid)::oid, c.oid) AS root, c.oid,
           greatest(c.reltuples, s.n_live_tup, 0)::bigint AS rows
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
    WHERE c.relkind IN ('r', 'm')
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
)
SELECT root::regclass::text AS name, count(*) FILTER (WHERE oid <> root)::int AS partitions,
       sum(rows)::bigint AS rows, sum(pg_table_size(oid))::bigint AS table_bytes,
       sum(pg_indexes_size(oid))::bigint AS index_bytes,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = root AND a.attname = 'tenant_id'
               AND NOT a.attisdropped) AS has_tenant
FROM leaf GROUP BY root ORDER BY sum(pg_total_relation_size(oid)) DESC, 1

-- name: list_partition_sizes
SELECT tree.relid::text AS name, greatest(c.reltuples, s.n_live_tup, 0)::bigint AS rows,
       pg_table_size(tree.relid) AS table_bytes, pg_indexes_size(tree.relid) AS index_bytes
FROM pg_partition_tree(to_regclass(%(name)s::text)) AS tree JOIN pg_class c ON c.oid = tree.relid
    LEFT JOIN pg_stat_all_tables s ON s.relid = tree.relid
WHERE tree.isleaf ORDER BY 1

-- name: list_index_use
-- Reads of a partitioned index are those of its parts.
WITH part AS (
    SELECT coalesce(pg_partition_root(i.indexrelid)::oid, i.indexrelid) AS root,
           coalesce(pg_partition_root(i.indrelid)::oid, i.indrelid) AS owner,
           s.idx_scan, s.last_idx_scan, pg_relation_size(i.indexrelid) AS bytes
    FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
)
SELECT part.root::regclass::text AS name, part.owner::regclass::text AS table_name,
       bool_or(i.indisunique) AS is_unique, sum(part.idx_scan)::bigint AS scans,
       max(part.last_idx_scan) AS last_scan_at, sum(part.bytes)::bigint AS bytes
FROM part JOIN pg_index i ON i.indexrelid = part.root
GROUP BY part.root, part.owner ORDER BY sum(part.bytes) DESC, 1

-- name: statistics_since
SELECT greatest((SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()),
                (SELECT stats_reset FROM pg_stat_bgwriter)) AS at

-- name: find_statement_statistics
SELECT quote_ident(n.nspname) AS space
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements'

-- name: list_running_statements
/* asked by a sampler */
SELECT pid, query_start AS began_at, query,
       extract(epoch FROM clock_timestamp() - query_start)::float8 AS seconds
FROM pg_stat_activity
WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()
    AND query_start IS NOT NULL AND query NOT LIKE '%%asked by a sampler%%'
