-- name: put_requests
INSERT INTO kamioi.decision_request (
    tenant_id, descriptor_id, version, brand_id, reason, asked_by, members
)
SELECT %(tenant_id)s, r.descriptor_id, r.version, r.brand_id, r.reason, r.asked_by, r.members
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    descriptor_id uuid, version integer, brand_id uuid, reason text, asked_by uuid, members integer
)
ON CONFLICT (tenant_id, descriptor_id) DO UPDATE SET version = EXCLUDED.version,
    brand_id = EXCLUDED.brand_id, reason = EXCLUDED.reason, asked_by = EXCLUDED.asked_by,
    members = EXCLUDED.members, created_at = now()

-- name: list_requests
SELECT q.descriptor_id, q.version, q.brand_id, b.name AS brand, q.reason, q.asked_by,
    u.name AS asked_name, q.members, q.created_at
FROM kamioi.decision_request q
LEFT JOIN kamioi.brand b ON b.id = q.brand_id
LEFT JOIN platform.user_account u ON u.id = q.asked_by
WHERE q.descriptor_id = ANY (%(descriptor_ids)s::uuid[])

-- name: drop_requests
DELETE FROM kamioi.decision_request WHERE descriptor_id = ANY (%(descriptor_ids)s::uuid[])

-- name: stakes_of_descriptors
-- What their purchases come to in the programme's currency, and the currencies without a rate.
SELECT descriptor_id, stake_minor, coalesce(unrated, '{}') AS unrated
FROM kamioi.descriptor_stake
WHERE descriptor_id = ANY (%(descriptor_ids)s::uuid[])

-- name: put_rate
-- The last rate that a person stated for a pair: that of the latest day.
INSERT INTO kamioi.stated_rate AS kept (
    tenant_id, currency, into_currency, rate, minor_rate, source, last_on, stated_by
)
VALUES (%(tenant_id)s, %(currency)s, %(into_currency)s, %(rate)s, %(minor_rate)s, %(source)s,
        %(last_on)s, %(stated_by)s)
ON CONFLICT (tenant_id, currency, into_currency) DO UPDATE SET rate = EXCLUDED.rate,
    minor_rate = EXCLUDED.minor_rate, source = EXCLUDED.source, last_on = EXCLUDED.last_on,
    stated_by = EXCLUDED.stated_by, stated_at = now()
WHERE EXCLUDED.last_on >= kept.last_on

-- name: center_currencies
-- The programme's currency, and those of its purchases of which no rate into it is known.
SELECT (SELECT currency FROM kamioi.programme_rate WHERE currency = into_currency) AS currency,
    ARRAY(
        SELECT currency FROM kamioi.purchase_day
        WHERE kind = 'purchase' AND state IN ('pending', 'posted') AND purchases > 0
        EXCEPT SELECT currency FROM kamioi.programme_rate
        ORDER BY currency
    ) AS unrated

-- name: get_center_rule
SELECT coalesce(max(version), 0) AS version,
    CASE WHEN count(*) = 0 THEN %(otherwise)s::bigint ELSE max(second_person_minor) END
        AS second_person_minor
FROM kamioi.center_rule

-- name: put_center_rule
INSERT INTO kamioi.center_rule (tenant_id, second_person_minor)
VALUES (%(tenant_id)s, %(second_person_minor)s)
ON CONFLICT (tenant_id) DO UPDATE SET second_person_minor = EXCLUDED.second_person_minor,
    version = kamioi.center_rule.version + 1, updated_at = now()

-- name: weigh_queue
-- What hangs on each waiting string now; those of which it has changed are written.
WITH weighed AS MATERIALIZED (
    SELECT q.id, q.weight AS before, (
        coalesce((SELECT s.stake_minor FROM kamioi.descriptor_stake s
                  WHERE s.descriptor_id = q.descriptor_id), 0) * (1 - q.confidence)
    )::bigint AS weight
    FROM kamioi.mapping q WHERE q.valid_to IS NULL AND q.state = 'proposed'
)
UPDATE kamioi.mapping m SET weight = w.weight
FROM weighed w
WHERE w.weight <> w.before AND m.id = w.id AND m.valid_to IS NULL AND m.state = 'proposed'

