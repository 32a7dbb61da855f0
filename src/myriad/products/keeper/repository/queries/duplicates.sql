-- name: list_links
SELECT l.id, l.state, l.probability, l.weight, l.method, l.evidence, l.veto_reason, l.decided_by,
       l.decided_at, l.left_customer_id, l.right_customer_id
FROM keeper.identity_link l
WHERE (%(link_id)s::uuid IS NOT NULL AND l.id = %(link_id)s::uuid)
   OR (%(link_id)s::uuid IS NULL AND l.state = ANY (%(states)s::text[])
       AND (%(after_weight)s::float8 IS NULL
            OR (l.weight, l.id) < (%(after_weight)s::float8, %(after_id)s::uuid)))
ORDER BY l.weight DESC, l.id DESC
LIMIT %(limit)s

-- name: count_links
SELECT state, count(*) AS pairs FROM keeper.identity_link GROUP BY state

-- name: profile_cards
SELECT c.id, c.ext_id, c.given_name, c.family_name, c.company_name, c.email, c.phone,
       c.birth_year, c.birth_month, c.birth_day, c.postcode, c.address_line, c.creation_source,
       c.ext_created_at, c.person_id, coalesce(s.payments, 0) AS payments, coalesce(s.spent, 0)::bigint AS spent,
       s.last_visit_on
FROM keeper.customer c
LEFT JOIN LATERAL (
    SELECT count(*) AS payments, sum(p.amount - least(p.amount, p.refunded)) AS spent,
           max(p.local_date) AS last_visit_on
    FROM keeper.payment p
    WHERE p.tenant_id = c.tenant_id AND p.customer_ext_id = c.ext_id AND p.status = 'COMPLETED'
) s ON true
WHERE c.id = ANY (%(ids)s::uuid[])

-- name: matching_records
SELECT c.id, c.ext_id, c.given_name, c.family_name, c.email, c.phone, c.phone_e164, c.birth_year,
       c.birth_month, c.birth_day, c.address_line, c.postcode, coalesce(k.cards, '{}') AS cards
FROM keeper.customer c
LEFT JOIN (
    SELECT customer_ext_id, array_agg(DISTINCT card_fingerprint) AS cards
    FROM keeper.payment
    WHERE card_fingerprint IS NOT NULL AND customer_ext_id IS NOT NULL
    GROUP BY customer_ext_id
) k ON k.customer_ext_id = c.ext_id
WHERE c.merged_into_ext_id IS NULL AND c.deleted_at IS NULL
ORDER BY c.ext_created_at NULLS LAST, c.id

-- name: matching_records_of
SELECT c.id, c.given_name, c.family_name, c.email, c.phone, c.phone_e164, c.birth_year,
       c.birth_month, c.birth_day, c.address_line, c.postcode, c.ext_created_at,
       ARRAY(
           SELECT DISTINCT p.card_fingerprint
           FROM keeper.payment p
           WHERE p.tenant_id = c.tenant_id AND p.customer_ext_id = c.ext_id
             AND p.card_fingerprint IS NOT NULL
       ) AS cards
FROM keeper.customer c
WHERE c.id = ANY (%(ids)s::uuid[])

-- name: booked_times
SELECT c.id, b.start_at, b.segments
FROM keeper.customer c
JOIN keeper.booking b ON b.tenant_id = c.tenant_id AND b.customer_ext_id = c.ext_id
WHERE b.status = 'ACCEPTED' AND c.id = ANY (%(ids)s::uuid[])

-- name: profile_places
-- Who is nobody's other profile, has no other and did not change is left out: they stay as they are.
WITH joined AS MATERIALIZED (
    SELECT left_customer_id AS id FROM keeper.identity_link WHERE state IN ('auto_linked', 'linked')
    UNION
    SELECT right_customer_id FROM keeper.identity_link WHERE state IN ('auto_linked', 'linked')
    UNION
    SELECT person_id FROM keeper.customer WHERE person_id <> id
    UNION
    SELECT i.id
    FROM keeper.customer m
    JOIN keeper.customer i ON i.tenant_id = m.tenant_id AND i.ext_id = m.merged_into_ext_id
    WHERE m.merged_into_ext_id IS NOT NULL
)
SELECT c.id, c.ext_id, c.merged_into_ext_id, c.person_id, c.changed
FROM (
    SELECT id, ext_id, merged_into_ext_id, person_id, ext_created_at,
           %(since)s::timestamptz IS NULL OR updated_at > %(since)s
           OR id = ANY (%(also)s::uuid[]) AS changed
    FROM keeper.customer
) c
WHERE c.changed OR c.person_id IS DISTINCT FROM c.id OR c.merged_into_ext_id IS NOT NULL
   OR c.id IN (SELECT id FROM joined)
