-- name: lint_primary_key_missing
-- A whole unique index over columns that are never NULL names a row as well.
SELECT c.oid::regclass::text AS subject, 'has no key that names a row' AS found,
       format('ALTER TABLE %%s ADD PRIMARY KEY (%%s);', c.oid::regclass, CASE WHEN EXISTS (
           SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
           AND NOT a.attisdropped) THEN 'tenant_id, …' ELSE '…' END) AS remedy
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND NOT EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
            AND i.indexprs IS NULL AND NOT EXISTS (
                SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum = ANY(i.indkey) AND NOT a.attnotnull))
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1

-- name: lint_tenant_not_leading
SELECT i.indexrelid::regclass::text AS subject,
       format('a unique key of %%s begins with %%s', i.indrelid::regclass,
              coalesce(a.attname::text, 'an expression')) AS found,
       format('-- a key that begins with the tenant, then: DROP INDEX CONCURRENTLY %%s;',
              i.indexrelid::regclass) AS remedy
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0
WHERE i.indisunique AND NOT c.relispartition AND a.attname IS DISTINCT FROM 'tenant_id'
    AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = i.indrelid AND t.attname = 'tenant_id'
                AND NOT t.attisdropped)
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1

-- name: lint_foreign_key_unindexed
-- An index serves when its first columns are those of the key, in whatever order, and it is whole.
WITH key AS (
    SELECT k.oid, k.conname, k.conrelid, k.confrelid, k.conkey::int[] AS columns,
           CASE c.relkind WHEN 'r' THEN 'CONCURRENTLY ' ELSE '' END AS waiting
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT c.relispartition
)
SELECT format('%%s of %%s', key.conname, key.conrelid::regclass) AS subject,
       format('no index of %%s begins with (%%s); each change of a row of %%s reads all of it',
              key.conrelid::regclass, named.columns, key.confrelid::regclass) AS found,
       format('CREATE INDEX %%sON %%s (%%s);', key.waiting, key.conrelid::regclass, named.columns) AS remedy
FROM key CROSS JOIN LATERAL (
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY place) AS columns
    FROM unnest(key.columns) WITH ORDINALITY AS of_key(attnum, place)
    JOIN pg_attribute a ON a.attrelid = key.conrelid AND a.attnum = of_key.attnum
) AS named
WHERE NOT EXISTS (
    SELECT FROM pg_index i
    WHERE i.indrelid = key.conrelid AND i.indisvalid AND i.indpred IS NULL
        AND (SELECT array_agg(one::int) FROM unnest((i.indkey::int2[])[0:cardinality(key.columns) - 1]) AS one)
            @> key.columns
)
ORDER BY 1

-- name: lint_index_duplicate
WITH one AS (
    SELECT i.indexrelid, i.indrelid, i.indisunique, i.indisprimary, c.relam,
           i.indkey::text || ' ' AS keys, i.indclass::text || ' ' AS classes,
           i.indcollation::text || ' ' AS collations, i.indoption::text || ' ' AS options,
           coalesce(pg_get_expr(i.indexprs, i.indrelid), '') AS expressions,
           coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
           i.indnkeyatts = i.indnatts AS is_plain, m.amname,
           CASE c.relkind WHEN 'i' THEN 'CONCURRENTLY ' ELSE '' END AS waiting,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) AS is_of_constraint
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
        JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisvalid AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
)
SELECT DISTINCT ON (spare.indexrelid)
       spare.indexrelid::regclass::text AS subject,
       format('%%s %%s of %%s', CASE WHEN spare.keys = other.keys THEN 'is the same as'
              ELSE 'is the beginning of' END, other.indexrelid::regclass, spare.indrelid::regclass) AS found,
       format('DROP INDEX %%s%%s;', spare.waiting, spare.indexrelid::regclass) AS remedy
FROM one AS spare JOIN one AS other ON other.indrelid = spare.indrelid
    AND other.indexrelid <> spare.indexrelid AND other.relam = spare.relam
    AND other.expressions = spare.expressions AND other.predicate = spare.predicate
WHERE spare.is_plain AND NOT spare.indisprimary AND NOT spare.is_of_constraint
    AND (
        (spare.keys = other.keys AND spare.classes = other.classes AND other.is_plain
            AND spare.collations = other.collations AND spare.options = other.options
            AND (NOT spare.indisunique OR other.indisunique)
            AND (other.is_of_constraint OR other.indisunique AND NOT spare.indisunique
                OR other.indexrelid < spare.indexrelid))
        OR (spare.amname = 'btree' AND NOT spare.indisunique AND spare.keys <> other.keys
            AND spare.expressions = '' AND starts_with(other.keys, spare.keys)
            AND starts_with(other.classes, spare.classes)
            AND starts_with(other.collations, spare.collations)
            AND starts_with(other.options, spare.options))
    )
ORDER BY spare.indexrelid, other.keys = spare.keys DESC

-- name: lint_index_invalid
SELECT i.indexrelid::regclass::text AS subject,
       format('is written but answers nothing on %%s: its building broke off', i.indrelid::regclass) AS found,
       CASE c.relkind WHEN 'i' THEN format('REINDEX INDEX CONCURRENTLY %%s;', i.indexrelid::regclass)
            ELSE format('-- make it on each partition, then: ALTER INDEX %%s ATTACH PARTITION …;',
                        i.indexrelid::regclass) END AS remedy
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
ORDER BY 1

-- name: lint_index_unused
-- Statistics begin anew by hand or after a crash, which the second clock knows.
WITH since AS (
    SELECT greatest((SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()),
                    (SELECT stats_reset FROM pg_stat_bgwriter)) AS at
)
SELECT s.indexrelid::regclass::text AS subject,
       format('read by nothing on %%s since %%s, %%s', s.relid::regclass, to_char(since.at, 'YYYY-MM-DD'),
              pg_size_pretty(pg_relation_size(s.indexrelid))) AS found,
       format('DROP INDEX CONCURRENTLY %%s;', s.indexrelid::regclass) AS remedy
FROM since, pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
    JOIN pg_class c ON c.oid = s.indexrelid AND NOT c.relispartition
WHERE s.idx_scan = 0 AND NOT i.indisunique AND i.indisvalid
    AND since.at < now() - make_interval(secs => %(statistics_seconds)s::float8)
    AND pg_relation_size(s.indexrelid) >= %(index_bytes)s::bigint
ORDER BY 1
