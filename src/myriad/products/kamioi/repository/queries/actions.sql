-- name: list_due_actions
-- What companies did up to a day and is not applied here; only of what somebody holds, or held on the
-- day of one that is known late. An action waits while an order of its share from before its day
-- is open, whose fill would come too late for it; a spin-off waits for the first closes of both shares;
-- and what follows on one that waits does too.
WITH due AS (
    SELECT a.id, a.security_id, a.kind, a.ex_date, a.ratio_num, a.ratio_den, a.cash_per_share,
        a.currency, a.new_security_id, a.announced_at,
        EXISTS (
            SELECT FROM kamioi.trade_order AS o
            WHERE o.security_id = a.security_id AND o.state IN ('new', 'sent', 'part_filled')
              AND (o.window_at AT TIME ZONE 'America/New_York')::date < a.ex_date
        ) OR a.kind = 'spin_off' AND a.new_security_id IS NOT NULL AND (
            SELECT count(DISTINCT p.security_id) FROM kamioi.price AS p
            WHERE p.security_id IN (a.security_id, a.new_security_id)
              AND p.day BETWEEN a.ex_date AND a.ex_date + %(close_days)s::int
        ) < 2 AS waits
    FROM kamioi.corporate_action AS a
    WHERE a.ex_date <= %(day)s
      AND EXISTS (SELECT FROM kamioi.lot AS l WHERE l.security_id = a.security_id
                  AND l.opened_on < a.ex_date
                  AND (l.closed_on IS NULL OR l.closed_on > a.ex_date))
      AND NOT EXISTS (SELECT FROM kamioi.applied_action AS d WHERE d.action_id = a.id)
)
SELECT d.id, d.security_id, d.kind, d.ex_date, d.ratio_num, d.ratio_den, d.cash_per_share,
    d.currency, d.new_security_id
FROM due AS d
WHERE NOT d.waits
  AND NOT EXISTS (SELECT FROM due AS w
                  WHERE w.waits AND d.security_id IN (w.security_id, w.new_security_id)
                    AND w.ex_date <= d.ex_date)
ORDER BY d.ex_date, d.announced_at, d.id

-- name: list_first_closes
SELECT DISTINCT ON (security_id) security_id, day, close FROM kamioi.price
WHERE security_id = ANY (%(ids)s) AND day BETWEEN %(day)s AND %(day)s::date + %(days)s::int
ORDER BY security_id, day

-- name: mark_applied
INSERT INTO kamioi.applied_action (tenant_id, action_id, lots)
VALUES (%(tenant_id)s, %(action_id)s, %(lots)s)

-- name: rebase_lots
-- The whole position times numerator over denominator, cut to a billionth, shared among its lots by
-- largest remainder; costs stay.
WITH held AS (
    SELECT l.tenant_id, l.id, (l.qty * 1000000000)::numeric(40, 0) AS units
    FROM kamioi.lot AS l
    WHERE l.security_id = %(security_id)s AND l.opened_on < %(ex_date)s AND l.closed_on IS NULL
      AND l.qty > 0
), whole AS (
    SELECT h.*, sum(h.units) OVER () AS before,
        div(sum(h.units) OVER () * %(num)s, %(den)s) AS after
    FROM held AS h
), ranked AS (
    SELECT w.*, div(w.after * w.units, w.before) AS base,
        row_number() OVER (ORDER BY mod(w.after * w.units, w.before) DESC, w.id) AS place
    FROM whole AS w
), due AS (
    SELECT r.tenant_id, r.id,
        (r.base + CASE WHEN r.place <= r.after - sum(r.base) OVER () THEN 1 ELSE 0 END - r.units)
            / 1000000000 AS qty
    FROM ranked AS r
), changed AS (
    UPDATE kamioi.lot AS l SET qty = l.qty + d.qty
    FROM due AS d WHERE l.tenant_id = d.tenant_id AND l.id = d.id AND d.qty <> 0
), noted AS (
    INSERT INTO kamioi.lot_change (tenant_id, lot_id, action_id, qty, cost_minor)
    SELECT tenant_id, id, %(action_id)s, qty, 0 FROM due WHERE qty <> 0
)
SELECT count(*) AS lots FROM due