ORDER BY c.ext_created_at NULLS LAST, c.id

-- name: count_profiles
SELECT count(*) AS profiles FROM keeper.customer

-- name: profile_digests
-- Of every profile a digest of what its person is made of.
SELECT coalesce(string_agg(uuid_send(id) || int8send(hashtextextended(
           (given_name, family_name, company_name, email, email_norm, phone, phone_e164,
            merged_into_ext_id, deleted_at IS NULL, email_unsubscribed, ext_id, person_id)::text, 0
       )), ''::bytea ORDER BY id), '') AS digests
FROM keeper.customer

-- name: described_profiles
SELECT id, ext_id, given_name, family_name, company_name, email, email_norm, phone, phone_e164,
       merged_into_ext_id, deleted_at, email_unsubscribed
FROM keeper.customer
WHERE id = ANY (%(ids)s::uuid[])
ORDER BY ext_created_at NULLS LAST, id

-- name: joining_links
SELECT left_customer_id, right_customer_id
FROM keeper.identity_link
WHERE state IN ('auto_linked', 'linked')

-- name: store_links
INSERT INTO keeper.identity_link AS l (
    tenant_id, left_customer_id, right_customer_id, weight, probability, method, evidence, state,
    veto_reason
)
SELECT %(tenant_id)s, w."left", w."right", w.weight, w.probability, w.method, w.evidence, w.state,
       w.veto_reason
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    "left" uuid, "right" uuid, weight float8, probability float8, method text, evidence jsonb,
    state text, veto_reason text
)
ON CONFLICT (tenant_id, left_customer_id, right_customer_id) DO UPDATE
SET weight = excluded.weight, probability = excluded.probability, method = excluded.method,
    evidence = excluded.evidence, veto_reason = excluded.veto_reason, updated_at = now(),
    state = CASE WHEN l.state IN ('linked', 'rejected', 'undone') THEN l.state
            ELSE excluded.state END
WHERE (l.weight, l.method, l.state) IS DISTINCT FROM
      (excluded.weight, excluded.method, excluded.state)

-- name: drop_stale_links
DELETE FROM keeper.identity_link
WHERE id = ANY (%(stale)s::uuid[])

-- name: open_links
SELECT id, left_customer_id, right_customer_id
FROM keeper.identity_link
WHERE state IN ('proposed', 'auto_linked', 'vetoed') AND decided_at IS NULL

-- name: lock_link
SELECT id, state, left_customer_id, right_customer_id
FROM keeper.identity_link
WHERE id = %(link_id)s
FOR UPDATE

-- name: decide_link
UPDATE keeper.identity_link
SET state = %(state)s, decided_by = %(decided_by)s, decided_at = now(), updated_at = now()
WHERE id = %(link_id)s

-- name: store_persons
INSERT INTO keeper.person AS p (
    tenant_id, id, display_name, sort_name, email, phone, contact_allowed, merged_into_id
)
SELECT %(tenant_id)s, w.id, w.display_name, w.sort_name, w.email, w.phone, w.contact_allowed, NULL
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    id uuid, display_name text, sort_name text, email text, phone text, contact_allowed boolean
)
ON CONFLICT (tenant_id, id) DO UPDATE
SET display_name = excluded.display_name, sort_name = excluded.sort_name, email = excluded.email,
    phone = excluded.phone, merged_into_id = NULL, updated_at = now(),
    -- Whoever unsubscribed in Square stays uncalled; no later read turns that back.
    contact_allowed = p.contact_allowed AND excluded.contact_allowed
WHERE (p.display_name, p.sort_name, p.email, p.phone, p.merged_into_id, p.contact_allowed)
      IS DISTINCT FROM
      (excluded.display_name, excluded.sort_name, excluded.email, excluded.phone, NULL::uuid,
       p.contact_allowed AND excluded.contact_allowed)

