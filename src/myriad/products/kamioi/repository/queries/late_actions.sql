-- name: list_applied
SELECT a.id, a.security_id, a.kind, a.ex_date, a.ratio_num, a.ratio_den, a.cash_per_share, a.currency,
    a.new_security_id
FROM kamioi.applied_action AS d JOIN kamioi.corporate_action AS a ON a.id = d.action_id
ORDER BY a.ex_date, a.announced_at, a.id

-- name: take_back_action
-- Lots are again as they were before it, those that it opened are gone, and every entry about it is
-- met by its opposite: it is due again. Whatever came of it later must be taken back before.
WITH noted AS MATERIALIZED (
    SELECT tenant_id, lot_id, qty, cost_minor FROM kamioi.lot_change
    WHERE action_id = %(action_id)s
), came AS MATERIALIZED (
    SELECT l.tenant_id, l.id FROM noted AS n
    JOIN kamioi.lot AS l ON l.tenant_id = n.tenant_id AND l.id = n.lot_id
    WHERE l.fill_id IS NULL AND l.security_id = %(new_security_id)s
      AND l.qty = n.qty AND l.cost_minor = n.cost_minor
), forgotten AS (
    DELETE FROM kamioi.lot_change WHERE action_id = %(action_id)s
), gone AS (
    DELETE FROM kamioi.lot AS l USING came AS c
    WHERE l.tenant_id = c.tenant_id AND l.id = c.id
), restored AS (
    UPDATE kamioi.lot AS l SET qty = l.qty - n.qty, cost_minor = l.cost_minor - n.cost_minor,
        closed_on = CASE WHEN l.closed_on = %(ex_date)s THEN NULL ELSE l.closed_on END
    FROM noted AS n
    WHERE l.tenant_id = n.tenant_id AND l.id = n.lot_id
      AND NOT EXISTS (SELECT FROM came AS c WHERE c.id = n.lot_id)
), owed AS MATERIALIZED (
    SELECT e.tenant_id, e.member_id, e.currency, e.account, e.security_id,
        -sum(e.amount_minor)::bigint AS amount_minor
    FROM kamioi.ledger_entry AS e
    WHERE e.booked_on = %(ex_date)s AND e.about_id = %(action_id)s
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(e.amount_minor) <> 0
), whose AS MATERIALIZED (
    SELECT member_id, currency, uuidv7() AS transfer_id
    FROM (SELECT DISTINCT member_id, currency FROM owed) AS o
), written AS (
    INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account, member_id,
        security_id, amount_minor, currency, reason, about_id)
    SELECT o.tenant_id, %(ex_date)s, w.transfer_id,
        row_number() OVER (PARTITION BY w.transfer_id ORDER BY o.account, o.security_id),
        o.account, o.member_id, o.security_id, o.amount_minor, o.currency, %(kind)s, %(action_id)s
    FROM owed AS o
    JOIN whose AS w ON w.member_id IS NOT DISTINCT FROM o.member_id AND w.currency = o.currency
)
DELETE FROM kamioi.applied_action WHERE action_id = %(action_id)s
