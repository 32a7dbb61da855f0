-- name: has_members
SELECT EXISTS (SELECT FROM kamioi.member) AS has_members

-- name: add_demo_members
-- Members and their rules; the order of ids is the order of rows.
WITH row AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
        id uuid, name text, currency text, time_zone text, state text, multiplier smallint,
        cap_day_minor bigint, private_policy text, etf_security_id uuid
    )
), joined AS (
    INSERT INTO kamioi.member (tenant_id, id, name, currency, time_zone, state)
    SELECT %(tenant_id)s, id, name, currency, time_zone, state FROM row
    RETURNING id
)
INSERT INTO kamioi.member_rule (tenant_id, member_id, multiplier, cap_day_minor, private_policy,
    etf_security_id)
SELECT %(tenant_id)s, row.id, row.multiplier, row.cap_day_minor, row.private_policy,
    row.etf_security_id
FROM row JOIN joined ON joined.id = row.id

-- name: list_demo_members
SELECT m.id, m.name, m.user_id, (
    SELECT i.id FROM kamioi.bank_item AS i
    WHERE i.tenant_id = m.tenant_id AND i.member_id = m.id AND i.provider = 'plaid'
    ORDER BY i.id LIMIT 1
) AS item_id
FROM kamioi.member AS m ORDER BY m.id

-- name: give_demo_user
UPDATE kamioi.member SET user_id = %(user_id)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(member_id)s AND user_id IS NULL

-- name: last_order_window
SELECT max(window_at) AS window_at FROM kamioi.trade_order

-- name: list_demo_proposals
SELECT d.id, d.norm, m.version, m.brand_id
FROM kamioi.descriptor AS d
JOIN kamioi.mapping AS m ON m.tenant_id = d.tenant_id AND m.descriptor_id = d.id
    AND m.valid_to IS NULL AND m.state = 'proposed'
WHERE d.norm = ANY (%(norms)s)
ORDER BY d.norm
