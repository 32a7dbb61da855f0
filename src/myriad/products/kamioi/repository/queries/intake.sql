-- name: ensure_purchase_months
-- A round-up and its entries stand under the day of their purchase.
SELECT platform.ensure_months('kamioi.purchase', %(low)s::date, %(high)s::date)
    + platform.ensure_months('kamioi.round_up', %(low)s::date, %(high)s::date)
    + platform.ensure_months('kamioi.ledger_entry', %(low)s::date, %(high)s::date) AS made

-- name: lock_member
SELECT id, name, currency, time_zone, state FROM kamioi.member
WHERE tenant_id = %(tenant_id)s AND id = %(member_id)s
FOR NO KEY UPDATE

-- name: intake_account
SELECT account.id, account.member_id, account.item_id, account.external_id, account.mask,
    account.kind, account.currency, item.institution, item.provider
FROM kamioi.bank_account AS account
JOIN kamioi.bank_item AS item ON item.tenant_id = account.tenant_id AND item.id = account.item_id
WHERE account.tenant_id = %(tenant_id)s AND account.id = %(account_id)s

-- name: intake_accounts
SELECT account.id, account.member_id, account.item_id, account.external_id, account.mask,
    account.kind, account.currency, item.institution, item.provider
FROM kamioi.bank_account AS account
JOIN kamioi.bank_item AS item ON item.tenant_id = account.tenant_id AND item.id = account.item_id
WHERE account.tenant_id = %(tenant_id)s AND account.id = ANY(%(account_ids)s::uuid[])

-- name: lock_members
SELECT id FROM kamioi.member
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(member_ids)s::uuid[])
ORDER BY id FOR NO KEY UPDATE

-- name: same_accounts
-- Accounts that several streams tell of: the member's with the same end, kind and currency.
SELECT told.id AS account_id, same.id AS same_id
FROM kamioi.bank_account AS told
JOIN kamioi.bank_item AS told_item
    ON told_item.tenant_id = told.tenant_id AND told_item.id = told.item_id
JOIN kamioi.bank_account AS same
    ON same.tenant_id = told.tenant_id AND same.member_id = told.member_id
JOIN kamioi.bank_item AS item ON item.tenant_id = same.tenant_id AND item.id = same.item_id
WHERE told.tenant_id = %(tenant_id)s AND told.id = ANY(%(account_ids)s::uuid[])
    AND (same.id = told.id
        OR (same.mask <> '' AND same.mask = told.mask AND same.kind = told.kind
            AND same.currency = told.currency
            AND (item.institution = '' OR told_item.institution = ''
                OR lower(item.institution) = lower(told_item.institution))))

-- name: standing_purchases
-- All of the window of the wide accounts; of the others what an id names and what may be posted yet.
SELECT purchase.id, purchase.booked_on, purchase.shown_on, purchase.account_id,
    purchase.external_id, purchase.pending_external_id, purchase.state, purchase.amount_minor,
    purchase.currency, coalesce(descriptor.norm, '') AS norm
FROM kamioi.purchase AS purchase
LEFT JOIN kamioi.descriptor AS descriptor
    ON descriptor.tenant_id = purchase.tenant_id AND descriptor.id = purchase.descriptor_id
WHERE purchase.tenant_id = %(tenant_id)s AND purchase.account_id = ANY(%(account_ids)s::uuid[])
    AND purchase.booked_on BETWEEN %(low)s::date AND %(high)s::date
    AND (purchase.state IN ('pending', 'expired')
        OR purchase.external_id = ANY(%(external_ids)s::text[])
        OR purchase.pending_external_id = ANY(%(external_ids)s::text[])
        OR purchase.account_id = ANY(%(wide_ids)s::uuid[]))

-- name: standing_aliases
SELECT purchase_id, account_id, external_id
FROM kamioi.purchase_alias
WHERE tenant_id = %(tenant_id)s AND account_id = ANY(%(account_ids)s::uuid[])
    AND booked_on BETWEEN %(low)s::date AND %(high)s::date

-- name: add_descriptors
INSERT INTO kamioi.descriptor (tenant_id, norm, raw_example, processor, first_seen_on)
SELECT %(tenant_id)s, norm, raw, processor, day
FROM unnest(%(norms)s::text[], %(raws)s::text[], %(processors)s::text[], %(days)s::date[])
    AS given (norm, raw, processor, day)
ORDER BY norm
ON CONFLICT (tenant_id, norm) DO NOTHING

-- name: descriptor_ids
SELECT norm, id, first_seen_on FROM kamioi.descriptor
WHERE tenant_id = %(tenant_id)s AND norm = ANY(%(norms)s::text[])

-- name: lower_first_seen
-- They are held in the order in which everybody holds them.
WITH held AS MATERIALIZED (
    SELECT d.id, given.day
    FROM unnest(%(norms)s::text[], %(days)s::date[]) AS given (norm, day)
    JOIN kamioi.descriptor AS d ON d.tenant_id = %(tenant_id)s AND d.norm = given.norm
    WHERE d.first_seen_on > given.day
    ORDER BY d.norm
    FOR NO KEY UPDATE OF d
)
UPDATE kamioi.descriptor AS d SET first_seen_on = held.day
FROM held WHERE d.tenant_id = %(tenant_id)s AND d.id = held.id

