-- name: list_member_ranges
WITH numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM kamioi.member
), starts AS (
    SELECT id AS low FROM numbered WHERE place %% %(size)s = 0
)
SELECT low, lead(low) OVER (ORDER BY low) AS high FROM starts ORDER BY low

-- name: hold_caps
-- Two passes over one member take turns where a cap is shared among purchases.
SELECT member_id FROM kamioi.member_rule
WHERE member_id >= %(low)s AND (%(high)s::uuid IS NULL OR member_id < %(high)s)
  AND (cap_day_minor IS NOT NULL OR cap_week_minor IS NOT NULL)
ORDER BY member_id FOR NO KEY UPDATE

-- name: hold_caps_of_descriptor
-- The same of those alone who have an open round-up of a descriptor.
SELECT u.member_id FROM kamioi.member_rule AS u
WHERE u.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR u.member_id < %(high)s)
  AND (u.cap_day_minor IS NOT NULL OR u.cap_week_minor IS NOT NULL)
  AND EXISTS (
      SELECT FROM kamioi.round_up AS r
      JOIN kamioi.purchase AS p
        ON p.tenant_id = r.tenant_id AND p.booked_on = r.booked_on AND p.id = r.purchase_id
      WHERE r.tenant_id = u.tenant_id AND r.member_id = u.member_id AND r.state = 'accrued'
        AND p.descriptor_id = %(descriptor_id)s)
ORDER BY u.member_id FOR NO KEY UPDATE OF u

-- name: drop_changed_round_ups
-- An amount that changed while it was accrued is made anew; what it was is taken back in the ledger.
-- One that is open again because the bank refused its pull, and that a negative one undoes, comes to
-- nothing as it is.
WITH dropped AS (
    DELETE FROM kamioi.round_up AS r
    USING kamioi.purchase AS p
    WHERE r.booked_on BETWEEN %(first)s AND %(last)s
      AND r.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR r.member_id < %(high)s)
      AND r.state = 'accrued' AND r.reverses_id IS NULL
      AND p.tenant_id = r.tenant_id AND p.booked_on = r.booked_on AND p.id = r.purchase_id
      AND p.booked_on BETWEEN %(first)s AND %(last)s
      AND p.state = 'posted' AND p.kind = 'purchase' AND p.amount_minor <> r.of_minor
      AND NOT EXISTS (SELECT FROM kamioi.round_up AS n
                      WHERE n.tenant_id = r.tenant_id AND n.member_id = r.member_id
                        AND n.booked_on >= %(first)s AND n.reverses_id = r.id)
    RETURNING r.tenant_id, r.booked_on, r.id, r.member_id, r.amount_minor, r.currency,
        uuidv7() AS transfer_id, r.id AS about_id
), written AS (
    -- book dropped: round_up_recomputed, receivable -, accrued +
)
SELECT count(*) AS dropped FROM dropped

-- name: drop_undecided_round_ups
-- Those of one descriptor that are still open, to be made anew as it is decided now.
WITH dropped AS (
    DELETE FROM kamioi.round_up AS r
    USING kamioi.purchase AS p
    WHERE p.descriptor_id = %(descriptor_id)s
      AND p.booked_on >= (SELECT coalesce(min(booked_on), 'infinity') FROM kamioi.round_up
                          WHERE state = 'accrued')
      AND r.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR r.member_id < %(high)s)
      AND p.tenant_id = r.tenant_id AND p.booked_on = r.booked_on AND p.id = r.purchase_id
      AND r.state = 'accrued' AND r.reverses_id IS NULL
      AND NOT EXISTS (SELECT FROM kamioi.round_up AS n
                      WHERE n.tenant_id = r.tenant_id AND n.member_id = r.member_id
                        AND n.booked_on >= r.booked_on AND n.reverses_id = r.id)
    RETURNING r.tenant_id, r.booked_on, r.id, r.member_id, r.amount_minor, r.currency,
        uuidv7() AS transfer_id, r.id AS about_id
), written AS (
    -- book dropped: round_up_decided, receivable -, accrued +
)
SELECT min(booked_on) AS first, max(booked_on) AS last, count(*) AS dropped FROM dropped

