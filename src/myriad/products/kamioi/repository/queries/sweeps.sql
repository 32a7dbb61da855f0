-- name: hold_money
SELECT pg_advisory_xact_lock(hashtextextended('kamioi money ' || %(tenant_id)s::uuid::text, 0))

-- name: request_sweeps
-- One pull for each member whose decided round-ups reach the threshold and whose balance bears it. Of
-- a bank that cannot be read nobody knows the balance. Its status is asked for within: as one more
-- table of the join it was paired with every member while the planner thought both tables empty.
WITH waiting AS (
    SELECT r.tenant_id, r.member_id, r.currency, sum(r.amount_minor)::bigint AS amount_minor
    FROM kamioi.round_up AS r
    WHERE r.state = 'accrued' AND r.destination IN ('security', 'cash')
      AND r.amount_minor <> 0 AND r.booked_on <= %(day)s
      AND r.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR r.member_id < %(high)s)
    GROUP BY 1, 2, 3
)
INSERT INTO kamioi.sweep (tenant_id, member_id, amount_minor, currency, requested_at, settles_on)
SELECT w.tenant_id, w.member_id, w.amount_minor, w.currency, %(now)s, %(settles_on)s
FROM waiting AS w
JOIN kamioi.member AS m ON m.tenant_id = w.tenant_id AND m.id = w.member_id
    AND m.state = 'active' AND m.currency = w.currency
LEFT JOIN kamioi.member_rule AS u ON u.tenant_id = w.tenant_id AND u.member_id = w.member_id
JOIN LATERAL (
    SELECT a.balance_minor, (
        SELECT i.status FROM kamioi.bank_item AS i
        WHERE i.tenant_id = a.tenant_id AND i.id = a.item_id
    ) AS status
    FROM kamioi.bank_account AS a
    WHERE a.tenant_id = w.tenant_id AND a.member_id = w.member_id
      AND a.is_funding AND a.currency = w.currency
    ORDER BY a.id LIMIT 1
) AS a ON a.status = 'linked'
WHERE w.amount_minor >= coalesce(u.sweep_minor, 500)
  AND a.balance_minor - w.amount_minor >= coalesce(u.guard_minor, 2500)
  AND NOT EXISTS (
      SELECT FROM kamioi.sweep AS s
      WHERE s.tenant_id = w.tenant_id AND s.member_id = w.member_id
        AND (s.state = 'requested'
             OR (s.state = 'rejected' AND s.ended_at > %(now)s - interval '7 days'))
  )
ON CONFLICT DO NOTHING
RETURNING id

-- name: take_round_ups
-- What a pull takes is what it comes to: the sum is of the very rows that it marks.
WITH marked AS (
    UPDATE kamioi.round_up AS r SET state = 'swept', sweep_id = s.id
    FROM kamioi.sweep AS s
    WHERE s.id = ANY (%(ids)s) AND s.state = 'requested'
      AND r.tenant_id = s.tenant_id AND r.member_id = s.member_id AND r.currency = s.currency
      AND r.state = 'accrued' AND r.destination IN ('security', 'cash')
      AND r.amount_minor <> 0 AND r.booked_on <= %(day)s
    RETURNING s.id AS sweep_id, r.amount_minor
), total AS (
    SELECT sweep_id, sum(amount_minor)::bigint AS amount_minor FROM marked GROUP BY 1
), sized AS (
    UPDATE kamioi.sweep AS s SET amount_minor = t.amount_minor
    FROM total AS t WHERE s.id = t.sweep_id AND s.amount_minor <> t.amount_minor
), asked AS (
    SELECT s.tenant_id, %(day)s::date AS booked_on, s.id AS transfer_id, s.id AS about_id,
        s.member_id, t.amount_minor, s.currency
    FROM total AS t JOIN kamioi.sweep AS s ON s.id = t.sweep_id
), written AS (
    -- book asked: sweep_requested, in_transit +, receivable -
)
SELECT count(*) AS sweeps, coalesce(sum(amount_minor), 0)::bigint AS amount_minor FROM total

-- name: list_due_sweeps
SELECT id, member_id, amount_minor, currency FROM kamioi.sweep
WHERE state = 'requested' AND settles_on <= %(day)s
ORDER BY id LIMIT %(limit)s