-- name: convert_lots
-- Lots of one security become lots of another, opened on the same days. What share of their cost
-- moves is cost_num over cost_den; the old ones end unless the new ones come beside them. With a
-- close of the new share the cash that members were just paid for the old ones goes off the cost,
-- lot by lot, and what of it is gain goes on it (exchanged_basis in money/arithmetic.py).
WITH held AS (
    SELECT l.tenant_id, l.id, l.member_id, l.currency, l.opened_on, l.qty, l.cost_minor,
        (l.qty * 1000000000)::numeric(40, 0) AS units
    FROM kamioi.lot AS l
    WHERE l.security_id = %(security_id)s AND l.opened_on < %(ex_date)s AND l.closed_on IS NULL
      AND l.qty > 0
), whole AS (
    SELECT h.*, sum(h.units) OVER () AS before,
        div(sum(h.units) OVER () * %(num)s, %(den)s) AS after,
        sum(h.units) OVER (PARTITION BY h.member_id, h.currency) AS own
    FROM held AS h
), paid AS (
    SELECT e.member_id, e.currency, -sum(e.amount_minor) AS cash_minor
    FROM kamioi.ledger_entry AS e
    WHERE e.booked_on = %(ex_date)s AND e.about_id = %(action_id)s AND e.account = 'member_cash'
    GROUP BY 1, 2
), ranked AS (
    SELECT w.*, div(w.after * w.units, w.before) AS base,
        row_number() OVER (ORDER BY mod(w.after * w.units, w.before) DESC, w.id) AS place,
        coalesce(p.cash_minor, 0) AS own_cash,
        div(coalesce(p.cash_minor, 0) * w.units, w.own) AS cash_base,
        row_number() OVER (PARTITION BY w.member_id, w.currency
            ORDER BY mod(coalesce(p.cash_minor, 0) * w.units, w.own) DESC, w.opened_on, w.id
        ) AS cash_place
    FROM whole AS w
    LEFT JOIN paid AS p ON p.member_id = w.member_id AND p.currency = w.currency
), shared AS (
    SELECT r.tenant_id, r.id, r.member_id, r.currency, r.opened_on, r.qty AS old_qty, r.cost_minor,
        (r.base + CASE WHEN r.place <= r.after - sum(r.base) OVER () THEN 1 ELSE 0 END)
            / 1000000000 AS qty,
        r.cash_base + CASE WHEN r.cash_place <= r.own_cash
            - sum(r.cash_base) OVER (PARTITION BY r.member_id, r.currency) THEN 1 ELSE 0 END
            AS cash_minor,
        div(r.cost_minor::numeric * %(cost_num)s, %(cost_den)s)::bigint AS moved_minor
    FROM ranked AS r
    -- New lots get their ids in the order of the old ones: by it a tax sheet finds which became which.
    ORDER BY r.opened_on, r.id
), due AS MATERIALIZED (
    SELECT s.*, CASE WHEN %(close)s::numeric IS NULL THEN s.moved_minor
            ELSE greatest(s.cost_minor - s.cash_minor,
                least(s.cost_minor, round(s.qty * %(close)s * kamioi.minor_units(s.currency))
            ))::bigint END AS arrived_minor,
        uuidv7() AS new_id, uuidv7() AS transfer_id
    FROM shared AS s
), opened AS (
    INSERT INTO kamioi.lot (tenant_id, id, member_id, security_id, qty, cost_minor, currency,
        opened_on)
    SELECT tenant_id, new_id, member_id, %(new_security_id)s, qty, arrived_minor, currency,
        opened_on
    FROM due
), changed AS (
    UPDATE kamioi.lot AS l SET cost_minor = l.cost_minor - d.moved_minor,
        qty = CASE WHEN %(keeps)s THEN l.qty ELSE 0 END,
        closed_on = CASE WHEN %(keeps)s THEN l.closed_on ELSE %(ex_date)s::date END
    FROM due AS d WHERE l.tenant_id = d.tenant_id AND l.id = d.id
), noted AS (
    INSERT INTO kamioi.lot_change (tenant_id, lot_id, action_id, qty, cost_minor)
    SELECT tenant_id, id, %(action_id)s, CASE WHEN %(keeps)s THEN 0 ELSE -old_qty END, -moved_minor
    FROM due
    UNION ALL
    SELECT tenant_id, new_id, %(action_id)s, qty, arrived_minor FROM due
), written AS (
    INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account, member_id,
        security_id, amount_minor, currency, reason, about_id)
    SELECT d.tenant_id, %(ex_date)s, d.transfer_id, l.line, l.account, d.member_id,
        CASE WHEN l.is_new THEN %(new_security_id)s::uuid ELSE %(security_id)s::uuid END,
        l.sign * CASE WHEN l.is_new THEN d.arrived_minor ELSE d.moved_minor END, d.currency,
        %(kind)s, %(action_id)s
    FROM due AS d
    CROSS JOIN (VALUES (1, 'holdings', -1, false), (2, 'holdings', 1, true),
        (3, 'invested', 1, false), (4, 'invested', -1, true)) AS l (line, account, sign, is_new)
    WHERE CASE WHEN l.is_new THEN d.arrived_minor ELSE d.moved_minor END <> 0
)
SELECT count(*) AS lots FROM due