-- name: accrue_round_ups
-- One round-up for each posted purchase that has none, and its two entries. Caps are taken in the
-- order of days and purchases; a purchase that adds nothing has a row of zero, so that it is done.
-- One in another currency than its member's waits apart, and counts at the rate it is released with.
-- A share or fund of another currency is none that members' money can buy. What came along from an
-- old program was rounded up by it.
WITH candidate AS MATERIALIZED (
    SELECT p.tenant_id, p.booked_on, p.id AS purchase_id, p.member_id, p.descriptor_id,
        p.amount_minor AS of_minor, m.currency AS member_currency, f.state AS foreign_state, p.source,
        CASE WHEN f.state = 'released' THEN f.currency ELSE p.currency END AS currency,
        CASE WHEN f.state IS DISTINCT FROM 'released' THEN p.amount_minor
            WHEN mod(p.amount_minor * f.minor_rate, 1) = 0.5
                THEN (2 * round(p.amount_minor * f.minor_rate / 2))::bigint
            ELSE round(p.amount_minor * f.minor_rate)::bigint
        END AS amount_minor
    FROM kamioi.purchase AS p
    JOIN kamioi.member AS m ON m.tenant_id = p.tenant_id AND m.id = p.member_id
    LEFT JOIN kamioi.foreign_purchase AS f ON f.tenant_id = p.tenant_id
        AND f.booked_on = p.booked_on AND f.purchase_id = p.id
    WHERE p.booked_on BETWEEN %(first)s AND %(last)s
      AND p.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR p.member_id < %(high)s)
      AND (%(descriptor_id)s::uuid IS NULL OR p.descriptor_id = %(descriptor_id)s)
      AND p.state = 'posted' AND p.kind = 'purchase'
      AND (NOT p.is_held OR p.currency <> m.currency) AND f.state IS DISTINCT FROM 'waiting'
      AND NOT EXISTS (
          SELECT FROM kamioi.round_up AS r
          WHERE r.tenant_id = p.tenant_id AND r.booked_on = p.booked_on AND r.purchase_id = p.id
            AND r.booked_on BETWEEN %(first)s AND %(last)s
      )
), held AS (
    INSERT INTO kamioi.foreign_purchase (tenant_id, booked_on, purchase_id, member_id, currency)
    SELECT tenant_id, booked_on, purchase_id, member_id, member_currency FROM candidate
    WHERE currency <> member_currency AND foreign_state IS NULL AND amount_minor > 0
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, booked_on, purchase_id, member_id
), told AS (
    INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key)
    SELECT tenant_id, member_id, 'foreign_purchase',
        jsonb_build_object('purchase_id', purchase_id, 'booked_on', booked_on),
        'foreign_purchase ' || purchase_id
    FROM held ON CONFLICT DO NOTHING
), decided AS (
    SELECT c.*, o.descriptor_id IS NOT NULL OR m.descriptor_id IS NOT NULL AS is_decided,
        CASE WHEN o.descriptor_id IS NOT NULL THEN o.brand_id ELSE m.brand_id END AS brand_id
    FROM candidate AS c
    LEFT JOIN kamioi.member_override AS o ON o.tenant_id = c.tenant_id
        AND o.member_id = c.member_id AND o.descriptor_id = c.descriptor_id
    LEFT JOIN kamioi.mapping AS m ON m.tenant_id = c.tenant_id
        AND m.descriptor_id = c.descriptor_id AND m.valid_to IS NULL
        AND m.state IN ('auto', 'approved')
), owned AS (
    SELECT d.*, s.id AS security_id
    FROM decided AS d
    LEFT JOIN kamioi.ownership AS w ON w.brand_id = d.brand_id AND w.valid_from <= d.booked_on
        AND (w.valid_to IS NULL OR w.valid_to > d.booked_on)
    LEFT JOIN kamioi.security AS s ON s.id = w.security_id
        AND s.is_fractionable AND s.status <> 'delisted' AND s.currency = d.member_currency
), ruled AS (
    SELECT o.tenant_id, o.booked_on, o.purchase_id, o.member_id, o.amount_minor, o.currency,
        o.of_minor, o.brand_id, u.cap_day_minor, u.cap_week_minor,
        kamioi.minor_units(o.currency) AS whole,
        coalesce(u.multiplier, 1) AS multiplier,
        coalesce(u.rounds_whole_amounts, false) AS rounds_whole,
        CASE
            WHEN o.amount_minor <= 0 OR o.foreign_state = 'skipped' OR o.source = 'legacy' THEN 'skip'
            WHEN o.brand_id = ANY (u.excluded_brand_ids) THEN 'skip'
            WHEN NOT o.is_decided THEN 'queue'
            WHEN o.security_id IS NOT NULL THEN 'security'
            WHEN coalesce(u.private_policy, 'etf') = 'skip' THEN 'skip'
            WHEN coalesce(u.private_policy, 'etf') = 'etf' AND etf.id IS NOT NULL THEN 'security'
            ELSE 'cash'
        END AS destination,
        coalesce(o.security_id, CASE WHEN u.private_policy = 'etf' THEN etf.id END) AS security_id
    FROM owned AS o
    LEFT JOIN kamioi.member_rule AS u ON u.tenant_id = o.tenant_id AND u.member_id = o.member_id
    LEFT JOIN kamioi.security AS etf ON etf.id = u.etf_security_id
        AND etf.is_fractionable AND etf.status <> 'delisted' AND etf.currency = o.member_currency
    WHERE o.currency = o.member_currency OR o.foreign_state = 'skipped' OR o.amount_minor <= 0
), rounded AS (
    SELECT r.*, date_trunc('week', r.booked_on::timestamp)::date AS week,
        CASE
            WHEN r.destination = 'skip' THEN 0
            WHEN r.amount_minor %% r.whole <> 0
                THEN (r.whole - r.amount_minor %% r.whole) * r.multiplier
            WHEN r.rounds_whole THEN r.whole * r.multiplier
            ELSE 0
        END AS full_minor
    FROM ruled AS r
), taken AS (
    SELECT r.member_id, r.booked_on, sum(r.amount_minor) AS amount_minor
    FROM kamioi.round_up AS r
    WHERE r.member_id IN (SELECT member_id FROM rounded
                          WHERE cap_day_minor IS NOT NULL OR cap_week_minor IS NOT NULL)
      AND r.booked_on >= date_trunc('week', %(first)s::date::timestamp)::date
      AND r.booked_on < date_trunc('week', %(last)s::date::timestamp)::date + 7
      AND r.amount_minor > 0 AND r.state <> 'reversed'
    GROUP BY 1, 2
), taken_week AS (
    SELECT member_id, date_trunc('week', booked_on::timestamp)::date AS week,
        sum(amount_minor) AS amount_minor
    FROM taken GROUP BY 1, 2
), by_day AS (
    SELECT r.*, greatest(r.cap_day_minor - coalesce(t.amount_minor, 0), 0) AS room,
        sum(r.full_minor) OVER (PARTITION BY r.member_id, r.booked_on ORDER BY r.purchase_id
                                ROWS UNBOUNDED PRECEDING) AS upto
    FROM rounded AS r
    LEFT JOIN taken AS t ON t.member_id = r.member_id AND t.booked_on = r.booked_on
), within_day AS (
    SELECT d.*, (CASE WHEN d.cap_day_minor IS NULL THEN d.full_minor
        ELSE least(d.upto, d.room) - least(d.upto - d.full_minor, d.room) END)::bigint AS day_minor
    FROM by_day AS d
), by_week AS (
    SELECT d.*, greatest(d.cap_week_minor - coalesce(t.amount_minor, 0), 0) AS week_room,
        sum(d.day_minor) OVER (PARTITION BY d.member_id, d.week ORDER BY d.booked_on, d.purchase_id
                               ROWS UNBOUNDED PRECEDING) AS week_upto
    FROM within_day AS d
    LEFT JOIN taken_week AS t ON t.member_id = d.member_id AND t.week = d.week
), made AS (
    INSERT INTO kamioi.round_up (tenant_id, booked_on, purchase_id, member_id, amount_minor,
        currency, destination, brand_id, security_id, of_minor)
    SELECT w.tenant_id, w.booked_on, w.purchase_id, w.member_id,
        CASE WHEN w.cap_week_minor IS NULL THEN w.day_minor
            ELSE least(w.week_upto, w.week_room) - least(w.week_upto - w.day_minor, w.week_room)
        END,
        w.currency, w.destination, w.brand_id,
        CASE WHEN w.destination = 'security' THEN w.security_id END, w.of_minor
    FROM by_week AS w
    ON CONFLICT (tenant_id, purchase_id, booked_on) DO NOTHING
    RETURNING tenant_id, booked_on, id AS transfer_id, id AS about_id, member_id, amount_minor,
        currency
), written AS (
    -- book made: round_up, receivable +, accrued -
)
SELECT count(*) AS made, coalesce(sum(amount_minor), 0)::bigint AS amount_minor FROM made

