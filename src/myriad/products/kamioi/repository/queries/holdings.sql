-- name: kamioi_positions
-- What a member holds, each with its ticker of the day and the last close up to then.
WITH held AS (
    SELECT l.security_id, l.currency, sum(l.qty) AS qty, sum(l.cost_minor)::bigint AS cost_minor,
        count(*) AS lots, min(l.opened_on) AS since
    FROM kamioi.lot AS l
    WHERE l.member_id = %(member_id)s AND l.closed_on IS NULL
    GROUP BY 1, 2 HAVING sum(l.qty) > 0
)
SELECT h.security_id, h.currency, h.qty, h.cost_minor, h.lots, h.since, s.name, s.status,
    coalesce(t.ticker, '') AS ticker, p.close, p.day AS closed_on, p.source AS close_source
FROM held AS h
JOIN kamioi.security AS s ON s.id = h.security_id
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing
    WHERE security_id = h.security_id AND valid_from <= %(day)s
    ORDER BY valid_from DESC LIMIT 1
) AS t ON true
LEFT JOIN LATERAL (
    SELECT close, day, source FROM kamioi.price
    WHERE security_id = h.security_id AND day <= %(day)s
    ORDER BY day DESC LIMIT 1
) AS p ON true
ORDER BY h.cost_minor DESC, h.security_id

-- name: kamioi_lots
SELECT l.id, l.security_id, coalesce(t.ticker, '') AS ticker, s.name, l.opened_on, l.closed_on,
    l.qty, l.cost_minor, l.currency, f.price, f.qty IS NOT NULL AS is_bought
FROM kamioi.lot AS l
JOIN kamioi.security AS s ON s.id = l.security_id
LEFT JOIN kamioi.fill AS f ON f.tenant_id = l.tenant_id AND f.id = l.fill_id
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing
    WHERE security_id = l.security_id AND valid_from <= coalesce(l.closed_on, %(day)s)
    ORDER BY valid_from DESC LIMIT 1
) AS t ON true
WHERE l.member_id = %(member_id)s
    AND (%(security_id)s::uuid IS NULL OR l.security_id = %(security_id)s)
    AND (l.opened_on, l.id) < (%(after_day)s::date, %(after_id)s::uuid)
ORDER BY l.opened_on DESC, l.id DESC
LIMIT %(limit)s

-- name: kamioi_movements
-- How many shares came and went on each day, and what was paid for them. A lot began with what it is
-- now less everything that corporate actions did to it since.
WITH own AS (
    SELECT tenant_id, id, security_id, qty, cost_minor, opened_on
    FROM kamioi.lot WHERE member_id = %(member_id)s
), change AS (
    SELECT o.id, o.security_id, a.ex_date, c.qty, c.cost_minor
    FROM own AS o
    JOIN kamioi.lot_change AS c ON c.tenant_id = o.tenant_id AND c.lot_id = o.id
    JOIN kamioi.corporate_action AS a ON a.id = c.action_id
), total AS (
    SELECT id, sum(qty) AS qty, sum(cost_minor) AS cost_minor FROM change GROUP BY 1
), moved AS (
    SELECT o.security_id, o.opened_on AS day, o.qty - coalesce(t.qty, 0) AS qty,
        o.cost_minor - coalesce(t.cost_minor, 0) AS cost_minor, true AS is_bought
    FROM own AS o LEFT JOIN total AS t ON t.id = o.id
    UNION ALL
    SELECT security_id, ex_date, qty, cost_minor, false FROM change
)
SELECT security_id, day, sum(qty) AS qty, sum(cost_minor)::bigint AS cost_minor,
    coalesce(sum(cost_minor) FILTER (WHERE is_bought), 0)::bigint AS paid_minor
FROM moved WHERE day <= %(last)s
GROUP BY 1, 2 ORDER BY 2, 1

-- name: kamioi_payouts
-- Cash that shares brought: dividends, and what mergers paid for them.
SELECT e.booked_on AS day, e.about_id AS action_id, e.reason AS kind,
    -sum(e.amount_minor)::bigint AS amount_minor
FROM kamioi.ledger_entry AS e
WHERE e.member_id = %(member_id)s AND e.account = 'member_cash'
    AND e.booked_on BETWEEN %(first)s AND %(last)s
    AND e.reason IN ('cash_dividend', 'merger')
GROUP BY 1, 2, 3 ORDER BY 1, 2

