-- name: member_purchases
-- A member's purchases with the company that each stood for on its day, and what it rounds up by.
SELECT p.id, p.booked_on, p.shown_on, p.state, p.kind, p.amount_minor, p.currency, p.raw,
    p.is_held, p.source, d.id IS NOT NULL AS has_string, o.descriptor_id IS NOT NULL AS is_own,
    m.state AS mapping_state, b.name AS brand, q.name AS proposed, w.owner_name AS owner,
    l.ticker, r.amount_minor AS round_minor, r.state AS round_state, r.destination,
    n.ticker AS bought, r.currency AS round_currency, f.state AS foreign_state
FROM kamioi.purchase AS p
LEFT JOIN kamioi.descriptor AS d ON d.tenant_id = p.tenant_id AND d.id = p.descriptor_id
LEFT JOIN kamioi.foreign_purchase AS f ON f.tenant_id = p.tenant_id AND f.purchase_id = p.id
    AND f.booked_on = p.booked_on
LEFT JOIN kamioi.member_override AS o ON o.tenant_id = p.tenant_id
    AND o.member_id = p.member_id AND o.descriptor_id = p.descriptor_id
LEFT JOIN kamioi.mapping AS m ON m.tenant_id = p.tenant_id
    AND m.descriptor_id = p.descriptor_id AND m.valid_to IS NULL
LEFT JOIN kamioi.brand AS b ON b.id = CASE
    WHEN o.descriptor_id IS NOT NULL THEN o.brand_id
    WHEN m.state IN ('auto', 'approved') THEN m.brand_id END
LEFT JOIN kamioi.brand AS q ON q.id = m.brand_id AND m.state = 'proposed'
LEFT JOIN kamioi.ownership AS w ON w.brand_id = b.id AND w.valid_from <= p.booked_on
    AND (w.valid_to IS NULL OR w.valid_to > p.booked_on)
LEFT JOIN kamioi.listing AS l ON l.security_id = w.security_id AND l.valid_from <= p.booked_on
    AND (l.valid_to IS NULL OR l.valid_to > p.booked_on)
LEFT JOIN kamioi.round_up AS r ON r.tenant_id = p.tenant_id AND r.purchase_id = p.id
    AND r.booked_on = p.booked_on AND r.booked_on BETWEEN %(since)s::date AND %(until)s::date
LEFT JOIN kamioi.listing AS n ON n.security_id = r.security_id AND n.valid_from <= p.booked_on
    AND (n.valid_to IS NULL OR n.valid_to > p.booked_on)
WHERE p.member_id = %(member_id)s
    AND p.booked_on BETWEEN %(since)s::date AND %(until)s::date
    AND (p.booked_on, p.id) < (%(after_day)s::date, %(after_id)s::uuid)
    AND p.state IN ('pending', 'posted')
    AND (%(state)s::text IS NULL OR p.state = %(state)s)
    AND (NOT %(is_undecided)s::boolean OR r.destination = 'queue')
ORDER BY p.booked_on DESC, p.id DESC
LIMIT %(limit)s

-- name: member_purchase
-- One purchase with every step from its raw text to the share; another member's is not found.
SELECT p.id, p.booked_on, p.shown_on, p.state, p.kind, p.amount_minor, p.currency, p.raw,
    p.is_held, p.source, p.category, p.mcc, d.id AS descriptor_id, d.norm, d.processor,
    o.descriptor_id IS NOT NULL AS is_own, m.method, m.state AS mapping_state, m.confidence,
    m.evidence, m.brand_id AS mapped_brand_id, q.name AS mapped_brand,
    b.id AS brand_id, b.name AS brand,
    r.amount_minor AS round_minor, r.state AS round_state, r.destination, n.ticker AS bought,
    r.currency AS round_currency, f.state AS foreign_state
FROM kamioi.purchase AS p
LEFT JOIN kamioi.descriptor AS d ON d.tenant_id = p.tenant_id AND d.id = p.descriptor_id
LEFT JOIN kamioi.foreign_purchase AS f ON f.tenant_id = p.tenant_id AND f.purchase_id = p.id
    AND f.booked_on = p.booked_on
