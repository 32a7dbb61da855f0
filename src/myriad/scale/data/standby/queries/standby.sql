-- What primaries and standbys say of themselves and of each other.

-- name: read_role
SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system()),
       CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END

-- name: read_written_position
SELECT CASE WHEN NOT pg_is_in_recovery()
            THEN ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn()::text END

-- name: read_replayed_position
SELECT timeline_id, CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END
FROM pg_control_checkpoint()

-- name: list_followers
SELECT sender.application_name AS name, sender.client_addr::text AS address, sender.state AS state,
       sender.sync_state AS sync, extract(epoch FROM sender.replay_lag)::float8 AS replay_lag_seconds,
       pg_wal_lsn_diff(pg_current_wal_lsn(), sender.replay_lsn)::bigint AS behind_bytes,
       slot.slot_name::text AS slot
FROM pg_stat_replication AS sender
LEFT JOIN pg_replication_slots AS slot ON slot.active_pid = sender.pid
ORDER BY sender.application_name

-- name: list_idle_slots
SELECT slot_name::text AS slot, wal_status,
       pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS kept_bytes
FROM pg_replication_slots WHERE NOT active ORDER BY slot_name

-- name: find_slot
SELECT slot_name::text FROM pg_replication_slots WHERE slot_name = %(slot)s

-- name: make_slot
SELECT pg_create_physical_replication_slot(%(slot)s, true)

-- name: end_making
SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots
WHERE slot_name = %(slot)s AND active

-- name: drop_slot
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
WHERE slot_name = %(slot)s AND NOT active

-- name: promote
SELECT pg_promote(true, %(seconds)s)
