-- name: store_parameter_set
INSERT INTO upswitch.parameter_set (id, vintage, source, valid_from, rows, sha256)
VALUES (%(id)s, %(vintage)s, %(source)s, %(valid_from)s, %(rows)s::jsonb, %(sha256)s)
ON CONFLICT (sha256) DO NOTHING

-- name: find_parameter_set_by_sha
SELECT id, rows, sha256, valid_from FROM upswitch.parameter_set WHERE sha256 = %(sha256)s

-- name: find_parameter_set
SELECT id, rows, sha256, valid_from FROM upswitch.parameter_set WHERE id = %(id)s

-- name: find_parameter_set_in_force
-- The one in force on a day, whether the shipped one is there at all, and where they begin.
SELECT (SELECT id FROM upswitch.parameter_set WHERE valid_from <= %(as_of)s
        ORDER BY valid_from DESC, stored_at DESC LIMIT 1) AS id,
       EXISTS (SELECT 1 FROM upswitch.parameter_set WHERE sha256 = %(shipped)s) AS has_shipped,
       (SELECT min(valid_from) FROM upswitch.parameter_set) AS oldest

-- name: list_parameter_sets
SELECT id, vintage, source, valid_from, rows, sha256, stored_at
FROM upswitch.parameter_set ORDER BY valid_from DESC, stored_at DESC LIMIT 100
