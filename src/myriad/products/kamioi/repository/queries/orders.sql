-- name: open_orders
-- One order for each security and window, of all that waits for it. What cannot be bought now stays
-- earmarked; an order that exists already is left as it is. A share that has ended is not bought while
-- lots of it wait to become what they became.
WITH waiting AS MATERIALIZED (
    SELECT e.tenant_id, e.member_id, e.security_id, e.currency, e.amount_minor
    FROM kamioi.earmark AS e
    JOIN kamioi.member AS m ON m.tenant_id = e.tenant_id AND m.id = e.member_id
        AND m.state IN ('active', 'paused')
    JOIN kamioi.security AS s ON s.id = e.security_id
        AND s.status = 'listed' AND s.is_fractionable AND s.currency = e.currency
    WHERE NOT EXISTS (
        SELECT FROM kamioi.corporate_action AS a
        JOIN kamioi.lot AS l ON l.security_id = a.security_id AND l.opened_on < a.ex_date
            AND l.closed_on IS NULL
        WHERE a.security_id = e.security_id AND a.kind IN ('merger', 'rename', 'worthless')
          AND a.ex_date <= %(day)s
          AND NOT EXISTS (SELECT FROM kamioi.applied_action AS d WHERE d.action_id = a.id)
    )
), wanted AS (
    SELECT tenant_id, security_id, currency, sum(amount_minor)::bigint AS notional_minor
    FROM waiting GROUP BY 1, 2, 3 HAVING sum(amount_minor) >= %(minimum_minor)s
), made AS (
    INSERT INTO kamioi.trade_order (tenant_id, client_order_id, security_id, ticker, window_at,
        notional_minor, currency, broker)
    SELECT w.tenant_id,
        'k-' || replace(w.tenant_id::text, '-', '') || '-' || replace(w.security_id::text, '-', '')
            || '-' || to_char(%(window_at)s::timestamptz AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI'),
        w.security_id, l.ticker, %(window_at)s, w.notional_minor, w.currency, %(broker)s
    FROM wanted AS w
    JOIN LATERAL (
        SELECT ticker FROM kamioi.listing
        WHERE security_id = w.security_id AND valid_from <= %(day)s
          AND (valid_to IS NULL OR valid_to > %(day)s)
        ORDER BY valid_from DESC LIMIT 1
    ) AS l ON true
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, id, security_id, currency
), parts AS (
    INSERT INTO kamioi.order_part (tenant_id, order_id, member_id, notional_minor)
    SELECT o.tenant_id, o.id, w.member_id, w.amount_minor
    FROM made AS o
    JOIN waiting AS w ON w.security_id = o.security_id AND w.currency = o.currency
    RETURNING member_id
), taken AS (
    DELETE FROM kamioi.earmark AS e
    USING made AS o
    WHERE e.tenant_id = o.tenant_id AND e.security_id = o.security_id AND e.currency = o.currency
      AND e.member_id IN (SELECT member_id FROM waiting)
)
SELECT (SELECT count(*) FROM made) AS orders, (SELECT count(*) FROM parts) AS parts

-- name: release_delisted
-- What is gone from the market is not bought any more: its earmarks are plain cash again.
WITH gone AS (
    DELETE FROM kamioi.earmark AS e USING kamioi.security AS s
    WHERE s.id = e.security_id AND (s.status = 'delisted' OR NOT s.is_fractionable)
    RETURNING e.tenant_id, e.member_id, e.security_id, e.amount_minor, e.currency
), told AS (
    INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key)
    SELECT tenant_id, member_id, 'security_gone', jsonb_build_object('security_id', security_id,
        'amount_minor', amount_minor, 'currency', currency), 'security_gone ' || security_id
    FROM gone ON CONFLICT DO NOTHING
)
SELECT count(*) AS released FROM gone

-- name: list_orders_in_state
-- What had a fault when it was last asked for comes last: it never keeps others from being asked.
SELECT id, client_order_id, security_id, ticker, side, window_at, notional_minor, currency, state,
    broker_order_id, reason
FROM kamioi.trade_order
WHERE state = ANY (%(states)s) AND window_at <= %(until)s
ORDER BY (reason IS NOT NULL), window_at, id LIMIT %(limit)s

