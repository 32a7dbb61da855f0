-- name: list_foreign_waiting
-- What the bank took back meanwhile waits for nothing.
SELECT f.booked_on, f.purchase_id, f.member_id, m.name AS member, p.raw, p.amount_minor, p.currency,
    f.currency AS into_currency, f.held_at
FROM kamioi.foreign_purchase AS f
JOIN kamioi.purchase AS p ON p.tenant_id = f.tenant_id AND p.booked_on = f.booked_on
    AND p.id = f.purchase_id
JOIN kamioi.member AS m ON m.tenant_id = f.tenant_id AND m.id = f.member_id
WHERE f.state = 'waiting' AND p.state = 'posted'
ORDER BY p.currency, f.currency, f.booked_on, f.purchase_id LIMIT %(limit)s

-- name: list_foreign_decided
SELECT f.booked_on, f.purchase_id, f.member_id, m.name AS member, p.raw, p.amount_minor, p.currency,
    f.currency AS into_currency, f.state, f.rate, f.source, f.decided_at,
    coalesce(u.name, '') AS decided_by
FROM kamioi.foreign_purchase AS f
JOIN kamioi.purchase AS p ON p.tenant_id = f.tenant_id AND p.booked_on = f.booked_on
    AND p.id = f.purchase_id
JOIN kamioi.member AS m ON m.tenant_id = f.tenant_id AND m.id = f.member_id
LEFT JOIN platform.user_account AS u ON u.id = f.decided_by
WHERE f.state <> 'waiting' AND f.decided_at >= %(since)s
ORDER BY f.decided_at DESC, f.purchase_id LIMIT %(limit)s

-- name: release_foreign
-- All that wait of one pair of currencies, at one rate.
WITH released AS (
    UPDATE kamioi.foreign_purchase AS f
    SET state = 'released', rate = %(rate)s, minor_rate = %(minor_rate)s, source = %(source)s,
        decided_by = %(by)s, decided_at = %(now)s
    FROM kamioi.purchase AS p
    WHERE f.state = 'waiting' AND f.currency = %(into_currency)s
      AND p.tenant_id = f.tenant_id AND p.booked_on = f.booked_on AND p.id = f.purchase_id
      AND p.currency = %(currency)s AND p.state = 'posted'
      AND f.booked_on BETWEEN %(first)s AND %(last)s
    RETURNING f.tenant_id, f.booked_on, f.purchase_id
), unheld AS (
    UPDATE kamioi.purchase AS p SET is_held = false, changed_at = %(now)s
    FROM released AS r
    WHERE p.tenant_id = r.tenant_id AND p.booked_on = r.booked_on AND p.id = r.purchase_id
      AND p.is_held
)
SELECT count(*) AS purchases, min(booked_on) AS first, max(booked_on) AS last FROM released

-- name: skip_foreign
UPDATE kamioi.foreign_purchase
SET state = 'skipped', decided_by = %(by)s, decided_at = %(now)s
WHERE booked_on = %(booked_on)s AND purchase_id = %(purchase_id)s AND state = 'waiting'
RETURNING booked_on
