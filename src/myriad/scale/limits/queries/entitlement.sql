-- name: entitlement_terms
SELECT tenant.timezone, tenant.plan, entitlement.metric IS NOT NULL AS is_set,
    entitlement.monthly_limit
FROM platform.tenant
LEFT JOIN platform.entitlement
    ON entitlement.tenant_id = tenant.id AND entitlement.metric = %(metric)s
WHERE tenant.id = %(tenant_id)s

-- name: open_entitlement_use
INSERT INTO platform.entitlement_use (tenant_id, metric, subject_id, period_start)
VALUES (%(tenant_id)s, %(metric)s, %(subject_id)s, %(period_start)s)
ON CONFLICT DO NOTHING

-- name: expire_entitlement_reservations
WITH forgotten AS (
    SELECT id FROM platform.entitlement_reservation
    WHERE tenant_id = %(tenant_id)s AND metric = %(metric)s AND subject_id = %(subject_id)s
        AND state = 'reserved' AND expires_at <= %(now)s
    FOR UPDATE SKIP LOCKED
), ended AS (
    UPDATE platform.entitlement_reservation AS held SET state = 'expired', ended_at = %(now)s
    FROM forgotten
    WHERE held.tenant_id = %(tenant_id)s AND held.id = forgotten.id
    RETURNING held.period_start, held.amount
), freed AS (
    SELECT period_start, sum(amount) AS amount FROM ended GROUP BY period_start
)
UPDATE platform.entitlement_use AS known SET reserved = known.reserved - freed.amount
FROM freed
WHERE known.tenant_id = %(tenant_id)s AND known.metric = %(metric)s
    AND known.subject_id = %(subject_id)s AND known.period_start = freed.period_start

-- name: reserve_entitlement
WITH taken AS (
    UPDATE platform.entitlement_use SET reserved = reserved + %(amount)s
    WHERE tenant_id = %(tenant_id)s AND metric = %(metric)s AND subject_id = %(subject_id)s
        AND period_start = %(period_start)s
        AND (%(monthly_limit)s::bigint IS NULL
            OR used + reserved + %(amount)s <= %(monthly_limit)s::bigint)
    RETURNING tenant_id
)
INSERT INTO platform.entitlement_reservation
    (tenant_id, id, metric, subject_id, period_start, amount, reserved_at, expires_at)
SELECT taken.tenant_id, %(id)s, %(metric)s, %(subject_id)s, %(period_start)s, %(amount)s,
    %(now)s, %(expires_at)s
FROM taken
RETURNING id

-- name: end_entitlement_reservation
-- A reservation that expired while its work went on is still committed: the work was done.
WITH ended AS (
    UPDATE platform.entitlement_reservation
    SET state = %(state)s::text, ended_at = %(now)s,
        amount = CASE WHEN %(state)s::text = 'committed' THEN coalesce(%(amount)s::bigint, amount) ELSE amount END
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
        AND state <> %(state)s::text AND state <> 'refunded'
    RETURNING metric, subject_id, period_start, old.state AS before, old.amount AS held, amount
), counted AS (
    UPDATE platform.entitlement_use AS known
    SET reserved = known.reserved - CASE WHEN ended.before = 'reserved' THEN ended.held ELSE 0 END,
        used = known.used
            + CASE WHEN %(state)s::text = 'committed' THEN ended.amount ELSE 0 END
            - CASE WHEN ended.before = 'committed' THEN ended.held ELSE 0 END
    FROM ended
    WHERE known.tenant_id = %(tenant_id)s AND known.metric = ended.metric
        AND known.subject_id = ended.subject_id AND known.period_start = ended.period_start
    RETURNING known.used
)
SELECT used FROM counted

-- name: entitlement_reservation_state
SELECT state FROM platform.entitlement_reservation
WHERE tenant_id = %(tenant_id)s AND id = %(id)s

-- name: entitlement_usage
SELECT known.used, known.reserved - coalesce(sum(held.amount), 0) AS reserved
FROM platform.entitlement_use AS known
LEFT JOIN platform.entitlement_reservation AS held
    ON held.tenant_id = known.tenant_id AND held.metric = known.metric
    AND held.subject_id = known.subject_id AND held.period_start = known.period_start
    AND held.state = 'reserved' AND held.expires_at <= %(now)s
WHERE known.tenant_id = %(tenant_id)s AND known.metric = %(metric)s
    AND known.subject_id = %(subject_id)s AND known.period_start = %(period_start)s
GROUP BY known.used, known.reserved

-- name: set_entitlement
INSERT INTO platform.entitlement (tenant_id, metric, monthly_limit)
VALUES (%(tenant_id)s, %(metric)s, %(monthly_limit)s)
ON CONFLICT (tenant_id, metric)
DO UPDATE SET monthly_limit = excluded.monthly_limit, updated_at = now()

-- name: clear_entitlement
DELETE FROM platform.entitlement WHERE tenant_id = %(tenant_id)s AND metric = %(metric)s
