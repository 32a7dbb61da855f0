-- name: end_dead_kbo_loads
UPDATE upswitch.kbo_load SET state = 'interrupted', ended_at = now() WHERE state = 'running'

-- name: begin_kbo_load
INSERT INTO upswitch.kbo_load (id, file, is_full, number)
VALUES (%(id)s, %(file)s, %(is_full)s, %(number)s)

-- name: tell_kbo_load
UPDATE upswitch.kbo_load
SET step = %(step)s, done = %(done)s, total = %(total)s, told_at = now()
WHERE id = %(id)s

-- name: end_kbo_load
UPDATE upswitch.kbo_load
SET state = %(state)s, detail = %(detail)s, total = %(total)s, ended_at = now(), told_at = now(),
    done = CASE WHEN %(state)s = 'done' THEN %(total)s ELSE done END
WHERE id = %(id)s

-- name: registry_state
-- What is loaded, and the load under way. One that was silent for a minute is dead.
SELECT e.number, e.snapshot_date, e.version, l.number AS loading_number, l.step, l.done, l.total
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
    SELECT number, snapshot_date, version FROM upswitch.kbo_extract
    ORDER BY loaded_at DESC, number DESC LIMIT 1
) e ON true
LEFT JOIN LATERAL (
    SELECT number, step, done, total FROM upswitch.kbo_load
    WHERE state = 'running' AND told_at > now() - interval '1 minute'
    ORDER BY started_at DESC LIMIT 1
) l ON true

-- name: list_kbo_loads
SELECT file, is_full, number, state, detail, started_at, ended_at
FROM upswitch.kbo_load ORDER BY started_at DESC LIMIT %(limit)s

-- name: list_kbo_extracts
SELECT number, is_full, snapshot_date, extracted_at, loaded_at, rows
FROM upswitch.kbo_extract ORDER BY loaded_at DESC, number DESC LIMIT %(limit)s

-- name: count_companies
-- Millions: the planner's count is near enough, and exact for what was just loaded.
SELECT greatest(reltuples, 0)::bigint AS companies FROM pg_class
WHERE oid = 'upswitch.company'::regclass

-- name: list_kbo_files
SELECT name, number, is_full, snapshot_date, size_bytes, state, detail, seen_at
FROM upswitch.kbo_file ORDER BY number DESC, is_full DESC, name LIMIT %(limit)s

-- name: forget_kbo_files
DELETE FROM upswitch.kbo_file

-- name: note_kbo_file
INSERT INTO upswitch.kbo_file (name, number, is_full, snapshot_date, size_bytes, state, detail)
VALUES (%(name)s, %(number)s, %(is_full)s, %(snapshot_date)s, %(size_bytes)s, %(state)s,
        %(detail)s)

-- name: drop_old_kbo_loads
DELETE FROM upswitch.kbo_load WHERE started_at < now() - interval '400 days'
