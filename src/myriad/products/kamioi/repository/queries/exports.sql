-- name: kamioi_export_member
SELECT m.id, m.name, m.currency, m.time_zone, m.state, m.created_at, r.multiplier,
    r.rounds_whole_amounts, r.sweep_minor AS sweep_at, r.guard_minor AS guard, r.private_policy
FROM kamioi.member AS m
LEFT JOIN kamioi.member_rule AS r ON r.tenant_id = m.tenant_id AND r.member_id = m.id
WHERE m.id = %(member_id)s
LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_banks
SELECT i.id AS bank_id, i.provider, i.institution, i.status, i.created_at AS linked_at, a.id,
    a.name, a.mask, a.kind, a.currency, a.balance_minor AS balance, a.is_funding
FROM kamioi.bank_item AS i
LEFT JOIN kamioi.bank_account AS a ON a.tenant_id = i.tenant_id AND a.item_id = i.id
WHERE i.member_id = %(member_id)s
ORDER BY i.id, a.id LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_purchases
SELECT p.id, p.booked_on, p.shown_on, p.state, p.kind, p.amount_minor AS amount, p.currency, p.raw,
    p.category, p.mcc, p.source, p.account_id
FROM kamioi.purchase AS p
WHERE p.member_id = %(member_id)s AND p.booked_on BETWEEN %(first)s AND %(last)s
ORDER BY p.booked_on, p.id LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_round_ups
SELECT r.id, r.booked_on, r.purchase_id, r.amount_minor AS amount, r.currency, r.destination,
    b.name AS company, r.state, r.sweep_id AS pull_id
FROM kamioi.round_up AS r
LEFT JOIN kamioi.brand AS b ON b.id = r.brand_id
WHERE r.member_id = %(member_id)s AND r.booked_on BETWEEN %(first)s AND %(last)s
ORDER BY r.booked_on, r.id LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_sweeps
SELECT id, amount_minor AS amount, currency, state, requested_at, settles_on, ended_at, reason
FROM kamioi.sweep WHERE member_id = %(member_id)s
ORDER BY id LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_orders
SELECT o.id, o.window_at, o.ticker, o.side, o.state, p.notional_minor AS notional, o.currency,
    o.broker, f.price, f.filled_at, a.qty AS shares, a.cost_minor AS cost
FROM kamioi.order_part AS p
JOIN kamioi.trade_order AS o ON o.tenant_id = p.tenant_id AND o.id = p.order_id
LEFT JOIN kamioi.fill AS f ON f.tenant_id = o.tenant_id AND f.order_id = o.id
LEFT JOIN kamioi.allocation AS a ON a.tenant_id = f.tenant_id AND a.fill_id = f.id
    AND a.member_id = p.member_id
WHERE p.member_id = %(member_id)s
ORDER BY o.window_at, o.id, f.id LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_lots
SELECT l.id, l.security_id, s.name, l.opened_on, l.closed_on, l.qty AS shares,
    l.cost_minor AS cost, l.currency
FROM kamioi.lot AS l
JOIN kamioi.security AS s ON s.id = l.security_id
WHERE l.member_id = %(member_id)s
ORDER BY l.opened_on, l.id LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_ledger
SELECT e.booked_on, e.transfer_id, e.line, e.account, e.amount_minor AS amount, e.currency,
    e.reason, e.security_id, e.about_id
FROM kamioi.ledger_entry AS e
WHERE e.member_id = %(member_id)s AND e.booked_on BETWEEN %(first)s AND %(last)s
ORDER BY e.booked_on, e.transfer_id, e.line LIMIT %(limit)s OFFSET %(offset)s

-- name: kamioi_export_notifications
SELECT id, created_at, kind, facts, read_at FROM kamioi.notification
WHERE member_id = %(member_id)s
ORDER BY id LIMIT %(limit)s OFFSET %(offset)s