-- name: list_stuck_orders
-- What is open with a fault beside it, or longer than an order for the day can be.
SELECT o.id, o.client_order_id, o.ticker, s.name, o.window_at, o.notional_minor, o.currency,
    o.state, coalesce(o.reason, '') AS reason,
    (SELECT count(*) FROM kamioi.order_part AS p
     WHERE p.tenant_id = o.tenant_id AND p.order_id = o.id) AS members
FROM kamioi.trade_order AS o
JOIN kamioi.security AS s ON s.id = o.security_id
WHERE o.state IN ('new', 'sent', 'part_filled')
  AND (o.reason IS NOT NULL OR o.window_at < %(overdue)s)
ORDER BY o.window_at, o.id LIMIT %(limit)s

-- name: find_order_to_end
-- One that was sent, or whose sending nobody knows the end of.
SELECT id, client_order_id, security_id, ticker, side, window_at, notional_minor, currency, state,
    broker_order_id, reason
FROM kamioi.trade_order
WHERE id = %(id)s AND (state IN ('sent', 'part_filled') OR state = 'new' AND reason IS NOT NULL)

-- name: find_other_broker
SELECT broker FROM kamioi.trade_order WHERE broker <> %(broker)s LIMIT 1

-- name: mark_order
UPDATE kamioi.trade_order
SET state = %(state)s, broker_order_id = coalesce(%(broker_order_id)s, broker_order_id),
    reason = %(reason)s, updated_at = %(now)s
WHERE id = %(id)s AND state = ANY (%(states)s)

-- name: note_order
UPDATE kamioi.trade_order SET reason = %(reason)s, updated_at = %(now)s
WHERE id = %(id)s AND state IN ('new', 'sent', 'part_filled')

-- name: add_fill
INSERT INTO kamioi.fill (tenant_id, order_id, broker_fill_id, qty, price, cost_minor, filled_at)
VALUES (%(tenant_id)s, %(order_id)s, %(broker_fill_id)s, %(qty)s, %(price)s, %(cost_minor)s,
    %(filled_at)s)
ON CONFLICT (tenant_id, order_id, broker_fill_id) DO NOTHING
RETURNING id

