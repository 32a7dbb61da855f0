-- name: find_company
SELECT number, name, names, status, situation, legal_form, is_natural_person, start_date, address,
       snapshot_date,
       (SELECT e.version FROM upswitch.kbo_extract e
        ORDER BY e.loaded_at DESC, e.number DESC LIMIT 1) AS version,
       (SELECT count(*) FROM upswitch.kbo_establishment s WHERE s.enterprise = c.number)
           AS establishments,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'group', a.activity_group, 'version', a.nace_version::integer,
                   'code', a.nace_code, 'classification', a.classification)), '[]')
        FROM upswitch.kbo_activity a WHERE a.entity = c.number) AS activities
FROM upswitch.company c
WHERE number = %(number)s

-- name: describe_codes
SELECT category, code, description FROM upswitch.kbo_code
WHERE language = %(language)s
  AND (category, code) IN (SELECT * FROM unnest(%(categories)s::text[], %(codes)s::text[]))

-- name: search_companies
SELECT c.number, c.name, c.situation, c.legal_form, c.address, k.description AS form
FROM upswitch.find_companies(%(query)s, %(limit)s) WITH ORDINALITY AS found (number, place)
JOIN upswitch.company c USING (number)
LEFT JOIN upswitch.kbo_code k
    ON k.category = 'JuridicalForm' AND k.code = c.legal_form AND k.language = %(language)s
ORDER BY found.place

-- name: find_companies_by_number
SELECT c.number, c.name, c.situation, c.legal_form, c.address, k.description AS form
FROM upswitch.company c
LEFT JOIN upswitch.kbo_code k
    ON k.category = 'JuridicalForm' AND k.code = c.legal_form AND k.language = %(language)s
WHERE c.number = %(number)s

-- name: list_plain_companies
-- Companies in their ordinary state that are no banks, insurers or landlords, by number.
SELECT c.number FROM upswitch.company c
WHERE c.situation = '000' AND NOT c.is_natural_person AND EXISTS (
    SELECT 1 FROM upswitch.kbo_activity a WHERE a.entity = c.number
) AND NOT EXISTS (
    SELECT 1 FROM upswitch.kbo_activity a
    WHERE a.entity = c.number AND left(a.nace_code, 2) IN ('64', '65', '66', '68')
)
ORDER BY c.number LIMIT %(limit)s

-- name: note_vat_answer
-- `since` is the first of the answers that agree with the newest one.
INSERT INTO upswitch.vat_answer AS kept (number, is_valid, since, asked_at, name, address)
VALUES (%(number)s, %(is_valid)s, %(asked_at)s, %(asked_at)s, %(name)s, %(address)s)
ON CONFLICT (number) DO UPDATE SET
    since = CASE WHEN kept.is_valid = EXCLUDED.is_valid THEN kept.since ELSE EXCLUDED.since END,
    is_valid = EXCLUDED.is_valid, asked_at = EXCLUDED.asked_at, name = EXCLUDED.name,
    address = EXCLUDED.address

-- name: find_vat_answer
SELECT is_valid, since, asked_at, name, address FROM upswitch.vat_answer
WHERE number = %(number)s
