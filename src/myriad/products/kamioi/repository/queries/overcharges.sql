-- name: note_overcharge
-- What an order's fills cost above what was ordered, as far as no earlier fill of it says so. The
-- broker owes it until somebody says what became of it.
WITH this AS (
    SELECT f.tenant_id, f.id, f.order_id, o.notional_minor, o.currency
    FROM kamioi.fill AS f
    JOIN kamioi.trade_order AS o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
    WHERE f.id = %(fill_id)s
), noted AS (
    INSERT INTO kamioi.overcharge (tenant_id, fill_id, amount_minor, currency, noted_at)
    SELECT t.tenant_id, t.id, s.cost_minor - t.notional_minor - s.noted_minor, t.currency, %(now)s
    FROM this AS t
    CROSS JOIN LATERAL (
        SELECT sum(f.cost_minor)::bigint AS cost_minor,
            coalesce(sum(v.amount_minor), 0)::bigint AS noted_minor
        FROM kamioi.fill AS f
        LEFT JOIN kamioi.overcharge AS v ON v.tenant_id = f.tenant_id AND v.fill_id = f.id
        WHERE f.tenant_id = t.tenant_id AND f.order_id = t.order_id
    ) AS s
    WHERE s.cost_minor > t.notional_minor + s.noted_minor
    RETURNING tenant_id, %(day)s::date AS booked_on, id AS transfer_id, id AS about_id,
        NULL::uuid AS member_id, amount_minor, currency
), written AS (
    -- book noted: overcharged, broker_owes +, bank -
)
SELECT coalesce(sum(amount_minor), 0)::bigint AS amount_minor FROM noted

-- name: list_overcharges
-- What is open, and what was settled lately.
SELECT v.id, o.client_order_id, o.ticker, s.name, o.window_at, o.notional_minor, v.amount_minor,
    v.currency, v.state, v.noted_at, v.note, v.settled_at, coalesce(u.name, '') AS settled_by
FROM kamioi.overcharge AS v
JOIN kamioi.fill AS f ON f.tenant_id = v.tenant_id AND f.id = v.fill_id
JOIN kamioi.trade_order AS o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
JOIN kamioi.security AS s ON s.id = o.security_id
LEFT JOIN platform.user_account AS u ON u.id = v.settled_by
WHERE v.state = 'open' OR v.settled_at >= %(since)s
ORDER BY (v.state <> 'open'), v.noted_at DESC, v.id LIMIT %(limit)s

-- name: find_overcharge
SELECT state FROM kamioi.overcharge WHERE id = %(id)s

-- name: settle_overcharge
WITH settled AS (
    UPDATE kamioi.overcharge
    SET state = %(state)s, note = %(note)s, settled_by = %(by)s, settled_at = %(now)s
    WHERE id = %(id)s AND state = 'open'
    RETURNING tenant_id, %(day)s::date AS booked_on, uuidv7() AS transfer_id, id AS about_id,
        NULL::uuid AS member_id, amount_minor, currency, state
), returned AS (
    SELECT * FROM settled WHERE state = 'returned'
), borne AS (
    SELECT * FROM settled WHERE state = 'borne'
), paid_back AS (
    -- book returned: overcharge_returned, bank +, broker_owes -
), given_up AS (
    -- book borne: overcharge_borne, losses +, broker_owes -
)
SELECT amount_minor, currency FROM settled