-- name: reverse_gone_purchases
-- A purchase that the bank took back: its round-up is reversed while it is accrued. The row of a
-- refund stays, and what a negative one undoes already comes to nothing as it is.
WITH reversed AS (
    UPDATE kamioi.round_up AS r SET state = 'reversed'
    FROM kamioi.purchase AS p
    WHERE r.booked_on BETWEEN %(first)s AND %(last)s
      AND r.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR r.member_id < %(high)s)
      AND r.state = 'accrued' AND r.reverses_id IS NULL AND r.of_minor >= 0
      AND NOT EXISTS (SELECT FROM kamioi.round_up AS n
                      WHERE n.tenant_id = r.tenant_id AND n.member_id = r.member_id
                        AND n.booked_on >= %(first)s AND n.reverses_id = r.id)
      AND p.tenant_id = r.tenant_id AND p.booked_on = r.booked_on AND p.id = r.purchase_id
      AND p.booked_on BETWEEN %(first)s AND %(last)s
      AND (p.state <> 'posted' OR p.kind <> 'purchase' OR (p.is_held AND NOT EXISTS (
          SELECT FROM kamioi.foreign_purchase AS f WHERE f.tenant_id = p.tenant_id
            AND f.booked_on = p.booked_on AND f.purchase_id = p.id AND f.state = 'released')))
    RETURNING r.tenant_id, r.booked_on, r.id, r.member_id, r.amount_minor, r.currency,
        uuidv7() AS transfer_id, r.id AS about_id
), written AS (
    -- book reversed: round_up_reversed, receivable -, accrued +
)
SELECT count(*) AS reversed FROM reversed