-- name: kamioi_closes
SELECT p.security_id, p.day, p.close, p.currency, p.source
FROM kamioi.price AS p
WHERE p.security_id = ANY (%(ids)s::uuid[]) AND p.day BETWEEN %(first)s AND %(last)s
ORDER BY p.day, p.security_id

-- name: kamioi_closes_before
-- The last close of each before the first day, however long ago.
SELECT one.id AS security_id, p.day, p.close, p.currency, p.source
FROM unnest(%(ids)s::uuid[]) AS one (id)
JOIN LATERAL (
    SELECT day, close, currency, source FROM kamioi.price
    WHERE security_id = one.id AND day < %(first)s ORDER BY day DESC LIMIT 1
) AS p ON true

-- name: kamioi_member_actions
-- What companies did to a member's shares, the last first.
WITH moved AS (
    SELECT c.action_id, o.security_id, sum(c.qty) AS qty
    FROM kamioi.lot AS o
    JOIN kamioi.lot_change AS c ON c.tenant_id = o.tenant_id AND c.lot_id = o.id
    WHERE o.member_id = %(member_id)s GROUP BY 1, 2
), paid AS (
    SELECT about_id AS action_id, -sum(amount_minor)::bigint AS amount_minor
    FROM kamioi.ledger_entry
    WHERE member_id = %(member_id)s AND account = 'member_cash'
        AND booked_on BETWEEN %(first)s AND %(last)s
        AND reason IN ('cash_dividend', 'merger')
    GROUP BY 1
), touched AS (
    SELECT action_id FROM moved UNION SELECT action_id FROM paid
)
SELECT a.id, a.kind, a.ex_date, a.ratio_num, a.ratio_den, a.cash_per_share, s.name,
    coalesce(t.ticker, '') AS ticker, coalesce(n.ticker, '') AS new_ticker,
    coalesce(m.qty, 0) AS qty, coalesce(w.qty, 0) AS new_qty,
    coalesce(p.amount_minor, 0)::bigint AS paid_minor
FROM touched AS x
JOIN kamioi.corporate_action AS a ON a.id = x.action_id
    AND a.ex_date BETWEEN %(first)s AND %(last)s
JOIN kamioi.security AS s ON s.id = a.security_id
LEFT JOIN moved AS m ON m.action_id = a.id AND m.security_id = a.security_id
LEFT JOIN moved AS w ON w.action_id = a.id AND w.security_id = a.new_security_id
LEFT JOIN paid AS p ON p.action_id = a.id
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing WHERE security_id = a.security_id AND valid_from < a.ex_date
    ORDER BY valid_from DESC LIMIT 1
) AS t ON true
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing
    WHERE security_id = a.new_security_id AND valid_from <= a.ex_date
    ORDER BY valid_from DESC LIMIT 1
) AS n ON true
ORDER BY a.ex_date DESC, a.id DESC
LIMIT %(limit)s

-- name: kamioi_member_cash
-- A member's cash, what shares have paid into it, and what of it is meant for shares already.
SELECT l.cash_minor, l.paid_minor,
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM kamioi.earmark
     WHERE member_id = %(member_id)s AND currency = %(currency)s) AS earmarked_minor,
    (SELECT coalesce(sum(p.notional_minor), 0)::bigint FROM kamioi.order_part AS p
     JOIN kamioi.trade_order AS o ON o.tenant_id = p.tenant_id AND o.id = p.order_id
     WHERE p.member_id = %(member_id)s AND o.currency = %(currency)s
        AND o.state IN ('new', 'sent', 'part_filled')) AS ordered_minor
FROM (
    SELECT coalesce(-sum(amount_minor), 0)::bigint AS cash_minor,
        coalesce(-sum(amount_minor) FILTER (WHERE reason IN ('cash_dividend', 'merger')), 0)::bigint
            AS paid_minor
    FROM kamioi.ledger_entry
    WHERE member_id = %(member_id)s AND account = 'member_cash' AND currency = %(currency)s
) AS l

-- name: kamioi_member_months
-- What a member's money did in each month, the last first.
SELECT date_trunc('month', e.booked_on::timestamp)::date AS month,
    coalesce(sum(-e.amount_minor) FILTER (WHERE e.account = 'accrued'
        AND e.reason NOT LIKE 'sweep%%'), 0)::bigint AS rounded_minor,
    coalesce(sum(-e.amount_minor) FILTER (WHERE e.account = 'member_cash'
        AND e.reason IN ('sweep_settled', 'sweep_returned', 'debt_settled')), 0)::bigint
        AS pulled_minor,
    coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'member_cash'
        AND e.reason = 'bought'), 0)::bigint AS bought_minor,
    coalesce(sum(-e.amount_minor) FILTER (WHERE e.account = 'member_cash'
        AND e.reason IN ('cash_dividend', 'merger')), 0)::bigint AS paid_minor,
    coalesce(sum(-e.amount_minor) FILTER (WHERE e.account = 'fees'), 0)::bigint AS fees_minor,
    coalesce(sum(-e.amount_minor) FILTER (WHERE e.account = 'member_cash'), 0)::bigint
        AS cash_minor
