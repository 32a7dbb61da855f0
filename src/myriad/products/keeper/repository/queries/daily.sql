-- name: agent_notes
SELECT agent, business_date, noted_at, facts
FROM keeper.agent_note
WHERE agent = ANY (%(agents)s::text[])

-- name: store_agent_note
INSERT INTO keeper.agent_note AS n (tenant_id, agent, business_date, noted_at, facts)
VALUES (%(tenant_id)s, %(agent)s, %(day)s, now(), %(facts)s::jsonb)
ON CONFLICT (tenant_id, agent) DO UPDATE
SET business_date = excluded.business_date, noted_at = excluded.noted_at, facts = excluded.facts,
    updated_at = now()

-- name: drop_agent_note
DELETE FROM keeper.agent_note WHERE agent = %(agent)s

-- name: know_visits_of_day
SELECT set_config('keeper.known_day', %(day)s::date::text, true),
       set_config('search_path', 'public, keeper', true)
FROM keeper.agent_note
WHERE agent = 'visits' AND business_date = %(day)s

-- name: touched_days
-- What changed is found first: a planner without statistics would begin at the visits instead. Ranges
-- have an end, and bounds the type of their column: only so one plan serves every night.
WITH changed_orders AS MATERIALIZED (
    SELECT tenant_id, ext_id FROM keeper.sales_order
    WHERE updated_at > %(since)s AND updated_at <= 'infinity'
), changed_bookings AS MATERIALIZED (
    SELECT tenant_id, customer_ext_id, local_date, created_at <= %(since)s AS was_there
    FROM keeper.booking
    WHERE updated_at > %(since)s AND updated_at <= 'infinity'
)
SELECT coalesce(array_agg(DISTINCT d.local_date), '{}') AS days,
       EXISTS (
           SELECT FROM keeper.team_member
           WHERE updated_at > %(since)s AND updated_at <= 'infinity'
       ) AS staff_renamed
FROM (
    SELECT local_date FROM keeper.payment
    WHERE updated_at > %(since)s AND updated_at <= 'infinity'
    UNION ALL
    SELECT local_date FROM keeper.payment WHERE local_date > %(last)s AND local_date <= %(day)s
    UNION ALL
    -- What Square said was given back after the last night's day counts from its own day on.
    SELECT local_date
    FROM keeper.payment
    WHERE refunded > 0 AND ext_updated_at >= %(last)s::date::timestamptz
      AND ext_updated_at <= 'infinity'
    UNION ALL
    SELECT p.local_date
    FROM changed_orders o
    JOIN keeper.payment p ON p.tenant_id = o.tenant_id AND p.order_ext_id = o.ext_id
    UNION ALL
    SELECT p.local_date
    FROM keeper.refund r
    JOIN keeper.payment p ON p.tenant_id = r.tenant_id AND p.ext_id = r.payment_ext_id
    WHERE r.updated_at > %(since)s AND r.updated_at <= 'infinity'
       OR r.local_date > %(last)s AND r.local_date <= 'infinity'
    UNION ALL
    SELECT local_date FROM changed_bookings
    UNION ALL
    SELECT local_date
    FROM keeper.booking
    WHERE start_at > %(since)s AND start_at < (%(day)s::date + 2)::timestamptz
    UNION ALL
    -- A booking that was there before may have lain on another day.
    SELECT v.local_date
    FROM changed_bookings b
    JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
    JOIN keeper.visit v ON v.tenant_id = c.tenant_id AND v.person_id = c.person_id
    WHERE b.was_there
) d
WHERE d.local_date <= %(day)s

-- name: days_of_profiles
SELECT coalesce(array_agg(DISTINCT d.local_date), '{}') AS days
FROM (
    SELECT p.local_date
    FROM keeper.customer c
    JOIN keeper.payment p ON p.tenant_id = c.tenant_id AND p.customer_ext_id = c.ext_id
    WHERE c.id = ANY (%(profiles)s::uuid[])
    UNION ALL
    SELECT p.local_date
    FROM keeper.customer c
    JOIN keeper.sales_order o ON o.tenant_id = c.tenant_id AND o.customer_ext_id = c.ext_id
    JOIN keeper.payment p ON p.tenant_id = o.tenant_id AND p.order_ext_id = o.ext_id
    WHERE c.id = ANY (%(profiles)s::uuid[])
    UNION ALL
    SELECT b.local_date
    FROM keeper.customer c
    JOIN keeper.booking b ON b.tenant_id = c.tenant_id AND b.customer_ext_id = c.ext_id
    WHERE c.id = ANY (%(profiles)s::uuid[])
) d
WHERE d.local_date <= %(day)s

-- name: profile_stamps
-- Of every profile that matching compares: its id, when it changed, and a digest of its cards.
SELECT count(*) AS profiles,
       coalesce(string_agg(
           uuid_send(c.id) || timestamptz_send(c.updated_at) || int8send(coalesce(k.cards, 0)),
           ''::bytea ORDER BY c.id
       ) FILTER (WHERE c.merged_into_ext_id IS NULL AND c.deleted_at IS NULL), '') AS stamps,
       (SELECT concat_ws(',', count(*), max(decided_at))
        FROM keeper.identity_link
        WHERE decided_at IS NOT NULL) AS decided
FROM keeper.customer c
LEFT JOIN (
    SELECT d.customer_ext_id, bit_xor(hashtextextended(d.card_fingerprint, 0)) AS cards
    FROM (
        SELECT DISTINCT customer_ext_id, card_fingerprint
        FROM keeper.payment
        WHERE card_fingerprint IS NOT NULL AND customer_ext_id IS NOT NULL
    ) d
    GROUP BY d.customer_ext_id
) k ON k.customer_ext_id = c.ext_id

-- name: linked_busy
-- Of every profile in a link: its id and a digest of the times it was booked.
SELECT coalesce(string_agg(uuid_send(d.id) || int8send(d.times), ''::bytea ORDER BY d.id), '')
           AS busy
FROM (
    SELECT c.id, bit_xor(hashtextextended(
               b.ext_id || '|' || extract(epoch FROM b.start_at) || b.segments::text, 0)) AS times
    FROM (
        SELECT left_customer_id AS id FROM keeper.identity_link
        UNION
        SELECT right_customer_id FROM keeper.identity_link
    ) l
    JOIN keeper.customer c ON c.id = l.id
    JOIN keeper.booking b ON b.tenant_id = c.tenant_id AND b.customer_ext_id = c.ext_id
    WHERE b.status = 'ACCEPTED'
    GROUP BY c.id
) d

-- name: slipping_most
SELECT p.id AS person_id, p.display_name AS name, m.state, m.x + 1 AS visits,
       m.business_date - m.gap_days AS last_visit_on, m.itt_median_days AS usual_gap_days,
       m.churn_60, m.value_at_risk
FROM keeper.person_metrics m
JOIN keeper.person p ON p.tenant_id = m.tenant_id AND p.id = m.person_id
WHERE m.business_date = %(day)s AND m.value_at_risk > 0 AND p.merged_into_id IS NULL
  AND m.state IN ('slowing', 'likely_lapsed')
ORDER BY m.value_at_risk DESC, m.state DESC, p.id
LIMIT %(limit)s

-- name: first_sale_day
SELECT (
    SELECT local_date
    FROM keeper.payment
    WHERE status = 'COMPLETED'
    ORDER BY local_date
    LIMIT 1
) AS first_day

-- name: last_sale_day
SELECT (
    SELECT local_date
    FROM keeper.payment
    WHERE status = 'COMPLETED'
    ORDER BY local_date DESC
    LIMIT 1
) AS last_day
