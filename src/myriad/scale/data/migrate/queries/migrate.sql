-- name: get_migration_clock
SELECT clock_timestamp() AS now

-- name: begin_migration
INSERT INTO platform.migration (name, mapping_sha256) VALUES (%(name)s, %(sha256)s)
ON CONFLICT (name) DO UPDATE SET mapping_sha256 = excluded.mapping_sha256
    WHERE migration.phase = 'off'

-- name: find_migration
SELECT * FROM platform.migration WHERE name = %(name)s

-- name: hold_migration_shared
SELECT pg_advisory_xact_lock_shared(hashtextextended('myriad.migration.' || %(name)s, 0))

-- name: hold_migration
SELECT pg_advisory_xact_lock(hashtextextended('myriad.migration.' || %(name)s, 0))

-- name: set_migration_phase
UPDATE platform.migration
SET phase = %(phase)s, changed_at = clock_timestamp(),
    shadow_since = CASE WHEN %(phase)s = 'shadow_read' THEN clock_timestamp() ELSE shadow_since END
WHERE name = %(name)s

-- name: reset_migration
UPDATE platform.migration
SET phase = 'off', applied_seq = 0, caught_up_at = NULL, clean_verifications = 0,
    verified_at = NULL, shadow_since = NULL, shadow_compared = 0, shadow_differed = 0,
    carried_back = 0,
    changed_at = clock_timestamp()
WHERE name = %(name)s

-- name: clear_migration_chunks
DELETE FROM platform.migration_chunk WHERE migration = %(name)s

-- name: clear_migration_rows
DELETE FROM platform.migration_row WHERE migration = %(name)s

-- name: clear_migration_log
DELETE FROM platform.dual_write_log WHERE migration = %(name)s

-- name: insert_migration_chunk
INSERT INTO platform.migration_chunk (migration, part, low, high, state)
VALUES (%(name)s, %(part)s, %(low)s, %(high)s, %(state)s)
ON CONFLICT (migration, part, low) DO NOTHING

-- name: find_last_migration_chunk
SELECT low FROM platform.migration_chunk
WHERE migration = %(name)s AND part = %(part)s ORDER BY low DESC LIMIT 1

-- name: set_migration_chunk_high
UPDATE platform.migration_chunk SET high = %(high)s
WHERE migration = %(name)s AND part = %(part)s AND low = %(low)s

-- name: claim_migration_chunk
SELECT part, low, high FROM platform.migration_chunk
WHERE migration = %(name)s AND part = %(part)s AND state = ANY(%(states)s::text[])
    AND changed_at < %(before)s
ORDER BY low
LIMIT 1
FOR UPDATE SKIP LOCKED

-- name: end_migration_chunk
UPDATE platform.migration_chunk
SET state = %(state)s, rows_read = %(rows_read)s, rows_refused = %(rows_refused)s,
    source_digest = %(source_digest)s, target_digest = %(target_digest)s,
    changed_at = clock_timestamp()
WHERE migration = %(name)s AND part = %(part)s AND low = %(low)s

-- name: count_migration_chunks
SELECT part, state, count(*) AS chunks, sum(rows_read)::bigint AS rows_read,
    sum(rows_refused)::bigint AS rows_refused
FROM platform.migration_chunk WHERE migration = %(name)s
GROUP BY part, state ORDER BY part, state

-- name: list_migration_checksums
SELECT part, count(*) AS chunks,
    md5(string_agg(encode(source_digest, 'hex'), '' ORDER BY low)) AS sqlite,
    md5(string_agg(encode(target_digest, 'hex'), '' ORDER BY low)) AS postgres
FROM platform.migration_chunk
WHERE migration = %(name)s AND source_digest IS NOT NULL AND target_digest IS NOT NULL
GROUP BY part ORDER BY part

-- name: clear_migration_rows_between
DELETE FROM platform.migration_row
WHERE migration = %(name)s AND part = %(part)s AND row_id BETWEEN %(low)s AND %(high)s