-- name: withdraw_beside_money
-- Machines' proposals for strings of which what stands are only movements that never round up, such
-- as income, rent and fees; what a person asked for or brought back stays.
UPDATE kamioi.mapping m SET valid_to = now(), state_before = m.state, state = 'superseded'
FROM (
    SELECT w.id
    FROM kamioi.mapping w
    JOIN kamioi.descriptor d ON d.tenant_id = w.tenant_id AND d.id = w.descriptor_id
    CROSS JOIN LATERAL (
        SELECT tenant_id FROM kamioi.purchase
        WHERE tenant_id = d.tenant_id AND descriptor_id = d.id
            AND booked_on >= d.first_seen_on - 800 AND state IN ('pending', 'posted')
        LIMIT 1
    ) p
    WHERE w.valid_to IS NULL AND w.state = 'proposed' AND w.weight = 0
        AND w.method <> 'quorum' AND w.decided_by IS NULL
        AND NOT EXISTS (
            SELECT FROM kamioi.descriptor_use u
            WHERE u.tenant_id = w.tenant_id AND u.descriptor_id = w.descriptor_id
                AND u.purchases > 0
        )
        AND NOT EXISTS (
            SELECT FROM kamioi.decision_request q
            WHERE q.tenant_id = w.tenant_id AND q.descriptor_id = w.descriptor_id
        )
) gone
WHERE m.id = gone.id AND m.valid_to IS NULL AND m.state = 'proposed'

-- name: list_queue
-- What waits for a person, by the money that hangs on it times how unsure it is.
SELECT * FROM kamioi.queued_string
WHERE state = 'proposed' AND (weight, mapping_id) < (%(after_weight)s::bigint, %(after_id)s::uuid)
ORDER BY weight DESC, mapping_id DESC
LIMIT %(limit)s

-- name: search_queue
-- The same of those whose normal form begins with some words.
SELECT * FROM kamioi.queued_string
WHERE norm >= %(starts)s AND norm < %(starts)s || chr(1114111)
    AND state = 'proposed' AND (weight, mapping_id) < (%(after_weight)s::bigint, %(after_id)s::uuid)
ORDER BY weight DESC, mapping_id DESC
LIMIT %(limit)s

-- name: list_audit_queue
-- Decisions that were made without a person and that a person is asked about, the oldest first.
SELECT q.*
FROM kamioi.audit_sample s
JOIN kamioi.queued_string q ON q.tenant_id = s.tenant_id AND q.mapping_id = s.mapping_id
WHERE s.is_right IS NULL AND s.mapping_id > %(after_id)s::uuid
ORDER BY s.mapping_id
LIMIT %(limit)s

-- name: list_requested
-- What holds or is proposed of strings whose change waits for a person, the oldest string first.
SELECT q.*
FROM kamioi.decision_request r
JOIN kamioi.queued_string q ON q.tenant_id = r.tenant_id AND q.descriptor_id = r.descriptor_id
WHERE r.descriptor_id > %(after_id)s::uuid
ORDER BY r.descriptor_id
LIMIT %(limit)s

-- name: find_queued
SELECT * FROM kamioi.queued_string WHERE descriptor_id = %(descriptor_id)s

-- name: list_current_mappings
SELECT * FROM kamioi.queued_string
WHERE state = %(state)s AND mapping_id < %(after_id)s::uuid
ORDER BY mapping_id DESC
LIMIT %(limit)s

-- name: uses_of_descriptors
SELECT descriptor_id, currency, purchases, amount_minor
FROM kamioi.descriptor_use
WHERE descriptor_id = ANY (%(descriptor_ids)s::uuid[]) AND purchases > 0
ORDER BY descriptor_id, amount_minor DESC

-- name: reach_of_descriptors
-- Whom a decision touches, by the last purchases of each; a count of `most` says at least so many.
-- One row of it all, and one for each currency of what is open.
SELECT d.id AS descriptor_id, grouping(r.currency) = 1 AS is_all, r.currency, count(*) AS seen,
    count(DISTINCT p.member_id) AS members, count(r.id) AS purchases,
    coalesce(sum(r.amount_minor), 0)::bigint AS amount_minor
FROM kamioi.descriptor d
CROSS JOIN LATERAL (
    SELECT tenant_id, booked_on, id, member_id
    FROM kamioi.purchase
    WHERE tenant_id = d.tenant_id AND descriptor_id = d.id
        AND booked_on >= d.first_seen_on - 800 AND state IN ('pending', 'posted') AND kind = 'purchase'
    ORDER BY booked_on DESC
    LIMIT %(most)s
) p
LEFT JOIN LATERAL (
    SELECT id, amount_minor, currency
    FROM kamioi.round_up
    WHERE tenant_id = p.tenant_id AND booked_on = p.booked_on AND purchase_id = p.id
        AND state = 'accrued' AND reverses_id IS NULL
    LIMIT 1
) r ON true
WHERE d.id = ANY (%(descriptor_ids)s::uuid[])
GROUP BY GROUPING SETS ((d.id), (d.id, r.currency))
ORDER BY d.id, amount_minor DESC

