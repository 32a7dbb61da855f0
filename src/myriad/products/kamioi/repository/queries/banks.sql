-- name: kamioi_banks
SELECT i.id, i.provider, i.institution, i.status, i.error_code, i.synced_at, i.created_at,
    i.consent_ends_at,
    a.id AS account_id, a.name, a.mask, a.kind, a.currency, a.balance_minor, a.balance_at,
    coalesce(a.is_funding, false) AS is_funding
FROM kamioi.bank_item AS i
LEFT JOIN kamioi.bank_account AS a ON a.tenant_id = i.tenant_id AND a.item_id = i.id
WHERE i.member_id = %(member_id)s AND i.status <> 'removed'
ORDER BY i.provider <> 'plaid', i.institution, i.id, a.kind, a.id

-- name: kamioi_imports
SELECT f.id, f.name, f.form, f.state, f.rows_read, f.rows_new, f.rows_known, f.rows_refused,
    f.created_at, f.ended_at
FROM kamioi.import_file AS f
WHERE f.member_id = %(member_id)s
    AND (%(file_id)s::uuid IS NULL OR f.id = %(file_id)s)
ORDER BY f.created_at DESC, f.id DESC LIMIT %(limit)s

-- name: kamioi_import_faults
SELECT q.line, q.reason, q.row_json FROM platform.data_quarantine AS q
WHERE q.table_name = 'kamioi.import_line' AND q.source = %(source)s
ORDER BY q.line, q.id LIMIT %(limit)s

-- name: kamioi_fees
-- What fees took from a member within some days.
SELECT coalesce(-sum(e.amount_minor), 0)::bigint AS fees_minor
FROM kamioi.ledger_entry AS e
WHERE e.member_id = %(member_id)s AND e.account = 'fees'
    AND e.booked_on BETWEEN %(first)s AND %(last)s

-- name: begin_bank_link
INSERT INTO kamioi.bank_link (tenant_id, id, member_id, item_id, link_token_sealed)
VALUES (%(tenant_id)s, %(id)s, %(member_id)s, %(item_id)s, %(sealed)s)

-- name: find_bank_link
SELECT id, member_id, item_id, link_token_sealed, state, created_at FROM kamioi.bank_link
WHERE id = %(id)s AND member_id = %(member_id)s

-- name: find_visitor
SELECT l.member_id, l.link_token_sealed, l.state, m.state AS member_state
FROM kamioi.bank_link AS l
JOIN kamioi.member AS m ON m.tenant_id = l.tenant_id AND m.id = l.member_id
WHERE l.id = %(id)s

-- name: end_bank_link
UPDATE kamioi.bank_link SET state = %(state)s, ended_at = now()
WHERE id = %(id)s AND state = 'open'

-- name: find_own_item
SELECT id FROM kamioi.bank_item
WHERE id = %(item_id)s AND member_id = %(member_id)s AND provider = 'plaid'
    AND status <> 'removed'

-- name: forget_item
UPDATE kamioi.bank_item
SET status = 'removed', access_token_sealed = NULL, error_code = NULL, updated_at = now()
WHERE id = %(item_id)s AND member_id = %(member_id)s

-- name: drop_funding_of_item
UPDATE kamioi.bank_account SET is_funding = false
WHERE item_id = %(item_id)s AND member_id = %(member_id)s AND is_funding

-- name: find_own_account
SELECT a.id, a.kind FROM kamioi.bank_account AS a
JOIN kamioi.bank_item AS i ON i.tenant_id = a.tenant_id AND i.id = a.item_id
WHERE a.id = %(account_id)s AND a.member_id = %(member_id)s
    AND i.provider = 'plaid' AND i.status <> 'removed'

-- name: choose_funding
UPDATE kamioi.bank_account SET is_funding = (id = %(account_id)s)
WHERE member_id = %(member_id)s AND is_funding <> (id = %(account_id)s)