-- name: allocate_fill
-- Each part gets its share of the shares and of the cost, by largest remainder: their sums are the
-- fill's, less what the broker took above what was ordered. A part is weighed by what of it is not
-- spent yet, so that no member pays more than theirs.
WITH this AS MATERIALIZED (
    SELECT f.tenant_id, f.id, f.order_id, (f.qty * 1000000000)::numeric(40, 0) AS units,
        (f.cost_minor - coalesce(v.amount_minor, 0))::numeric AS cost, o.security_id, o.currency
    FROM kamioi.fill AS f
    JOIN kamioi.trade_order AS o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
    LEFT JOIN kamioi.overcharge AS v ON v.tenant_id = f.tenant_id AND v.fill_id = f.id
    WHERE f.id = %(fill_id)s
), spent AS MATERIALIZED (
    SELECT a.member_id, sum(a.cost_minor) AS cost_minor
    FROM this
    JOIN kamioi.fill AS f ON f.tenant_id = this.tenant_id AND f.order_id = this.order_id
    JOIN kamioi.allocation AS a ON a.tenant_id = f.tenant_id AND a.fill_id = f.id
    GROUP BY 1
), part AS MATERIALIZED (
    SELECT p.member_id, p.notional_minor::numeric AS notional,
        (p.notional_minor - coalesce(s.cost_minor, 0))::numeric AS left_over
    FROM this
    JOIN kamioi.order_part AS p ON p.tenant_id = this.tenant_id AND p.order_id = this.order_id
    LEFT JOIN spent AS s ON s.member_id = p.member_id
), weighed AS (
    SELECT p.member_id, CASE WHEN sum(p.left_over) OVER () >= greatest(this.cost, 1)
        THEN p.left_over ELSE p.notional END AS weight
    FROM part AS p CROSS JOIN this
), shared AS (
    SELECT w.member_id,
        div(this.units * w.weight, sum(w.weight) OVER ()) AS units,
        mod(this.units * w.weight, sum(w.weight) OVER ()) AS units_rest,
        div(this.cost * w.weight, sum(w.weight) OVER ()) AS cost,
        mod(this.cost * w.weight, sum(w.weight) OVER ()) AS cost_rest
    FROM weighed AS w CROSS JOIN this
), ranked AS (
    SELECT s.*,
        row_number() OVER (ORDER BY s.units_rest DESC, s.member_id) AS units_place,
        row_number() OVER (ORDER BY s.cost_rest DESC, s.member_id) AS cost_place,
        sum(s.units) OVER () AS units_given, sum(s.cost) OVER () AS cost_given
    FROM shared AS s
), due AS MATERIALIZED (
    SELECT this.tenant_id, this.id AS fill_id, r.member_id, this.security_id, this.currency,
        (r.units + CASE WHEN r.units_place <= this.units - r.units_given THEN 1 ELSE 0 END)
            / 1000000000 AS qty,
        (r.cost + CASE WHEN r.cost_place <= this.cost - r.cost_given THEN 1 ELSE 0 END)::bigint
            AS cost_minor,
        uuidv7() AS transfer_id
    FROM ranked AS r CROSS JOIN this
), allocated AS (
    INSERT INTO kamioi.allocation (tenant_id, fill_id, member_id, qty, cost_minor)
    SELECT tenant_id, fill_id, member_id, qty, cost_minor FROM due WHERE qty > 0 OR cost_minor > 0
), opened AS (
    INSERT INTO kamioi.lot (tenant_id, member_id, security_id, fill_id, qty, cost_minor, currency,
        opened_on)
    SELECT tenant_id, member_id, security_id, fill_id, qty, cost_minor, currency, %(day)s
    FROM due WHERE qty > 0 OR cost_minor > 0
), written AS (
    INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account, member_id,
        security_id, amount_minor, currency, reason, about_id)
    SELECT d.tenant_id, %(day)s, d.transfer_id, l.line, l.account, d.member_id,
        CASE WHEN l.line > 2 THEN d.security_id END, l.sign * d.cost_minor, d.currency, 'bought',
        d.fill_id
    FROM due AS d
    CROSS JOIN (VALUES (1, 'member_cash', 1), (2, 'bank', -1), (3, 'holdings', 1),
                       (4, 'invested', -1)) AS l (line, account, sign)
    WHERE d.cost_minor > 0
)
SELECT count(*) AS members, sum(cost_minor)::bigint AS cost_minor FROM due

-- name: earmark_again
-- What an order did not spend waits for the next window; a frozen member's is their cash, which may be
-- below zero.
WITH spent AS (
    SELECT a.member_id, sum(a.cost_minor) AS cost_minor
    FROM kamioi.fill AS f
    JOIN kamioi.allocation AS a ON a.tenant_id = f.tenant_id AND a.fill_id = f.id
    WHERE f.order_id = %(order_id)s GROUP BY 1
)
INSERT INTO kamioi.earmark AS e (tenant_id, member_id, security_id, currency, amount_minor)
SELECT p.tenant_id, p.member_id, o.security_id, o.currency,
    p.notional_minor - coalesce(s.cost_minor, 0)
FROM kamioi.order_part AS p
JOIN kamioi.trade_order AS o ON o.tenant_id = p.tenant_id AND o.id = p.order_id
JOIN kamioi.member AS m ON m.tenant_id = p.tenant_id AND m.id = p.member_id AND m.state <> 'frozen'
LEFT JOIN spent AS s ON s.member_id = p.member_id
WHERE p.order_id = %(order_id)s AND p.notional_minor > coalesce(s.cost_minor, 0)
ON CONFLICT (tenant_id, member_id, security_id, currency)
DO UPDATE SET amount_minor = e.amount_minor + excluded.amount_minor

-- name: list_closes
SELECT DISTINCT ON (security_id) security_id, day, close FROM kamioi.price
WHERE security_id = ANY (%(ids)s) AND day <= %(day)s AND day >= %(day)s::date - %(days)s::int
ORDER BY security_id, day DESC