-- name: overrides_of_descriptor
SELECT o.brand_id, b.name AS brand, count(*) AS members
FROM kamioi.member_override o
LEFT JOIN kamioi.brand b ON b.id = o.brand_id
WHERE o.descriptor_id = %(descriptor_id)s
GROUP BY o.brand_id, b.name
ORDER BY members DESC, brand
LIMIT 20

-- name: refusals_of_descriptor
SELECT n.brand_id, b.name AS brand, n.created_at
FROM kamioi.negative_memory n JOIN kamioi.brand b ON b.id = n.brand_id
WHERE n.descriptor_id = %(descriptor_id)s
ORDER BY n.created_at DESC
LIMIT 20

-- name: alike_waiting
-- How many more wait whose normal form begins with the same word, of the first hundred such.
SELECT d.id AS descriptor_id, (
    SELECT count(*) FROM (
        SELECT tenant_id, id FROM kamioi.descriptor
        WHERE tenant_id = d.tenant_id AND id <> d.id
            AND norm >= split_part(d.norm, ' ', 1)
            AND norm < split_part(d.norm, ' ', 1) || chr(1114111)
        LIMIT 100
    ) o
    JOIN kamioi.mapping m ON m.tenant_id = o.tenant_id AND m.descriptor_id = o.id
    WHERE m.valid_to IS NULL AND m.state = 'proposed'
) AS alike
FROM kamioi.descriptor d
WHERE d.id = ANY (%(descriptor_ids)s::uuid[])

-- name: find_brands
-- Brands of which a name begins so, those whose own name it is first, then the better known.
SELECT b.id, b.name, b.category, o.owner_name AS owner
FROM (
    SELECT DISTINCT brand_id FROM kamioi.brand_alias
    WHERE norm >= %(starts)s AND norm < %(starts)s || chr(1114111)
    LIMIT 500
) a
JOIN kamioi.brand b ON b.id = a.brand_id
LEFT JOIN kamioi.ownership o ON o.brand_id = b.id AND o.valid_from <= current_date
    AND (o.valid_to IS NULL OR o.valid_to > current_date)
ORDER BY lower(b.name) <> %(starts)s, b.popularity DESC, b.name, b.id
LIMIT 8

-- name: brands_by_id
SELECT b.id, b.name, o.owner_name AS owner
FROM kamioi.brand b
LEFT JOIN kamioi.ownership o ON o.brand_id = b.id AND o.valid_from <= current_date
    AND (o.valid_to IS NULL OR o.valid_to > current_date)
WHERE b.id = ANY (%(brand_ids)s::uuid[])

-- name: center_counts
SELECT (SELECT count(*) FROM kamioi.decision_request) AS requests,
    (SELECT count(*) FROM kamioi.audit_sample s
     JOIN kamioi.mapping m ON m.tenant_id = s.tenant_id AND m.id = s.mapping_id
     WHERE s.is_right IS NULL AND m.valid_to IS NULL) AS audits,
    (SELECT coalesce(sum(mappings), 0)::bigint FROM kamioi.mapping_state
     WHERE state = 'proposed') AS waiting

-- name: center_waiting_money
SELECT currency, sum(round_ups)::bigint AS round_ups, sum(amount_minor)::bigint AS amount_minor
FROM kamioi.round_up_day
WHERE state = 'accrued' AND destination = 'queue' AND round_ups > 0
GROUP BY currency
ORDER BY amount_minor DESC

-- name: center_states
SELECT state, method, mappings FROM kamioi.mapping_state WHERE mappings > 0

-- name: center_audits
-- What audits say of each method and bin; beside it, of what was decided without a person.
SELECT s.method, s.score_bin, count(*) FILTER (WHERE s.is_right) AS right_ones, count(*) AS total,
    count(*) FILTER (WHERE s.is_right AND coalesce(m.state_before, m.state) = 'auto')
        AS alone_right,
    count(*) FILTER (WHERE coalesce(m.state_before, m.state) = 'auto') AS alone_total