-- name: clear_migration_rows_of
DELETE FROM platform.migration_row
WHERE migration = %(name)s AND part = %(part)s AND row_id = ANY(%(keys)s::bigint[])

-- name: insert_migration_row
INSERT INTO platform.migration_row (migration, part, row_id, is_refused, reason, row_json)
VALUES (%(name)s, %(part)s, %(row_id)s, %(is_refused)s, %(reason)s, %(row_json)s)
ON CONFLICT (migration, part, row_id, is_refused)
DO UPDATE SET reason = excluded.reason, row_json = excluded.row_json, changed_at = clock_timestamp()

-- name: list_refused_keys
SELECT row_id FROM platform.migration_row
WHERE migration = %(name)s AND part = %(part)s AND is_refused

-- name: list_kept_keys
SELECT part, row_id, is_refused FROM platform.migration_row WHERE migration = %(name)s

-- name: list_migration_rows
SELECT part, row_id, is_refused, reason, row_json FROM platform.migration_row
WHERE migration = %(name)s ORDER BY part, row_id LIMIT %(most)s

-- name: count_migration_rows
SELECT part, is_refused, regexp_replace(reason, '[0-9]+([.][0-9]+)?', 'N', 'g') AS reason,
    count(*) AS rows
FROM platform.migration_row WHERE migration = %(name)s
GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC

-- name: set_migration_applied
UPDATE platform.migration SET applied_seq = %(seq)s, caught_up_at = clock_timestamp()
WHERE name = %(name)s

-- name: insert_dual_write
INSERT INTO platform.dual_write_log (migration, first_seq, last_seq, written, removed, refused)
VALUES (%(name)s, %(first)s, %(last)s, %(written)s, %(removed)s, %(refused)s)

-- name: prune_dual_write
DELETE FROM platform.dual_write_log
WHERE migration = %(name)s AND applied_at < now() - interval '7 days'

-- name: count_dual_writes
SELECT coalesce(sum(written), 0)::bigint AS written, coalesce(sum(removed), 0)::bigint AS removed,
    coalesce(sum(refused), 0)::bigint AS refused
FROM platform.dual_write_log WHERE migration = %(name)s

-- name: note_verification
UPDATE platform.migration
SET clean_verifications = CASE WHEN %(is_clean)s THEN clean_verifications + 1 ELSE 0 END,
    verified_at = clock_timestamp()
WHERE name = %(name)s

-- name: begin_shadow_again
UPDATE platform.migration
SET shadow_since = clock_timestamp(), shadow_compared = 0, shadow_differed = 0
WHERE name = %(name)s

-- name: note_shadow
UPDATE platform.migration
SET shadow_compared = shadow_compared + %(compared)s,
    shadow_differed = shadow_differed + %(differed)s
WHERE name = %(name)s

-- name: hold_migration_session
SELECT pg_advisory_lock(hashtextextended('myriad.migration.' || %(name)s, 0))

-- name: release_migration_session
SELECT pg_advisory_unlock(hashtextextended('myriad.migration.' || %(name)s, 0))

-- name: list_migration_back
SELECT seq, part, identity FROM platform.migration_back
WHERE migration = %(name)s ORDER BY seq LIMIT %(most)s

-- name: delete_migration_back
DELETE FROM platform.migration_back WHERE migration = %(name)s AND seq = ANY(%(seqs)s::bigint[])

-- name: clear_migration_back_notes
DELETE FROM platform.migration_row
WHERE migration = %(name)s AND part = %(part)s AND row_id = ANY(%(keys)s::bigint[])
    AND NOT is_refused AND starts_with(reason, 'not carried back: ')

-- name: clear_migration_back
DELETE FROM platform.migration_back WHERE migration = %(name)s

-- name: count_migration_back
SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(written_at)), 0)::float AS seconds
FROM platform.migration_back WHERE migration = %(name)s

-- name: note_carried_back
UPDATE platform.migration
SET carried_back = carried_back + %(entries)s, caught_up_at = clock_timestamp()
WHERE name = %(name)s
