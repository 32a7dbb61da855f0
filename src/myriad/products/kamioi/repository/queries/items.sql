-- name: store_plaid_item
INSERT INTO kamioi.bank_item AS item
    (tenant_id, id, member_id, provider, external_id, institution, access_token_sealed)
VALUES (%(tenant_id)s, %(id)s, %(member_id)s, 'plaid', %(external_id)s, %(institution)s, %(sealed)s)
ON CONFLICT (tenant_id, provider, external_id) DO UPDATE
SET access_token_sealed = excluded.access_token_sealed, status = 'linked', error_code = NULL,
    consent_ends_at = NULL, updated_at = now()
WHERE item.member_id = excluded.member_id
RETURNING id

-- name: plaid_item
SELECT id, member_id, external_id, institution, access_token_sealed, cursor, status
FROM kamioi.bank_item
WHERE tenant_id = %(tenant_id)s AND id = %(item_id)s AND provider = 'plaid'

-- name: lock_plaid_item
SELECT cursor, status FROM kamioi.bank_item
WHERE tenant_id = %(tenant_id)s AND id = %(item_id)s
FOR NO KEY UPDATE

-- name: linked_items
SELECT id FROM kamioi.bank_item
WHERE tenant_id = %(tenant_id)s AND provider = 'plaid' AND status IN ('linked', 'failing')
ORDER BY id

-- name: items_by_external
SELECT tenant_id, id FROM kamioi.bank_item
WHERE provider = 'plaid' AND external_id = %(external_id)s

-- name: move_plaid_cursor
UPDATE kamioi.bank_item
SET cursor = %(cursor)s, status = 'linked', error_code = NULL, synced_at = now(), updated_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(item_id)s

-- name: mark_plaid_item
-- A bank that was let go stays so, whatever is told of it afterwards.
UPDATE kamioi.bank_item
SET status = %(status)s, error_code = %(error_code)s, updated_at = now(),
    consent_ends_at = CASE WHEN %(status)s = 'linked' THEN NULL ELSE consent_ends_at END
WHERE tenant_id = %(tenant_id)s AND id = %(item_id)s AND status <> 'removed'

-- name: end_consent
-- It is read as long as the bank lets it be.
UPDATE kamioi.bank_item SET consent_ends_at = %(ends_at)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(item_id)s AND status <> 'removed'

-- name: put_plaid_account
-- The first checking account that a member links is the one that money is pulled from.
INSERT INTO kamioi.bank_account (tenant_id, member_id, item_id, external_id, name, mask, kind,
    currency, balance_minor, balance_at, is_funding)
VALUES (%(tenant_id)s, %(member_id)s, %(item_id)s, %(external_id)s, %(name)s, %(mask)s, %(kind)s,
    %(currency)s, %(balance_minor)s, now(),
    %(kind)s = 'checking' AND NOT EXISTS (
        SELECT FROM kamioi.bank_account
        WHERE tenant_id = %(tenant_id)s AND member_id = %(member_id)s AND is_funding
    ))
ON CONFLICT (tenant_id, item_id, external_id) DO UPDATE
SET name = excluded.name, mask = excluded.mask, balance_minor = excluded.balance_minor,
    balance_at = excluded.balance_at

-- name: plaid_accounts
SELECT external_id, id FROM kamioi.bank_account
WHERE tenant_id = %(tenant_id)s AND item_id = %(item_id)s

-- name: notify_member
INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key)
VALUES (%(tenant_id)s, %(member_id)s, %(kind)s, %(facts)s::jsonb, %(once_key)s)
ON CONFLICT (tenant_id, member_id, once_key) DO NOTHING

-- name: find_member
SELECT id, name, currency, time_zone, state FROM kamioi.member
WHERE tenant_id = %(tenant_id)s AND id = %(member_id)s

-- name: find_members
-- By id or by the address that signs in as them; by neither, all who sign in.
SELECT m.tenant_id, m.id, m.name, m.currency, t.name AS programme
FROM kamioi.member AS m
JOIN platform.tenant AS t ON t.id = m.tenant_id
LEFT JOIN platform.user_account AS u ON u.id = m.user_id
WHERE CASE WHEN %(member_id)s::uuid IS NOT NULL THEN m.id = %(member_id)s
    WHEN %(email)s::text IS NOT NULL THEN lower(u.email) = %(email)s
    ELSE m.user_id IS NOT NULL END
ORDER BY t.name, m.id LIMIT 20
