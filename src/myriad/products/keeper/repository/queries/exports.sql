-- name: export_tables
SELECT t.relname AS name,
       array_agg(a.attname::text ORDER BY a.attnum) AS columns,
       array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum) AS types,
       format('SELECT %%s FROM %%I.%%I%%s',
              string_agg(format('%%I', a.attname), ', ' ORDER BY a.attnum), n.nspname, t.relname,
              coalesce(' ORDER BY ' || k.key, '')) AS statement
FROM pg_class t
JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attname <> 'tenant_id' AND a.atttypid <> 'bytea'::regtype
LEFT JOIN LATERAL (
    SELECT string_agg(format('%%I', c.attname), ', ' ORDER BY p.place) AS key
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS p (attnum, place)
    JOIN pg_attribute c ON c.attrelid = i.indrelid AND c.attnum = p.attnum
    WHERE i.indrelid = t.oid AND i.indisprimary AND c.attname <> 'tenant_id'
) k ON true
WHERE (t.relkind IN ('r', 'p') AND NOT t.relispartition OR t.oid = 'keeper.staff_metrics'::regclass)
  AND (n.nspname = 'keeper' OR (n.nspname, t.relname) = ('platform', 'audit_event'))
  AND has_table_privilege(t.oid, 'SELECT')
  AND EXISTS (SELECT 1 FROM pg_attribute b WHERE b.attrelid = t.oid AND b.attname = 'tenant_id'
              AND NOT b.attisdropped)
GROUP BY n.nspname, t.relname, k.key
ORDER BY t.relname
