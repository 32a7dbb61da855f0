-- name: make_companies
-- One row for each enterprise; the text in braces says from which tables, and for whom.
INSERT INTO upswitch.company{next} (
    number, name, names, words, status, situation, legal_form, is_natural_person, start_date,
    address, snapshot_date
)
SELECT e.number, coalesce(n.names[1], ''), coalesce(n.names, '{{}}'),
       coalesce(w.words, '{{}}'), e.status, e.situation, e.form, e.type = '1', e.start_date,
       d.address, %(snapshot_date)s
FROM (
    SELECT DISTINCT ON (number) number, status, situation, form, type, start_date
    FROM upswitch.kbo_enterprise{next} {chosen_number} ORDER BY number
) e
LEFT JOIN (
    SELECT entity,
           array_agg(denomination ORDER BY
               array_position(ARRAY['001', '003', '002', '004'], type),
               array_position(ARRAY['2', '1', '3', '4', '0'], language), denomination) AS names
    FROM upswitch.kbo_denomination{next}
    WHERE entity < 2000000000 AND denomination IS NOT NULL {and_chosen_entity}
    GROUP BY entity
) n ON n.entity = e.number
LEFT JOIN (
    SELECT enterprise, array_agg(DISTINCT word) AS words
    FROM (
        SELECT coalesce(t.enterprise, b.enterprise, m.entity) AS enterprise,
               unnest(upswitch.name_words(m.denomination)) AS word
        FROM upswitch.kbo_denomination{next} m
        LEFT JOIN upswitch.kbo_establishment{next} t ON t.number = m.entity
        LEFT JOIN upswitch.kbo_branch{next} b ON b.number = m.entity
        {chosen_family}
    ) named
    GROUP BY enterprise
) w ON w.enterprise = e.number
LEFT JOIN (
    SELECT DISTINCT ON (entity) entity, jsonb_build_object(
               'street', coalesce(street_nl, street_fr), 'number', house_number, 'box', box,
               'zipcode', zipcode, 'municipality', coalesce(municipality_nl, municipality_fr),
               'country', coalesce(country_nl, country_fr, 'België')) AS address
    FROM upswitch.kbo_address{next}
    WHERE entity < 2000000000 AND struck_off IS NULL {and_chosen_entity}
    ORDER BY entity, array_position(ARRAY['REGO', 'BAET', 'ABBR', 'OBAD'], type)
) d ON d.entity = e.number

-- name: make_terms
INSERT INTO upswitch.company_term{next} (term, number)
SELECT unnest(words), number FROM upswitch.company{next} {chosen_number}

-- name: forget_companies
DELETE FROM upswitch.company WHERE number = ANY (%(numbers)s)

-- name: forget_terms
DELETE FROM upswitch.company_term WHERE number = ANY (%(numbers)s)

-- name: last_kbo_extract
SELECT number, is_full, snapshot_date, extracted_at, version, loaded_at, natural_persons, rows
FROM upswitch.kbo_extract ORDER BY loaded_at DESC, number DESC LIMIT 1

-- name: note_kbo_extract
INSERT INTO upswitch.kbo_extract (
    number, is_full, snapshot_date, extracted_at, version, natural_persons, rows
) VALUES (
    %(number)s, %(is_full)s, %(snapshot_date)s, %(extracted_at)s, %(version)s,
    %(natural_persons)s, %(rows)s
)
ON CONFLICT (number, is_full) DO UPDATE SET
    loaded_at = now(), snapshot_date = EXCLUDED.snapshot_date,
    natural_persons = EXCLUDED.natural_persons, rows = EXCLUDED.rows

-- name: note_kbo_refusal
INSERT INTO upswitch.kbo_refusal (extract_number, file, line, reason, row_text)
VALUES (%(number)s, %(file)s, %(line)s, %(reason)s, %(row_text)s)

-- name: lock_registry
SELECT pg_try_advisory_lock(hashtext('upswitch registry')) AS locked

-- name: families_of
-- The enterprises to which the numbers of entities belong.
SELECT DISTINCT coalesce(t.enterprise, b.enterprise, x.number) AS number
FROM unnest(%(numbers)s::bigint[]) AS x (number)
LEFT JOIN upswitch.kbo_establishment t ON t.number = x.number
LEFT JOIN upswitch.kbo_branch b ON b.number = x.number
