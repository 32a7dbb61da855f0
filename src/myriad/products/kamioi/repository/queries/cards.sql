-- name: put_cards
-- Each card of a file is a member with one account; those that are known stay.
WITH new AS (
    SELECT r.card, r.member_id, r.item_id, r.account_id
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
        card text, member_id uuid, item_id uuid, account_id uuid
    )
    WHERE NOT EXISTS (
        SELECT FROM kamioi.bank_item AS i
        WHERE i.tenant_id = %(tenant_id)s AND i.provider = 'csv'
          AND i.external_id = 'cards:' || r.card
    )
), member AS (
    INSERT INTO kamioi.member (tenant_id, id, name, currency)
    SELECT %(tenant_id)s, member_id, 'Card ' || card, %(currency)s FROM new
    RETURNING id
), rule AS (
    INSERT INTO kamioi.member_rule (tenant_id, member_id) SELECT %(tenant_id)s, id FROM member
), item AS (
    INSERT INTO kamioi.bank_item (tenant_id, id, member_id, provider, external_id, institution)
    SELECT %(tenant_id)s, n.item_id, n.member_id, 'csv', 'cards:' || n.card, %(institution)s
    FROM new AS n JOIN member ON member.id = n.member_id
    RETURNING id
)
INSERT INTO kamioi.bank_account (tenant_id, id, member_id, item_id, external_id, name, kind,
    currency)
SELECT %(tenant_id)s, n.account_id, n.member_id, n.item_id, n.card, 'Card ' || n.card, 'card',
    %(currency)s
FROM new AS n JOIN item ON item.id = n.item_id

-- name: list_cards
SELECT a.external_id AS card, a.id
FROM kamioi.bank_account AS a
JOIN kamioi.bank_item AS i ON i.tenant_id = a.tenant_id AND i.id = a.item_id
WHERE i.provider = 'csv' AND i.external_id = 'cards:' || a.external_id