-- name: owe_gone_purchases
-- One that the bank took back after its sweep: the next sweep is smaller by it. The negative round-up
-- stands under the one that it undoes, so that it is made once.
WITH made AS (
    INSERT INTO kamioi.round_up (tenant_id, booked_on, purchase_id, member_id, amount_minor,
        currency, destination, brand_id, security_id, of_minor, reverses_id)
    SELECT r.tenant_id, r.booked_on, r.id, r.member_id, -r.amount_minor, r.currency,
        r.destination, r.brand_id, r.security_id, -r.of_minor, r.id
    FROM kamioi.round_up AS r
    JOIN kamioi.purchase AS p
      ON p.tenant_id = r.tenant_id AND p.booked_on = r.booked_on AND p.id = r.purchase_id
    WHERE r.booked_on BETWEEN %(first)s AND %(last)s
      AND r.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR r.member_id < %(high)s)
      AND p.booked_on BETWEEN %(first)s AND %(last)s
      AND r.state = 'swept' AND r.reverses_id IS NULL AND r.amount_minor > 0
      AND p.state IN ('removed', 'expired')
      AND NOT EXISTS (SELECT FROM kamioi.round_up AS n
                      WHERE n.tenant_id = r.tenant_id AND n.member_id = r.member_id
                        AND n.booked_on >= r.booked_on AND n.reverses_id = r.id)
    ON CONFLICT (tenant_id, purchase_id, booked_on) DO NOTHING
    RETURNING tenant_id, booked_on, id AS transfer_id, id AS about_id, member_id, amount_minor,
        currency
), written AS (
    -- book made: round_up_owed, receivable +, accrued -
)
SELECT count(*) AS made FROM made

-- name: list_new_refunds
SELECT p.booked_on, p.id AS purchase_id, p.member_id, p.descriptor_id, p.amount_minor, p.currency
FROM kamioi.purchase AS p
WHERE p.booked_on BETWEEN %(first)s AND %(last)s
  AND p.member_id >= %(low)s AND (%(high)s::uuid IS NULL OR p.member_id < %(high)s)
  AND p.state = 'posted' AND p.kind = 'refund' AND p.amount_minor < 0
  AND NOT EXISTS (SELECT FROM kamioi.round_up AS r WHERE r.tenant_id = p.tenant_id
                  AND r.booked_on = p.booked_on AND r.purchase_id = p.id
                  AND r.booked_on BETWEEN %(first)s AND %(last)s)

