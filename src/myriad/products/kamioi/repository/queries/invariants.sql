-- name: list_violations
-- Each row is something that must never be: the rule, what it is about, and the two figures.
WITH balance AS (
    SELECT member_id, account, security_id, currency, sum(amount_minor)::numeric AS amount_minor
    FROM kamioi.ledger_entry GROUP BY 1, 2, 3, 4
), cash AS (
    SELECT b.member_id, b.currency, -sum(b.amount_minor) AS held
    FROM balance AS b WHERE b.account = 'member_cash' AND b.member_id IS NOT NULL GROUP BY 1, 2
), bound AS (
    SELECT member_id, currency, sum(amount_minor) AS amount_minor FROM (
        SELECT member_id, currency, amount_minor::numeric FROM kamioi.earmark
        UNION ALL
        SELECT p.member_id, o.currency, p.notional_minor::numeric
        FROM kamioi.trade_order AS o
        JOIN kamioi.order_part AS p ON p.tenant_id = o.tenant_id AND p.order_id = o.id
        WHERE o.state IN ('new', 'sent', 'part_filled')
        UNION ALL
        SELECT a.member_id, o.currency, -a.cost_minor::numeric
        FROM kamioi.trade_order AS o
        JOIN kamioi.fill AS f ON f.tenant_id = o.tenant_id AND f.order_id = o.id
        JOIN kamioi.allocation AS a ON a.tenant_id = f.tenant_id AND a.fill_id = f.id
        WHERE o.state IN ('new', 'sent', 'part_filled')
    ) AS one GROUP BY 1, 2
), held AS (
    SELECT member_id, security_id, currency, sum(cost_minor)::numeric AS cost_minor
    FROM kamioi.lot GROUP BY 1, 2, 3
), grown AS (
    SELECT lot_id, sum(qty) AS qty, sum(cost_minor) AS cost_minor
    FROM kamioi.lot_change GROUP BY 1
), promised AS (
    SELECT member_id, currency, sum(amount_minor)::numeric AS amount_minor
    FROM kamioi.round_up WHERE state = 'accrued' GROUP BY 1, 2
), pulled AS (
    SELECT member_id, currency, sum(amount_minor)::numeric AS amount_minor
    FROM kamioi.sweep WHERE state = 'requested' GROUP BY 1, 2
), violation AS (
    SELECT 'transfers come to zero' AS rule, transfer_id::text AS subject,
        sum(amount_minor)::numeric AS ours, 0::numeric AS theirs
    FROM kamioi.ledger_entry GROUP BY transfer_id, currency HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'shares allocated are those filled', f.id::text, coalesce(sum(a.qty), 0), f.qty
    FROM kamioi.fill AS f
    LEFT JOIN kamioi.allocation AS a ON a.tenant_id = f.tenant_id AND a.fill_id = f.id
    GROUP BY f.id, f.qty HAVING coalesce(sum(a.qty), 0) <> f.qty
    UNION ALL
    SELECT 'cost allocated is that of the fill', f.id::text, coalesce(sum(a.cost_minor), 0),
        f.cost_minor - coalesce(v.amount_minor, 0)
    FROM kamioi.fill AS f
    LEFT JOIN kamioi.allocation AS a ON a.tenant_id = f.tenant_id AND a.fill_id = f.id
    LEFT JOIN kamioi.overcharge AS v ON v.tenant_id = f.tenant_id AND v.fill_id = f.id
    GROUP BY f.id, f.cost_minor, v.amount_minor
    HAVING coalesce(sum(a.cost_minor), 0) <> f.cost_minor - coalesce(v.amount_minor, 0)
    UNION ALL
    SELECT 'lots are allocations and their changes', coalesce(l.id, a.fill_id)::text,
        coalesce(l.qty, 0), coalesce(a.qty, 0) + coalesce(g.qty, 0)
    FROM kamioi.lot AS l
    LEFT JOIN grown AS g ON g.lot_id = l.id
    FULL JOIN kamioi.allocation AS a ON a.tenant_id = l.tenant_id AND a.fill_id = l.fill_id
        AND a.member_id = l.member_id
    WHERE coalesce(l.qty, 0) <> coalesce(a.qty, 0) + coalesce(g.qty, 0)
       OR coalesce(l.cost_minor, 0) <> coalesce(a.cost_minor, 0) + coalesce(g.cost_minor, 0)
    UNION ALL
    SELECT 'parts of an order come to its notional', o.id::text, coalesce(sum(p.notional_minor), 0),
        o.notional_minor
    FROM kamioi.trade_order AS o
    LEFT JOIN kamioi.order_part AS p ON p.tenant_id = o.tenant_id AND p.order_id = o.id
    GROUP BY o.id, o.notional_minor HAVING coalesce(sum(p.notional_minor), 0) <> o.notional_minor
    UNION ALL
    SELECT 'round-ups swept come to their sweep', s.id::text, coalesce(sum(r.amount_minor), 0),
        s.amount_minor
    FROM kamioi.sweep AS s
    LEFT JOIN kamioi.round_up AS r ON r.tenant_id = s.tenant_id AND r.sweep_id = s.id
        AND r.state = 'swept'
    GROUP BY s.id, s.amount_minor, s.state
    HAVING coalesce(sum(r.amount_minor), 0) <> s.amount_minor
       AND NOT (s.state = 'rejected' AND count(r.id) = 0)
    UNION ALL
    SELECT 'round-ups swept have a sweep', r.id::text, r.amount_minor, 0
    FROM kamioi.round_up AS r WHERE (r.state = 'swept') <> (r.sweep_id IS NOT NULL)
    UNION ALL
    SELECT 'cash covers what waits to be bought', coalesce(c.member_id, b.member_id)::text,
        coalesce(c.held, 0), coalesce(b.amount_minor, 0)
    FROM cash AS c
    FULL JOIN bound AS b ON b.member_id = c.member_id AND b.currency = c.currency
    JOIN kamioi.member AS m ON m.id = coalesce(c.member_id, b.member_id)
    WHERE coalesce(c.held, 0) < coalesce(b.amount_minor, 0) AND m.state <> 'frozen'
    UNION ALL
    SELECT 'the ledger holds shares at their cost', coalesce(h.member_id, b.member_id)::text,
        coalesce(b.amount_minor, 0), coalesce(h.cost_minor, 0)
    FROM held AS h
    FULL JOIN (SELECT * FROM balance WHERE account = 'holdings') AS b
      ON b.member_id = h.member_id AND b.security_id = h.security_id AND b.currency = h.currency
    WHERE coalesce(h.cost_minor, 0) <> coalesce(b.amount_minor, 0)
    UNION ALL
    SELECT 'members own what is held', coalesce(i.member_id, h.member_id)::text,
        coalesce(i.amount_minor, 0), coalesce(h.amount_minor, 0)
    FROM (SELECT * FROM balance WHERE account = 'invested') AS i
    FULL JOIN (SELECT * FROM balance WHERE account = 'holdings') AS h
      ON h.member_id = i.member_id AND h.security_id = i.security_id AND h.currency = i.currency
    WHERE coalesce(i.amount_minor, 0) + coalesce(h.amount_minor, 0) <> 0
    UNION ALL
    SELECT 'the ledger knows what is accrued', coalesce(b.member_id, p.member_id)::text,
        coalesce(b.amount_minor, 0), coalesce(p.amount_minor, 0)
    FROM (SELECT * FROM balance WHERE account = 'receivable') AS b
    FULL JOIN promised AS p ON p.member_id = b.member_id AND p.currency = b.currency
    WHERE coalesce(b.amount_minor, 0) <> coalesce(p.amount_minor, 0)
    UNION ALL
    SELECT 'the ledger knows what is on its way', coalesce(b.member_id, p.member_id)::text,
        coalesce(b.amount_minor, 0), coalesce(p.amount_minor, 0)
    FROM (SELECT * FROM balance WHERE account = 'in_transit') AS b
    FULL JOIN pulled AS p ON p.member_id = b.member_id AND p.currency = b.currency
    WHERE coalesce(b.amount_minor, 0) <> coalesce(p.amount_minor, 0)
    UNION ALL
    SELECT 'the ledger knows what the broker owes', coalesce(b.currency, v.currency),
        coalesce(b.amount_minor, 0), coalesce(v.amount_minor, 0)
    FROM (SELECT * FROM balance WHERE account = 'broker_owes') AS b
    FULL JOIN (
        SELECT currency, sum(amount_minor)::numeric AS amount_minor
        FROM kamioi.overcharge WHERE state = 'open' GROUP BY 1
    ) AS v ON v.currency = b.currency
    WHERE coalesce(b.amount_minor, 0) <> coalesce(v.amount_minor, 0)
)
SELECT rule, subject, ours, theirs FROM violation ORDER BY rule, subject LIMIT %(limit)s