FROM kamioi.ledger_entry AS e
WHERE e.member_id = %(member_id)s AND e.currency = %(currency)s AND e.booked_on <= %(last)s
GROUP BY 1 ORDER BY 1 DESC

-- name: kamioi_month_entries
-- Every movement of a member's cash within some days, in order.
SELECT e.booked_on AS day, e.reason, -e.amount_minor AS amount_minor,
    coalesce(t.ticker, '') AS ticker
FROM kamioi.ledger_entry AS e
LEFT JOIN kamioi.fill AS f ON f.tenant_id = e.tenant_id AND f.id = e.about_id
LEFT JOIN kamioi.trade_order AS o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
LEFT JOIN kamioi.corporate_action AS a ON a.id = e.about_id
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing
    WHERE security_id = coalesce(o.security_id, a.security_id) AND valid_from <= e.booked_on
    ORDER BY valid_from DESC LIMIT 1
) AS t ON true
WHERE e.member_id = %(member_id)s AND e.account = 'member_cash' AND e.currency = %(currency)s
    AND e.booked_on BETWEEN %(first)s AND %(last)s
ORDER BY e.booked_on, e.written_at, e.transfer_id, e.line
LIMIT %(limit)s

-- name: kamioi_securities
SELECT s.id, s.name, coalesce(t.ticker, '') AS ticker
FROM kamioi.security AS s
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing
    WHERE security_id = s.id AND valid_from <= %(day)s ORDER BY valid_from DESC LIMIT 1
) AS t ON true
WHERE s.id = ANY (%(ids)s::uuid[])

-- name: kamioi_tax_lots
-- Lots as the tax year asks for them: what each cost when it ended, the action that ended it, and the
-- cost of the shares that came for it. Those lots stand in the order of the ones that ended.
WITH own AS (
    SELECT tenant_id, id, security_id, qty, cost_minor, currency, opened_on, closed_on
    FROM kamioi.lot WHERE member_id = %(member_id)s
), ended AS (
    SELECT o.id, c.action_id, a.kind, a.new_security_id, -c.qty AS qty,
        -c.cost_minor AS cost_minor,
        row_number() OVER (PARTITION BY c.action_id, o.opened_on ORDER BY o.id) AS place
    FROM own AS o
    JOIN kamioi.lot_change AS c ON c.tenant_id = o.tenant_id AND c.lot_id = o.id
    JOIN kamioi.corporate_action AS a ON a.id = c.action_id AND a.security_id = o.security_id
        AND a.kind IN ('merger', 'worthless', 'rename') AND a.ex_date = o.closed_on
    WHERE o.closed_on IS NOT NULL
), came AS (
    SELECT c.action_id, o.opened_on, c.cost_minor,
        row_number() OVER (PARTITION BY c.action_id, o.opened_on ORDER BY o.id) AS place
    FROM own AS o
    JOIN kamioi.lot_change AS c ON c.tenant_id = o.tenant_id AND c.lot_id = o.id
    JOIN kamioi.corporate_action AS a ON a.id = c.action_id AND a.new_security_id = o.security_id
)
SELECT o.id, o.security_id, s.name, coalesce(t.ticker, '') AS ticker, o.opened_on, o.closed_on,
    o.currency, e.action_id, e.kind, e.new_security_id IS NOT NULL AS is_exchanged,
    coalesce(e.qty, o.qty) AS qty, coalesce(e.cost_minor, o.cost_minor)::bigint AS cost_minor,
    n.cost_minor AS carried_minor
FROM own AS o
JOIN kamioi.security AS s ON s.id = o.security_id
LEFT JOIN ended AS e ON e.id = o.id
LEFT JOIN came AS n ON n.action_id = e.action_id AND n.opened_on = o.opened_on
    AND n.place = e.place
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing
    WHERE security_id = o.security_id AND valid_from <= coalesce(o.closed_on, %(day)s)
    ORDER BY valid_from DESC LIMIT 1
) AS t ON true
ORDER BY o.opened_on, o.id