-- name: add_purchase_aliases
INSERT INTO kamioi.purchase_alias (tenant_id, account_id, booked_on, external_id, purchase_id)
SELECT %(tenant_id)s, account_id, booked_on, external_id, purchase_id
FROM unnest(%(account_ids)s::uuid[], %(days)s::date[], %(external_ids)s::text[],
    %(purchase_ids)s::uuid[]) AS given (account_id, booked_on, external_id, purchase_id)
ON CONFLICT DO NOTHING

-- name: change_purchases
UPDATE kamioi.purchase AS purchase
SET external_id = given.external_id,
    pending_external_id = coalesce(given.pending_external_id, purchase.pending_external_id),
    state = given.state,
    kind = given.kind,
    shown_on = given.shown_on,
    amount_minor = given.amount_minor,
    currency = given.currency,
    raw = given.raw,
    descriptor_id = given.descriptor_id,
    merchant_entity_id = given.merchant_entity_id,
    category = given.category,
    mcc = given.mcc,
    channel = given.channel,
    is_held = CASE WHEN purchase.amount_minor = given.amount_minor
        AND purchase.currency = given.currency THEN purchase.is_held ELSE given.is_held END,
    changed_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
    booked_on date, id uuid, external_id text, pending_external_id text, state text, kind text,
    shown_on date, amount_minor bigint, currency text, raw text, descriptor_id uuid,
    merchant_entity_id text, category text, mcc text, channel text, is_held boolean)
WHERE purchase.tenant_id = %(tenant_id)s AND purchase.booked_on = given.booked_on
    AND purchase.id = given.id
    AND purchase.booked_on BETWEEN %(low)s::date AND %(high)s::date
    AND (purchase.external_id, purchase.state, purchase.kind, purchase.shown_on,
        purchase.amount_minor, purchase.currency, purchase.raw, purchase.merchant_entity_id,
        purchase.category, purchase.mcc, purchase.channel)
    IS DISTINCT FROM (given.external_id, given.state, given.kind, given.shown_on,
        given.amount_minor, given.currency, given.raw, given.merchant_entity_id,
        given.category, given.mcc, given.channel)

-- name: post_purchases
UPDATE kamioi.purchase AS purchase
SET state = 'posted', amount_minor = given.amount_minor, changed_at = now(),
    is_held = CASE WHEN purchase.amount_minor = given.amount_minor
        THEN purchase.is_held ELSE given.is_held END
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
    booked_on date, id uuid, amount_minor bigint, is_held boolean)
WHERE purchase.tenant_id = %(tenant_id)s AND purchase.booked_on = given.booked_on
    AND purchase.id = given.id
    AND purchase.booked_on BETWEEN %(low)s::date AND %(high)s::date

-- name: remove_purchases
UPDATE kamioi.purchase
SET state = 'removed', changed_at = now()
WHERE tenant_id = %(tenant_id)s AND account_id = ANY(%(account_ids)s::uuid[])
    AND external_id = ANY(%(external_ids)s::text[]) AND state <> 'removed'
    AND booked_on >= %(since)s::date
    AND NOT EXISTS (
        SELECT FROM kamioi.purchase_alias AS alias
        WHERE alias.tenant_id = purchase.tenant_id AND alias.purchase_id = purchase.id
            AND alias.booked_on BETWEEN purchase.booked_on AND purchase.booked_on)
RETURNING booked_on

-- name: expire_pending
UPDATE kamioi.purchase
SET state = 'expired', changed_at = now()
WHERE tenant_id = %(tenant_id)s AND state = 'pending'
    AND booked_on BETWEEN %(since)s::date AND %(until)s::date
RETURNING booked_on

-- name: confirm_purchase
UPDATE kamioi.purchase
SET is_held = false, changed_at = now()
WHERE tenant_id = %(tenant_id)s AND booked_on = %(booked_on)s::date AND id = %(purchase_id)s
    AND is_held
    AND currency = (SELECT member.currency FROM kamioi.member AS member
        WHERE member.tenant_id = %(tenant_id)s AND member.id = purchase.member_id)
RETURNING booked_on, member_id

-- name: put_bank_item
INSERT INTO kamioi.bank_item (tenant_id, member_id, provider, external_id, institution)
VALUES (%(tenant_id)s, %(member_id)s, %(provider)s, %(external_id)s, %(institution)s)
ON CONFLICT (tenant_id, provider, external_id) DO UPDATE SET updated_at = now()
RETURNING id, member_id

-- name: put_bank_account
INSERT INTO kamioi.bank_account
    (tenant_id, member_id, item_id, external_id, name, mask, kind, currency)
VALUES (%(tenant_id)s, %(member_id)s, %(item_id)s, %(external_id)s, %(name)s, %(mask)s, %(kind)s,
    %(currency)s)
ON CONFLICT (tenant_id, item_id, external_id) DO UPDATE SET name = excluded.name
RETURNING id

-- name: begin_import
INSERT INTO kamioi.import_file (tenant_id, id, member_id, account_id, name, form, sha256, state)
VALUES (%(tenant_id)s, %(id)s, %(member_id)s, %(account_id)s, %(name)s, %(form)s, %(sha256)s,
    'running')
ON CONFLICT (tenant_id, id) DO NOTHING

-- name: fail_import
UPDATE kamioi.import_file SET state = 'failed', ended_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND state = 'running'

-- name: progress_import
UPDATE kamioi.import_file
SET rows_read = %(read)s, rows_new = %(new)s, rows_known = %(known)s, rows_refused = %(refused)s,
    state = %(state)s, ended_at = CASE WHEN %(state)s IN ('done', 'failed') THEN now() END
WHERE tenant_id = %(tenant_id)s AND id = %(id)s