-- name: settle_sweeps
-- The money came: it is the member's cash, and what is meant for a security is earmarked for it.
-- Negative round-ups shrink all parts in proportion, by largest remainder. A frozen member's cash may
-- be below zero: what comes makes up for that first and is meant for nothing.
WITH settled AS (
    UPDATE kamioi.sweep SET state = 'settled', ended_at = %(now)s
    WHERE id = ANY (%(ids)s) AND state = 'requested'
    RETURNING tenant_id, id, id AS about_id, member_id, amount_minor, currency,
        uuidv7() AS transfer_id, %(day)s::date AS booked_on
), written AS (
    -- book settled: sweep_settled, bank +, in_transit -, accrued +, member_cash -
), aim AS (
    SELECT s.tenant_id, s.id, s.member_id, s.currency, s.amount_minor AS total, r.security_id,
        greatest(sum(r.amount_minor), 0)::numeric AS weight
    FROM settled AS s
    JOIN kamioi.round_up AS r ON r.tenant_id = s.tenant_id AND r.sweep_id = s.id
    GROUP BY 1, 2, 3, 4, 5, 6
), shared AS (
    SELECT a.*, div(a.total * a.weight, sum(a.weight) OVER one) AS base,
        mod(a.total * a.weight, sum(a.weight) OVER one) AS rest
    FROM aim AS a WHERE a.weight > 0 WINDOW one AS (PARTITION BY a.id)
), ranked AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.id ORDER BY s.rest DESC, s.security_id) AS place,
        s.total - sum(s.base) OVER (PARTITION BY s.id) AS units
    FROM shared AS s
), kept AS (
    INSERT INTO kamioi.earmark AS e (tenant_id, member_id, security_id, currency, amount_minor)
    SELECT r.tenant_id, r.member_id, r.security_id, r.currency,
        sum(r.base + CASE WHEN r.place <= r.units THEN 1 ELSE 0 END)::bigint
    FROM ranked AS r
    JOIN kamioi.member AS m ON m.tenant_id = r.tenant_id AND m.id = r.member_id
        AND m.state <> 'frozen'
    WHERE r.security_id IS NOT NULL
    GROUP BY 1, 2, 3, 4
    HAVING sum(r.base + CASE WHEN r.place <= r.units THEN 1 ELSE 0 END) > 0
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant_id, member_id, security_id, currency)
    DO UPDATE SET amount_minor = e.amount_minor + excluded.amount_minor
)
SELECT count(*) AS settled, coalesce(sum(amount_minor), 0)::bigint AS amount_minor FROM settled

-- name: reject_sweeps
-- The bank refused before any money came: the round-ups are open again, for a later pull.
WITH rejected AS (
    UPDATE kamioi.sweep SET state = 'rejected', ended_at = %(now)s, reason = %(reason)s
    WHERE id = ANY (%(ids)s) AND state = 'requested'
    RETURNING tenant_id, id, id AS about_id, member_id, amount_minor, currency,
        uuidv7() AS transfer_id, %(day)s::date AS booked_on
), opened AS (
    UPDATE kamioi.round_up AS r SET state = 'accrued', sweep_id = NULL
    FROM rejected AS s WHERE r.tenant_id = s.tenant_id AND r.sweep_id = s.id
), told AS (
    INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key)
    SELECT tenant_id, member_id, 'sweep_rejected',
        jsonb_build_object('amount_minor', amount_minor, 'currency', currency),
        'sweep_rejected ' || id
    FROM rejected ON CONFLICT DO NOTHING
), written AS (
    -- book rejected: sweep_rejected, receivable +, in_transit -
)
SELECT count(*) AS rejected FROM rejected

-- name: return_sweep
-- The bank took a settled pull back. Shares that it bought stay; the member's cash bears it.
WITH returned AS (
    UPDATE kamioi.sweep SET state = 'rejected', ended_at = %(now)s, reason = %(reason)s
    WHERE id = %(id)s AND state = 'settled'
    RETURNING tenant_id, id, id AS about_id, member_id, amount_minor, currency,
        uuidv7() AS transfer_id, %(day)s::date AS booked_on
), told AS (
    INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key)
    SELECT tenant_id, member_id, 'sweep_returned',
        jsonb_build_object('amount_minor', amount_minor, 'currency', currency),
        'sweep_returned ' || id
    FROM returned ON CONFLICT DO NOTHING
), written AS (
    -- book returned: sweep_returned, member_cash +, bank -
)
SELECT member_id, currency, amount_minor FROM returned

-- name: get_balance
SELECT coalesce(sum(amount_minor), 0)::bigint AS amount_minor FROM kamioi.ledger_entry
WHERE member_id = %(member_id)s AND account = %(account)s AND currency = %(currency)s

-- name: list_earmarks
SELECT security_id, amount_minor FROM kamioi.earmark
WHERE member_id = %(member_id)s AND currency = %(currency)s ORDER BY security_id DESC

-- name: lower_earmark
WITH gone AS (
    DELETE FROM kamioi.earmark
    WHERE member_id = %(member_id)s AND security_id = %(security_id)s
      AND currency = %(currency)s AND amount_minor <= %(amount_minor)s
)
UPDATE kamioi.earmark SET amount_minor = amount_minor - %(amount_minor)s
WHERE member_id = %(member_id)s AND security_id = %(security_id)s
  AND currency = %(currency)s AND amount_minor > %(amount_minor)s

-- name: freeze_member
UPDATE kamioi.member SET state = 'frozen', updated_at = %(now)s
WHERE id = %(member_id)s AND state <> 'closed'

-- name: get_bound_cash
-- What of a member's cash is in orders that are open.
SELECT (
    (SELECT coalesce(sum(p.notional_minor), 0) FROM kamioi.order_part AS p
     JOIN kamioi.trade_order AS o ON o.tenant_id = p.tenant_id AND o.id = p.order_id
     WHERE p.member_id = %(member_id)s AND o.currency = %(currency)s
       AND o.state IN ('new', 'sent', 'part_filled'))
  - (SELECT coalesce(sum(a.cost_minor), 0) FROM kamioi.allocation AS a
     JOIN kamioi.fill AS f ON f.tenant_id = a.tenant_id AND f.id = a.fill_id
     JOIN kamioi.trade_order AS o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
     WHERE a.member_id = %(member_id)s AND o.currency = %(currency)s
       AND o.state IN ('new', 'sent', 'part_filled'))
)::bigint AS amount_minor
