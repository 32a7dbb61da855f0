-- name: list_programme_securities
-- What members hold, or what waits to be bought for them, with the last close.
WITH held AS (
    SELECT security_id, sum(qty) AS qty, sum(cost_minor)::bigint AS cost_minor,
        count(DISTINCT member_id) AS members
    FROM kamioi.lot WHERE closed_on IS NULL AND qty > 0 GROUP BY 1
), waiting AS (
    SELECT security_id, sum(amount_minor)::bigint AS waiting_minor FROM kamioi.earmark GROUP BY 1
)
SELECT s.id, s.name, s.kind, s.status, s.is_fractionable, s.currency,
    coalesce(l.ticker, '') AS ticker, coalesce(l.exchange, '') AS exchange,
    coalesce(h.qty, 0) AS qty, coalesce(h.cost_minor, 0) AS cost_minor,
    coalesce(h.members, 0) AS members, coalesce(w.waiting_minor, 0) AS waiting_minor,
    p.close, p.day AS close_on, p.source AS close_source
FROM held AS h
FULL JOIN waiting AS w ON w.security_id = h.security_id
JOIN kamioi.security AS s ON s.id = coalesce(h.security_id, w.security_id)
LEFT JOIN LATERAL (
    SELECT ticker, exchange FROM kamioi.listing
    WHERE security_id = s.id AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s)
    ORDER BY valid_from DESC LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT close, day, source FROM kamioi.price WHERE security_id = s.id AND day <= %(day)s
    ORDER BY day DESC LIMIT 1
) AS p ON true
ORDER BY coalesce(h.cost_minor, 0) DESC, s.name, s.id
LIMIT %(limit)s

-- name: list_programme_actions
-- What companies did to shares that somebody here has held, the latest first.
SELECT a.id, a.security_id, a.kind, a.ex_date, a.ratio_num, a.ratio_den, a.cash_per_share,
    a.currency, a.new_security_id, a.source, s.name, coalesce(l.ticker, '') AS ticker,
    d.applied_at, d.lots
FROM kamioi.corporate_action AS a
JOIN kamioi.security AS s ON s.id = a.security_id
LEFT JOIN kamioi.applied_action AS d ON d.action_id = a.id
LEFT JOIN LATERAL (
    SELECT ticker FROM kamioi.listing WHERE security_id = a.security_id AND valid_from <= a.ex_date
    ORDER BY valid_from DESC LIMIT 1
) AS l ON true
WHERE d.action_id IS NOT NULL
   OR EXISTS (SELECT FROM kamioi.lot AS o WHERE o.security_id = a.security_id
              AND o.closed_on IS NULL AND o.qty > 0)
ORDER BY a.ex_date DESC, a.id DESC
LIMIT %(limit)s

-- name: count_held_before
-- What an action of this security would touch: lots opened before its day, with the shares that they
-- had on that day, whatever was done to them since.
WITH later AS (
    SELECT c.lot_id, sum(c.qty) AS qty
    FROM kamioi.lot_change AS c
    JOIN kamioi.corporate_action AS a ON a.id = c.action_id
    WHERE a.ex_date > %(ex_date)s
      AND %(security_id)s IN (a.security_id, a.new_security_id)
    GROUP BY 1
)
SELECT count(*) AS lots, count(DISTINCT l.member_id) AS members,
    coalesce(sum(l.qty - coalesce(t.qty, 0)), 0) AS qty
FROM kamioi.lot AS l
LEFT JOIN later AS t ON t.lot_id = l.id
WHERE l.security_id = %(security_id)s AND l.opened_on < %(ex_date)s
  AND (l.closed_on IS NULL OR l.closed_on > %(ex_date)s)
  AND l.qty > coalesce(t.qty, 0)

-- name: find_listed
-- The share that stood under a ticker on a day, the one of the primary exchange first.
SELECT l.security_id, s.name, s.currency FROM kamioi.listing AS l
JOIN kamioi.security AS s ON s.id = l.security_id
WHERE l.ticker = %(ticker)s AND l.valid_from <= %(day)s
  AND (l.valid_to IS NULL OR l.valid_to >= %(day)s)
ORDER BY l.valid_from DESC, l.exchange LIMIT 2

-- name: enter_action
INSERT INTO kamioi.corporate_action (id, security_id, kind, ex_date, ratio_num, ratio_den,
    cash_per_share, currency, new_security_id, source, entered_by)
VALUES (%(id)s, %(security_id)s, %(kind)s, %(ex_date)s, %(ratio_num)s, %(ratio_den)s,
    %(cash_per_share)s, %(currency)s, %(new_security_id)s, %(source)s, %(entered_by)s)
ON CONFLICT (security_id, kind, ex_date) DO NOTHING
RETURNING id