FROM kamioi.audit_sample s
JOIN kamioi.mapping m ON m.tenant_id = s.tenant_id AND m.id = s.mapping_id
WHERE s.is_right IS NOT NULL
GROUP BY s.method, s.score_bin
ORDER BY s.method, s.score_bin

-- name: center_batches
SELECT asked_at, model, strings, cached, chosen, calls, cost_usd_micros, is_degraded
FROM kamioi.model_batch
WHERE asked_at >= %(since)s
ORDER BY asked_at DESC
LIMIT 500

-- name: put_model_batch
INSERT INTO kamioi.model_batch (
    tenant_id, model, strings, cached, chosen, calls, input_tokens, output_tokens,
    cost_usd_micros, is_degraded
)
VALUES (%(tenant_id)s, %(model)s, %(strings)s, %(cached)s, %(chosen)s, %(calls)s,
        %(input_tokens)s, %(output_tokens)s, %(cost_usd_micros)s, %(is_degraded)s)

-- name: told_of_descriptors
-- What banks say beside the string, of its first purchases: their name of the merchant, codes.
SELECT d.id AS descriptor_id,
    array_agg(DISTINCT p.merchant_entity_id) FILTER (WHERE p.merchant_entity_id IS NOT NULL)
        AS entities,
    array_agg(DISTINCT p.category) AS categories, array_agg(DISTINCT p.mcc) AS mccs
FROM kamioi.descriptor d
CROSS JOIN LATERAL (
    SELECT merchant_entity_id, category, mcc
    FROM kamioi.purchase
    WHERE tenant_id = d.tenant_id AND descriptor_id = d.id
        AND booked_on >= d.first_seen_on AND booked_on < d.first_seen_on + 31
    LIMIT 20
) p
WHERE d.id = ANY (%(descriptor_ids)s::uuid[])
GROUP BY d.id

-- name: note_entities
INSERT INTO kamioi.descriptor_entity (tenant_id, descriptor_id, entity_id)
SELECT %(tenant_id)s, r.descriptor_id, r.entity_id
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (descriptor_id uuid, entity_id text)
ON CONFLICT DO NOTHING

-- name: brands_of_entities
-- Merchants of which a person decided a string, where all that is decided of them agrees.
SELECT e.entity_id, (array_agg(m.brand_id))[1] AS brand_id,
    min(d.norm) FILTER (WHERE m.state = 'approved') AS norm
FROM kamioi.descriptor_entity e
JOIN kamioi.mapping m ON m.tenant_id = e.tenant_id AND m.descriptor_id = e.descriptor_id
    AND m.valid_to IS NULL AND m.state IN ('auto', 'approved')
JOIN kamioi.descriptor d ON d.tenant_id = e.tenant_id AND d.id = e.descriptor_id
WHERE e.entity_id = ANY (%(entity_ids)s::text[])
GROUP BY e.entity_id
HAVING count(DISTINCT coalesce(m.brand_id::text, '')) = 1 AND bool_or(m.state = 'approved')

-- name: waiting_of_same_entity
-- Proposals of machines for other strings of the merchants of these descriptors.
SELECT DISTINCT o.descriptor_id
FROM kamioi.descriptor_entity e
JOIN kamioi.descriptor_entity o ON o.tenant_id = e.tenant_id AND o.entity_id = e.entity_id
    AND o.descriptor_id <> e.descriptor_id
JOIN kamioi.mapping m ON m.tenant_id = o.tenant_id AND m.descriptor_id = o.descriptor_id
    AND m.valid_to IS NULL AND m.state = 'proposed' AND m.method NOT IN ('quorum', 'entity')
WHERE e.descriptor_id = ANY (%(descriptor_ids)s::uuid[])
LIMIT 500

-- name: list_decided_but_queued
-- Strings that are decided now and of which open round-ups still wait for a decision.
SELECT DISTINCT p.descriptor_id
FROM kamioi.round_up r
JOIN kamioi.purchase p
    ON p.tenant_id = r.tenant_id AND p.booked_on = r.booked_on AND p.id = r.purchase_id
JOIN kamioi.mapping m ON m.tenant_id = p.tenant_id AND m.descriptor_id = p.descriptor_id
    AND m.valid_to IS NULL AND m.state IN ('auto', 'approved')
WHERE r.state = 'accrued' AND r.destination = 'queue'
LIMIT 200

-- name: known_descriptors
SELECT id FROM kamioi.descriptor WHERE id = ANY (%(descriptor_ids)s::uuid[])