-- name: close_lots
-- Nothing is left of them; what they cost leaves the books.
WITH closed AS (
    UPDATE kamioi.lot AS l SET qty = 0, cost_minor = 0, closed_on = %(ex_date)s
    FROM (SELECT tenant_id, id, qty, cost_minor FROM kamioi.lot
          WHERE security_id = %(security_id)s AND opened_on < %(ex_date)s AND closed_on IS NULL
          FOR UPDATE) AS o
    WHERE l.tenant_id = o.tenant_id AND l.id = o.id
    RETURNING l.tenant_id, l.id, l.member_id, l.security_id, l.currency, o.qty, o.cost_minor,
        uuidv7() AS transfer_id
), noted AS (
    INSERT INTO kamioi.lot_change (tenant_id, lot_id, action_id, qty, cost_minor)
    SELECT tenant_id, id, %(action_id)s, -qty, -cost_minor FROM closed
), written AS (
    INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account, member_id,
        security_id, amount_minor, currency, reason, about_id)
    SELECT c.tenant_id, %(ex_date)s, c.transfer_id, l.line, l.account, c.member_id,
        c.security_id, l.sign * c.cost_minor, c.currency, %(kind)s, %(action_id)s
    FROM closed AS c
    CROSS JOIN (VALUES (1, 'holdings', -1), (2, 'invested', 1)) AS l (line, account, sign)
    WHERE c.cost_minor <> 0
)
SELECT count(*) AS lots FROM closed

-- name: find_other_currency
SELECT currency FROM kamioi.lot
WHERE security_id = %(security_id)s AND opened_on < %(ex_date)s
  AND (closed_on IS NULL OR closed_on > %(ex_date)s) AND currency <> %(currency)s LIMIT 1

-- name: pay_per_share
-- So much for each share held before the day, half to even to the currency's smallest unit; what the
-- whole came to and its parts do not is the pool's. One that becomes known late is paid for the shares
-- of its day, whatever later actions have made of them since.
WITH later AS (
    SELECT c.lot_id, sum(c.qty) AS qty
    FROM kamioi.lot_change AS c
    JOIN kamioi.corporate_action AS a ON a.id = c.action_id
    WHERE a.ex_date > %(ex_date)s AND %(security_id)s IN (a.security_id, a.new_security_id)
    GROUP BY 1
), owned AS (
    SELECT l.tenant_id, l.member_id, l.currency, sum(l.qty - coalesce(t.qty, 0))
        * %(cash_per_share)s * kamioi.minor_units(l.currency) AS exact
    FROM kamioi.lot AS l
    LEFT JOIN later AS t ON t.lot_id = l.id
    WHERE l.security_id = %(security_id)s AND l.opened_on < %(ex_date)s
      AND (l.closed_on IS NULL OR l.closed_on > %(ex_date)s) AND l.qty > coalesce(t.qty, 0)
    GROUP BY 1, 2, 3
), sums AS (
    SELECT tenant_id, member_id, currency, exact FROM owned
    UNION ALL
    SELECT tenant_id, NULL, currency, sum(exact) FROM owned GROUP BY 1, 3
), due AS MATERIALIZED (
    SELECT s.tenant_id, s.member_id, s.currency, uuidv7() AS transfer_id,
        (floor(s.exact) + CASE WHEN s.exact - floor(s.exact) > 0.5
            OR (s.exact - floor(s.exact) = 0.5 AND mod(floor(s.exact), 2) = 1)
            THEN 1 ELSE 0 END)::bigint AS amount_minor
    FROM sums AS s
), moves AS (
    SELECT d.tenant_id, d.transfer_id, d.member_id, d.currency, d.amount_minor,
        'bank' AS debit, 'dividends' AS credit
    FROM due AS d WHERE d.member_id IS NULL
    UNION ALL
    SELECT d.tenant_id, d.transfer_id, d.member_id, d.currency, d.amount_minor,
        'dividends', 'member_cash'
    FROM due AS d WHERE d.member_id IS NOT NULL
    UNION ALL
    SELECT w.tenant_id, uuidv7(), NULL, w.currency,
        w.amount_minor - (SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM due AS p
                          WHERE p.member_id IS NOT NULL AND p.currency = w.currency),
        'dividends', 'pool_remainder'
    FROM due AS w WHERE w.member_id IS NULL
), fixed AS MATERIALIZED (SELECT * FROM moves WHERE amount_minor <> 0
), written AS (
    INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account, member_id,
        security_id, amount_minor, currency, reason, about_id)
    SELECT f.tenant_id, %(ex_date)s, f.transfer_id, l.line,
        CASE WHEN l.line = 1 THEN f.debit ELSE f.credit END, f.member_id, NULL,
        l.sign * f.amount_minor, f.currency, %(kind)s, %(action_id)s
    FROM fixed AS f CROSS JOIN (VALUES (1, 1), (2, -1)) AS l (line, sign)
)
SELECT count(*) AS lots FROM owned