-- name: list_refundable
-- What refunds like these may undo: purchases whose round-up nobody has undone yet.
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS given (
        member_id uuid, descriptor_id uuid, amount_minor bigint, currency text)
)
SELECT r.booked_on, p.id AS purchase_id, r.id, p.member_id, p.descriptor_id, p.amount_minor,
    p.currency
FROM asked AS a
JOIN kamioi.purchase AS p ON p.member_id = a.member_id AND p.descriptor_id = a.descriptor_id
    AND p.amount_minor = -a.amount_minor AND p.currency = a.currency
JOIN kamioi.round_up AS r
  ON r.tenant_id = p.tenant_id AND r.booked_on = p.booked_on AND r.purchase_id = p.id
WHERE p.booked_on BETWEEN %(since)s::date AND %(until)s::date
  AND r.booked_on BETWEEN %(since)s::date AND %(until)s::date
  AND p.state = 'posted' AND p.kind = 'purchase'
  AND r.state <> 'reversed' AND r.reverses_id IS NULL
  AND NOT EXISTS (SELECT FROM kamioi.round_up AS n
                  WHERE n.tenant_id = r.tenant_id AND n.member_id = r.member_id
                    AND n.booked_on BETWEEN %(since)s::date AND %(until)s::date + %(days)s::int
                    AND n.reverses_id = r.id)

-- name: undo_refunded
-- Every refund has its row. Of what it undoes the state counts in which it stands once it is held.
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS one (
        booked_on date, purchase_id uuid, member_id uuid, amount_minor bigint, currency text,
        original_on date, original_id uuid)
), original AS MATERIALIZED (
    SELECT r.tenant_id, r.booked_on, r.id, r.amount_minor, r.currency, r.state, r.destination,
        r.brand_id, r.security_id
    FROM given AS g
    JOIN kamioi.round_up AS r ON r.booked_on = g.original_on AND r.id = g.original_id
    WHERE r.booked_on BETWEEN %(since)s::date AND %(until)s::date AND r.state <> 'reversed'
    ORDER BY r.booked_on, r.id
    FOR UPDATE OF r
), made AS (
    INSERT INTO kamioi.round_up (tenant_id, booked_on, purchase_id, member_id, amount_minor,
        currency, destination, brand_id, security_id, of_minor, reverses_id)
    SELECT %(tenant_id)s, g.booked_on, g.purchase_id, g.member_id,
        CASE WHEN o.state = 'swept' THEN -o.amount_minor ELSE 0 END,
        coalesce(o.currency, g.currency),
        CASE WHEN o.state = 'swept' THEN o.destination ELSE 'skip' END,
        o.brand_id, CASE WHEN o.state = 'swept' THEN o.security_id END, g.amount_minor, o.id
    FROM given AS g
    LEFT JOIN original AS o ON o.booked_on = g.original_on AND o.id = g.original_id
    ON CONFLICT (tenant_id, purchase_id, booked_on) DO NOTHING
    RETURNING tenant_id, id, booked_on, member_id, amount_minor, currency, reverses_id
), reversed AS (
    UPDATE kamioi.round_up AS r SET state = 'reversed'
    FROM original AS o, made AS m
    WHERE r.tenant_id = o.tenant_id AND r.booked_on = o.booked_on AND r.id = o.id
      AND r.booked_on BETWEEN %(since)s::date AND %(until)s::date
      AND o.state = 'accrued' AND m.reverses_id = o.id
    RETURNING r.id, r.amount_minor
), moved AS (
    SELECT m.tenant_id, m.booked_on, m.id AS transfer_id, m.member_id, m.currency,
        m.reverses_id AS about_id,
        m.amount_minor - coalesce(r.amount_minor, 0) AS amount_minor
    FROM made AS m LEFT JOIN reversed AS r ON r.id = m.reverses_id
), written AS (
    -- book moved: refund, receivable +, accrued -
)
SELECT count(about_id) AS undone FROM moved
