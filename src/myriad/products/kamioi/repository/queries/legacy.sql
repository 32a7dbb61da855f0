-- name: find_legacy_move
SELECT tenant_id, name, file, time_zone FROM kamioi.legacy_move

-- name: insert_legacy_move
INSERT INTO kamioi.legacy_move (tenant_id, name, file, time_zone)
VALUES (%(tenant_id)s, %(name)s, %(file)s, %(time_zone)s)
ON CONFLICT (tenant_id) DO UPDATE SET file = excluded.file, time_zone = excluded.time_zone

-- name: is_programme_empty
SELECT NOT EXISTS (SELECT 1 FROM kamioi.member) AND NOT EXISTS (SELECT 1 FROM kamioi.descriptor)
    AS is_empty