-- name: list_held
SELECT l.security_id, sum(l.qty) AS qty, sum(l.cost_minor)::bigint AS cost_minor
FROM kamioi.lot AS l WHERE l.closed_on IS NULL GROUP BY 1 HAVING sum(l.qty) > 0

-- name: list_tickers
SELECT DISTINCT ON (l.security_id) l.security_id, l.ticker FROM kamioi.listing AS l
WHERE l.security_id = ANY (%(ids)s) AND l.valid_from <= %(day)s
  AND (l.valid_to IS NULL OR l.valid_to > %(day)s)
ORDER BY l.security_id, l.valid_from DESC

-- name: add_reconciliation
-- A difference that somebody has explained and that is still the same stays explained.
INSERT INTO kamioi.reconciliation (tenant_id, run_at, subject, security_id, ours, theirs, state,
    ticker, note, explained_by, explained_at)
SELECT %(tenant_id)s, %(now)s, 'position', r.security_id, r.ours, r.theirs,
    CASE WHEN r.ours = r.theirs THEN 'equal' WHEN b.note IS NOT NULL THEN 'explained'
        ELSE 'open' END,
    r.ticker, coalesce(b.note, ''), b.explained_by, b.explained_at
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r (security_id uuid, ours numeric, theirs numeric, ticker text)
LEFT JOIN LATERAL (
    SELECT l.* FROM (
        SELECT state, ours - theirs AS off, note, explained_by, explained_at
        FROM kamioi.reconciliation
        WHERE subject = 'position' AND ticker = r.ticker
          AND security_id IS NOT DISTINCT FROM r.security_id
        ORDER BY run_at DESC, id DESC LIMIT 1
    ) AS l
    WHERE l.state = 'explained' AND l.off = r.ours - r.theirs AND r.ours <> r.theirs
) AS b ON true

-- name: list_traded
SELECT o.security_id, f.qty, f.filled_at
FROM kamioi.fill AS f
JOIN kamioi.trade_order AS o ON o.tenant_id = f.tenant_id AND o.id = f.order_id

-- name: list_open_cohorts
SELECT c.id, c.month, c.cost_usd_micros, c.life_months, w.period AS written_off_at,
    coalesce(w.amount, 0)::bigint AS written_off,
    (SELECT coalesce(sum(e.amount_usd_micros), 0)::bigint FROM kamioi.amortization_entry AS e
     WHERE e.cohort_id = c.id AND e.kind = 'straight_line' AND e.period <= w.period) AS borne
FROM kamioi.cost_cohort AS c
LEFT JOIN LATERAL (
    SELECT max(e.period) AS period, sum(e.amount_usd_micros) AS amount
    FROM kamioi.amortization_entry AS e WHERE e.cohort_id = c.id AND e.kind = 'write_off'
) AS w ON true
WHERE c.month <= %(today)s

-- name: add_amortization
INSERT INTO kamioi.amortization_entry (tenant_id, cohort_id, period, kind, amount_usd_micros)
SELECT %(tenant_id)s, r.cohort_id, r.period, 'straight_line', r.amount_usd_micros
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r (cohort_id uuid, period date, amount_usd_micros bigint)
ON CONFLICT (tenant_id, cohort_id, period, kind) DO NOTHING

-- name: find_cohort
SELECT id, cost_usd_micros, life_months FROM kamioi.cost_cohort WHERE month = %(month)s FOR UPDATE

-- name: write_off_now
WITH counted AS (
    UPDATE kamioi.cost_cohort
    SET written_off_usd_micros = written_off_usd_micros + %(amount)s WHERE id = %(cohort_id)s
)
INSERT INTO kamioi.amortization_entry AS e (tenant_id, cohort_id, period, kind, amount_usd_micros)
VALUES (%(tenant_id)s, %(cohort_id)s, %(period)s, 'write_off', %(amount)s)
ON CONFLICT (tenant_id, cohort_id, period, kind)
DO UPDATE SET amount_usd_micros = e.amount_usd_micros + excluded.amount_usd_micros
