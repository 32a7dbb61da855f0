-- name: erase_family
WITH RECURSIVE persons AS (
    SELECT p.id FROM keeper.person p WHERE p.id = %(person_id)s
    UNION
    SELECT q.id FROM keeper.person q JOIN persons ON q.merged_into_id = persons.id
), profiles AS (
    SELECT c.ext_id FROM keeper.customer c JOIN persons ON c.person_id = persons.id
    UNION
    SELECT c.ext_id FROM keeper.customer c JOIN profiles ON c.merged_into_ext_id = profiles.ext_id
)
SELECT (SELECT coalesce(array_agg(id), '{}') FROM persons) AS person_ids,
       (SELECT coalesce(array_agg(ext_id), '{}') FROM profiles) AS ext_ids

-- name: erase_profiles
SELECT given_name, family_name, company_name, email, email_norm, phone, phone_e164, address_line,
       postcode, ext_id, id
FROM keeper.customer
WHERE ext_id = ANY (%(ext_ids)s::text[])

-- name: erase_persons
SELECT id, display_name, email, phone FROM keeper.person WHERE id = ANY (%(person_ids)s::uuid[])

-- name: erase_cards
SELECT DISTINCT card_fingerprint AS card
FROM keeper.payment
WHERE customer_ext_id = ANY (%(ext_ids)s::text[]) AND card_fingerprint IS NOT NULL

-- name: erase_counts
SELECT (SELECT count(*) FROM keeper.payment p WHERE p.customer_ext_id = ANY (%(ext_ids)s::text[]))
           AS payments,
       (SELECT coalesce(sum(p.amount - least(p.amount, p.refunded)), 0)::bigint FROM keeper.payment p
        WHERE p.customer_ext_id = ANY (%(ext_ids)s::text[]) AND p.status = 'COMPLETED') AS paid,
       (SELECT count(*) FROM keeper.sales_order o
        WHERE o.customer_ext_id = ANY (%(ext_ids)s::text[])) AS orders,
       (SELECT count(*) FROM keeper.booking b
        WHERE b.customer_ext_id = ANY (%(ext_ids)s::text[])) AS bookings,
       (SELECT count(*) FROM keeper.booking b
        WHERE b.customer_ext_id = ANY (%(ext_ids)s::text[]) AND b.status = 'ACCEPTED'
          AND b.start_at > now()) AS bookings_ahead,
       (SELECT count(*) FROM keeper.task t WHERE t.person_id = ANY (%(person_ids)s::uuid[]))
           AS tasks,
       (SELECT count(*) FROM keeper.review r WHERE r.person_id = ANY (%(person_ids)s::uuid[]))
           AS reviews,
       (SELECT count(*) FROM keeper.visit v WHERE v.person_id = ANY (%(person_ids)s::uuid[]))
           AS visits

-- name: erase_payments
UPDATE keeper.payment SET customer_ext_id = NULL, card_fingerprint = NULL, updated_at = now()
WHERE customer_ext_id = ANY (%(ext_ids)s::text[])

-- name: erase_card_signs
UPDATE keeper.payment SET card_fingerprint = NULL, updated_at = now()
WHERE card_fingerprint = ANY (%(cards)s::text[])

-- name: erase_orders
UPDATE keeper.sales_order SET customer_ext_id = NULL, updated_at = now()
WHERE customer_ext_id = ANY (%(ext_ids)s::text[])

-- name: erase_bookings
UPDATE keeper.booking SET customer_ext_id = NULL, updated_at = now()
WHERE customer_ext_id = ANY (%(ext_ids)s::text[])

-- name: erase_reviews
UPDATE keeper.review
SET author = NULL, text = '', reply_text = NULL, history = '[]', person_id = NULL,
    visit_date = NULL, match_p = NULL, match_reason = '{}', aspects = '[]', erased_at = now(),
    updated_at = now()
WHERE person_id = ANY (%(person_ids)s::uuid[])

-- name: erase_customers
DELETE FROM keeper.customer WHERE ext_id = ANY (%(ext_ids)s::text[])

-- name: erase_person_rows
DELETE FROM keeper.person WHERE id = ANY (%(person_ids)s::uuid[])

-- name: erase_raw_events
UPDATE keeper.webhook_event t
SET body = jsonb_build_object('erased', true), updated_at = now()
WHERE EXISTS (SELECT 1 FROM unnest(%(needles)s::text[]) n
              WHERE strpos(lower(t.body::text), n) > 0)

-- name: erase_quarantine
DELETE FROM keeper.quarantine t
WHERE EXISTS (SELECT 1 FROM unnest(%(needles)s::text[]) n
              WHERE strpos(lower(concat_ws(' ', t.ext_id, t.body::text)), n) > 0)

-- name: erase_stored_answers
DELETE FROM platform.idempotency_key WHERE route LIKE '%%keeper%%'

-- name: sweep_tables
SELECT format('%%I.%%I', n.nspname, t.relname) AS name,
       array_agg(a.attname::text ORDER BY a.attnum) AS columns,
       array_agg(format('%%I', a.attname) ORDER BY a.attnum) AS quoted,
       array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum) AS types
FROM pg_class t
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'keeper'
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype)
WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition
  AND has_table_privilege(t.oid, 'UPDATE')
  AND NOT (t.relname = ANY (%(spared)s::text[]))
  AND EXISTS (SELECT 1 FROM pg_attribute b WHERE b.attrelid = t.oid AND b.attname = 'tenant_id'
              AND NOT b.attisdropped)
GROUP BY n.nspname, t.relname
ORDER BY 1

-- name: resolve_person
WITH RECURSIVE chain AS (
    SELECT p.id, p.merged_into_id FROM keeper.person p WHERE p.id = %(person_id)s
    UNION
    SELECT q.id, q.merged_into_id FROM keeper.person q JOIN chain ON q.id = chain.merged_into_id
)
SELECT id FROM chain WHERE merged_into_id IS NULL

-- name: restamp_reports
SELECT id, numbers FROM keeper.report WHERE numbers::text LIKE '%%[erased]%%'

-- name: restamp_report
UPDATE keeper.report SET digest = %(digest)s WHERE id = %(report_id)s

-- name: people_deleted_in_square
SELECT c.person_id
FROM keeper.customer c
WHERE c.person_id IS NOT NULL AND c.merged_into_ext_id IS NULL
GROUP BY c.person_id
HAVING bool_and(c.deleted_at IS NOT NULL) AND max(c.deleted_at) < now() - %(after)s::interval
LIMIT %(limit)s

-- name: blank_deleted_profiles
UPDATE keeper.customer
SET given_name = NULL, family_name = NULL, company_name = NULL, email = NULL, email_norm = NULL,
    phone = NULL, phone_e164 = NULL, birth_year = NULL, birth_month = NULL, birth_day = NULL,
    address_line = NULL, postcode = NULL, updated_at = now()
WHERE deleted_at < now() - %(after)s::interval
  AND coalesce(given_name, family_name, company_name, email, phone, address_line, postcode)
      IS NOT NULL