-- name: merge_persons
UPDATE keeper.person p
SET merged_into_id = w.into_id, updated_at = now()
FROM unnest(%(ids)s::uuid[], %(into_ids)s::uuid[]) AS w (id, into_id)
WHERE p.id = w.id AND p.merged_into_id IS DISTINCT FROM w.into_id

-- name: pass_on_refusals
UPDATE keeper.person p
SET contact_allowed = false, updated_at = now()
WHERE p.contact_allowed AND p.id IN (
    SELECT q.merged_into_id FROM keeper.person q
    WHERE q.merged_into_id IS NOT NULL AND NOT q.contact_allowed
)

-- name: person_ids
SELECT id, merged_into_id FROM keeper.person

-- name: assign_customers
UPDATE keeper.customer c
SET person_id = w.person_id
FROM unnest(%(ids)s::uuid[], %(person_ids)s::uuid[]) AS w (id, person_id)
WHERE c.id = w.id AND c.person_id IS DISTINCT FROM w.person_id

-- name: person_terms
SELECT term, person_id FROM keeper.person_term WHERE person_id = ANY (%(people)s::uuid[])

-- name: add_terms
INSERT INTO keeper.person_term (tenant_id, term, person_id)
SELECT %(tenant_id)s, w.term, w.person_id
FROM unnest(%(terms)s::text[], %(person_ids)s::uuid[]) AS w (term, person_id)
ON CONFLICT DO NOTHING

-- name: drop_terms
DELETE FROM keeper.person_term t
USING unnest(%(terms)s::text[], %(person_ids)s::uuid[]) AS w (term, person_id)
WHERE t.term = w.term AND t.person_id = w.person_id

-- name: move_tasks
UPDATE keeper.task k
SET person_id = p.merged_into_id, updated_at = now()
FROM keeper.person p
WHERE p.tenant_id = k.tenant_id AND p.id = k.person_id AND p.merged_into_id IS NOT NULL
  AND k.state IN ('open', 'snoozed')

-- name: add_missing_customers
INSERT INTO keeper.customer (tenant_id, ext_id, creation_source, ext_created_at)
SELECT %(tenant_id)s, s.customer_ext_id, 'UNKNOWN', min(s.ext_created_at)
FROM keeper.sale s
WHERE s.customer_ext_id IS NOT NULL AND s.customer_id IS NULL
GROUP BY s.customer_ext_id
ON CONFLICT (tenant_id, ext_id) DO NOTHING

-- name: add_new_customers
-- The same for sales that came or changed after a time; with an end, so that one plan serves every
-- night.
INSERT INTO keeper.customer (tenant_id, ext_id, creation_source, ext_created_at)
SELECT %(tenant_id)s, s.customer_ext_id, 'UNKNOWN', min(s.ext_created_at)
FROM (
    SELECT p.customer_ext_id
    FROM keeper.payment p
    WHERE p.updated_at > %(since)s AND p.updated_at <= 'infinity'
    UNION
    SELECT o.customer_ext_id
    FROM keeper.payment p
    JOIN keeper.sales_order o ON o.tenant_id = p.tenant_id AND o.ext_id = p.order_ext_id
    WHERE p.updated_at > %(since)s AND p.updated_at <= 'infinity'
    UNION
    SELECT o.customer_ext_id
    FROM keeper.sales_order o
    WHERE o.updated_at > %(since)s AND o.updated_at <= 'infinity'
) n
CROSS JOIN LATERAL (
    SELECT p.customer_ext_id, p.ext_created_at
    FROM keeper.payment p
    WHERE p.customer_ext_id = n.customer_ext_id
    UNION ALL
    SELECT o.customer_ext_id, p.ext_created_at
    FROM keeper.sales_order o
    JOIN keeper.payment p ON p.tenant_id = o.tenant_id AND p.order_ext_id = o.ext_id
    WHERE o.customer_ext_id = n.customer_ext_id AND p.customer_ext_id IS NULL
) s
WHERE n.customer_ext_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM keeper.customer c WHERE c.ext_id = n.customer_ext_id
)
GROUP BY s.customer_ext_id
ON CONFLICT (tenant_id, ext_id) DO NOTHING

-- name: account_country
SELECT mode() WITHIN GROUP (ORDER BY country) AS country FROM keeper.location