LEFT JOIN kamioi.member_override AS o ON o.tenant_id = p.tenant_id
    AND o.member_id = p.member_id AND o.descriptor_id = p.descriptor_id
LEFT JOIN kamioi.mapping AS m ON m.tenant_id = p.tenant_id
    AND m.descriptor_id = p.descriptor_id AND m.valid_to IS NULL
LEFT JOIN kamioi.brand AS q ON q.id = m.brand_id
LEFT JOIN kamioi.brand AS b ON b.id = CASE
    WHEN o.descriptor_id IS NOT NULL THEN o.brand_id
    WHEN m.state IN ('auto', 'approved') THEN m.brand_id END
LEFT JOIN kamioi.round_up AS r ON r.tenant_id = p.tenant_id AND r.purchase_id = p.id
    AND r.booked_on = p.booked_on AND r.booked_on = %(booked_on)s::date
LEFT JOIN kamioi.listing AS n ON n.security_id = r.security_id AND n.valid_from <= p.booked_on
    AND (n.valid_to IS NULL OR n.valid_to > p.booked_on)
WHERE p.member_id = %(member_id)s AND p.booked_on = %(booked_on)s::date
    AND p.id = %(purchase_id)s

-- name: brand_on_days
-- Who owned a brand on each of these days, and under which symbol the owner's share stood then.
SELECT one.day, w.owner_name, w.source, w.security_id IS NULL AS is_private,
    w.valid_from AS since, s.name AS security, s.status, s.is_fractionable, l.ticker, l.exchange
FROM unnest(%(days)s::date[]) AS one (day)
LEFT JOIN kamioi.ownership AS w ON w.brand_id = %(brand_id)s AND w.valid_from <= one.day
    AND (w.valid_to IS NULL OR w.valid_to > one.day)
LEFT JOIN kamioi.security AS s ON s.id = w.security_id
LEFT JOIN kamioi.listing AS l ON l.security_id = w.security_id AND l.valid_from <= one.day
    AND (l.valid_to IS NULL OR l.valid_to > one.day)
ORDER BY one.day

-- name: search_brands
-- Brands by the beginning of a name, those first of which an owner is known.
WITH named AS (
    SELECT id FROM kamioi.brand WHERE starts_with(lower(name), %(wanted)s)
    UNION
    SELECT brand_id FROM kamioi.brand_alias
    WHERE norm >= %(wanted)s AND norm < %(wanted)s || U&'\FFFF'
)
SELECT b.id, b.name, b.category, w.owner_name AS owner
FROM named JOIN kamioi.brand AS b ON b.id = named.id
LEFT JOIN kamioi.ownership AS w ON w.brand_id = b.id AND w.valid_from <= %(day)s::date
    AND (w.valid_to IS NULL OR w.valid_to > %(day)s::date)
ORDER BY w.owner_name IS NULL, lower(b.name) <> %(wanted)s, b.popularity DESC, b.name, b.id
LIMIT %(limit)s

-- name: find_brand
SELECT id, name FROM kamioi.brand WHERE id = %(brand_id)s

-- name: drop_override
DELETE FROM kamioi.member_override
WHERE member_id = %(member_id)s AND descriptor_id = %(descriptor_id)s

-- name: member_round_ups
SELECT r.id, r.booked_on, r.purchase_id, r.amount_minor, r.currency, r.destination, r.state,
    b.name AS brand, l.ticker, r.sweep_id, r.reverses_id
FROM kamioi.round_up AS r
LEFT JOIN kamioi.brand AS b ON b.id = r.brand_id
LEFT JOIN kamioi.listing AS l ON l.security_id = r.security_id AND l.valid_from <= r.booked_on
    AND (l.valid_to IS NULL OR l.valid_to > r.booked_on)
WHERE r.member_id = %(member_id)s
    AND r.booked_on BETWEEN %(since)s::date AND %(until)s::date
    AND (r.booked_on, r.id) < (%(after_day)s::date, %(after_id)s::uuid)
    AND (%(state)s::text IS NULL OR r.state = %(state)s)
ORDER BY r.booked_on DESC, r.id DESC
LIMIT %(limit)s
