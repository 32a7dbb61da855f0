-- How a server keeps its log, points of recovery, and what a restored copy is compared by.

-- name: read_archive_state
SELECT current_setting('archive_mode'), current_setting('archive_command'),
       current_setting('summarize_wal')::boolean, archiver.archived_count, archiver.failed_count,
       archiver.last_failed_wal, waiting.segments, waiting.since
FROM pg_stat_archiver AS archiver,
     (SELECT count(*) AS segments, min(modification) AS since
      FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready') AS waiting

-- name: end_copies
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = %(name)s AND usename = current_user

-- name: read_cluster_bytes
SELECT sum(pg_database_size(oid))::bigint FROM pg_database

-- name: reload_settings
SELECT pg_reload_conf()

-- name: read_server
SELECT (SELECT system_identifier FROM pg_control_system()),
       CASE WHEN NOT pg_is_in_recovery()
            THEN ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END

-- name: mark_point
SELECT pg_walfile_name(pg_create_restore_point(%(name)s)), now()

-- name: switch_segment
SELECT pg_switch_wal()

-- name: list_compared_tables
SELECT quote_ident(namespace.nspname) || '.' || quote_ident(class.relname) AS name
FROM pg_class AS class JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE class.relkind = 'r' AND class.relpersistence = 'p'
  AND namespace.nspname <> 'information_schema' AND namespace.nspname !~ '^pg_'
ORDER BY 1

-- name: read_last_replayed
SELECT pg_last_xact_replay_timestamp()
