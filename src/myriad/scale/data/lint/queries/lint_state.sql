-- name: lint_month_missing
SELECT declared.table_name AS subject,
       format('has no partition for %%s', string_agg(to_char(month, 'YYYY-MM'), ', ' ORDER BY month)) AS found,
       format('SELECT platform.ensure_months(%%L, %%L, %%L);', declared.table_name, min(month)::date,
              max(month)::date) AS remedy
FROM platform.partitioned_table declared CROSS JOIN LATERAL generate_series(
        date_trunc('month', now() AT TIME ZONE 'UTC'),
        date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month', interval '1 month') AS month
WHERE to_regclass(declared.table_name || to_char(month, '_"p"YYYY_MM')) IS NULL
GROUP BY declared.table_name ORDER BY 1

-- name: lint_default_holds_rows
-- A crash forgets the counts but not the size, so a default of some size that counts nothing is told.
SELECT p.partdefid::regclass::text AS subject,
       format('the default of %%s holds rows, about %%s', p.partrelid::regclass,
              coalesce(nullif(s.n_live_tup, 0)::text, 'as many as its size says: '
              || pg_size_pretty(pg_relation_size(p.partdefid)))) AS found,
       format('SELECT platform.settle_month(%%L, date ''YYYY-MM-01''); -- for each of its months',
              p.partrelid::regclass) AS remedy
FROM pg_partitioned_table p LEFT JOIN pg_stat_all_tables s ON s.relid = p.partdefid
WHERE p.partdefid <> 0 AND pg_relation_size(p.partdefid) > 0
    AND (s.n_live_tup > 0 OR coalesce(s.n_dead_tup, 0) = 0)
ORDER BY 1

-- name: lint_dead_rows
SELECT s.relid::regclass::text AS subject,
       format('%%s of %%s rows are dead, about %%s', s.n_dead_tup, s.n_live_tup + s.n_dead_tup,
              pg_size_pretty((pg_relation_size(s.relid) * s.n_dead_tup::numeric
                             / (s.n_live_tup + s.n_dead_tup))::bigint)) AS found,
       format('VACUUM (ANALYZE) %%s;', s.relid::regclass) AS remedy
FROM pg_stat_user_tables s
WHERE s.n_dead_tup >= %(dead_rows)s::bigint
    AND s.n_dead_tup >= %(dead_share)s::float8 * (s.n_live_tup + s.n_dead_tup)
ORDER BY 1

-- name: lint_statistics_missing
-- Autovacuum looks at partitions, never at the table above them.
SELECT c.oid::regclass::text AS subject,
       format('was never analysed and holds about %%s rows', known.rows) AS found,
       format('ANALYZE %%s;', c.oid::regclass) AS remedy
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.n_live_tup), 0) AS rows,
           bool_or(s.relid = c.oid AND (s.last_analyze IS NOT NULL OR s.last_autoanalyze IS NOT NULL)) AS is_analysed
    FROM pg_partition_tree(c.oid) AS leaf JOIN pg_stat_all_tables s ON s.relid = leaf.relid
    UNION ALL
    SELECT s.n_live_tup, s.last_analyze IS NOT NULL OR s.last_autoanalyze IS NOT NULL
    FROM pg_stat_all_tables s WHERE s.relid = c.oid AND c.relkind = 'r' AND NOT c.relispartition
) AS known
WHERE c.relkind IN ('r', 'p') AND NOT coalesce(known.is_analysed, false) AND c.reltuples < 0
    AND known.rows >= %(analysed_rows)s::bigint
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1

-- name: lint_sequence_near_end
-- A column ends where its type does, however far its sequence goes.
SELECT format('%%I.%%I', s.schemaname, s.sequencename) AS subject,
       format('%%s of its numbers are used: %%s of %%s',
              to_char(100.0 * s.last_value / bound.number, 'FM990.0') || ' %%', s.last_value,
              bound.number) AS found,
       concat(held.widening, CASE WHEN bound.number = s.max_value THEN format(
              'ALTER SEQUENCE %%I.%%I AS bigint MAXVALUE 9223372036854775807; -- and what holds its numbers',
              s.schemaname, s.sequencename) END) AS remedy
FROM pg_sequences s JOIN pg_namespace n ON n.nspname = s.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename CROSS JOIN LATERAL (
    SELECT min(CASE a.atttypid WHEN 'int2'::regtype THEN 32767 ELSE 2147483647 END) AS number,
           string_agg(format('ALTER TABLE %%s ALTER COLUMN %%I TYPE bigint; ', a.attrelid::regclass, a.attname),
                      '' ORDER BY a.attrelid::regclass::text) AS widening
    FROM pg_attribute a JOIN (
        SELECT d.refobjid, d.refobjsubid FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
            AND d.deptype IN ('a', 'i')
            AND d.objid = c.oid
        UNION
        SELECT x.adrelid, x.adnum FROM pg_attrdef x JOIN pg_depend d ON d.objid = x.oid
        WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
            AND d.refobjid = c.oid
    ) AS holder (relid, attnum) ON a.attrelid = holder.relid AND a.attnum = holder.attnum
    WHERE a.atttypid IN ('int2'::regtype, 'int4'::regtype)
) AS held CROSS JOIN LATERAL (SELECT least(s.max_value, held.number) AS number) AS bound
WHERE s.increment_by > 0 AND NOT s.cycle
    AND s.last_value >= %(sequence_share)s::float8 * bound.number
ORDER BY 1

-- name: lint_transaction_long
SELECT format('process %%s', pid) AS subject,
       format('%%s holds a transaction open for %%s seconds (%%s)', coalesce(nullif(application_name, ''), usename),
              extract(epoch FROM now() - xact_start)::bigint, state) AS found,
       format('SELECT pg_terminate_backend(%%s);', pid) AS remedy
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND xact_start < now() - make_interval(secs => %(transaction_seconds)s::float8)
ORDER BY xact_start

-- name: lint_transaction_prepared
SELECT gid AS subject,
       format('prepared by %%s and undecided since %%s', owner,
              to_char(prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) AS found,
       format('ROLLBACK PREPARED %%L; -- or COMMIT PREPARED %%1$L;', gid) AS remedy
FROM pg_prepared_xacts
WHERE database = current_database()
    AND prepared < now() - make_interval(secs => %(prepared_seconds)s::float8)
ORDER BY prepared

-- name: lint_wraparound_near
-- Writing ends at two thousand million; mxid_age counts locks of several transactions alike.
SELECT d.datname::text AS subject,
       format('its oldest row is %%s transactions old', greatest(age(d.datfrozenxid), mxid_age(d.datminmxid))) AS found,
       format('VACUUM (FREEZE) %%s; -- then the next oldest', (
           SELECT c.oid::regclass FROM pg_class c WHERE c.relkind IN ('r', 'm', 't')
           ORDER BY greatest(age(c.relfrozenxid), mxid_age(c.relminmxid)) DESC, c.oid LIMIT 1)) AS remedy
FROM pg_database d
WHERE d.datname = current_database()
    AND greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) >= %(transaction_age)s::bigint
