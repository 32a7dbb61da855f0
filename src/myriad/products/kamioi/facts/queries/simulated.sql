-- name: put_simulated_fund
INSERT INTO kamioi.security (kind, name)
SELECT 'etf', %(name)s WHERE NOT EXISTS (
    SELECT FROM kamioi.security WHERE kind = 'etf' AND name = %(name)s
)

-- name: put_simulated_fund_listing
INSERT INTO kamioi.listing (security_id, ticker, exchange, valid_from, source)
SELECT id, %(ticker)s, %(exchange)s, '2020-01-01', %(source)s
FROM kamioi.security WHERE kind = 'etf' AND name = %(name)s
ON CONFLICT DO NOTHING

-- name: find_simulated_fund
SELECT security_id FROM kamioi.listing WHERE ticker = %(ticker)s AND exchange = %(exchange)s

-- name: list_priced_shares
-- Every share that a purchase can lead to, or that an action gives, under its symbol of the day, with
-- its first and last close and its invented split. One whose last close is real is left alone.
SELECT l.security_id, l.ticker, f.day AS first_day, p.day AS last_day, a.ex_date AS split_on,
    a.parts AS split_into
FROM kamioi.listing AS l
JOIN kamioi.security AS s ON s.id = l.security_id
LEFT JOIN LATERAL (
    SELECT day, source FROM kamioi.price WHERE security_id = l.security_id
    ORDER BY day DESC LIMIT 1
) AS p ON true
LEFT JOIN LATERAL (
    SELECT day FROM kamioi.price WHERE security_id = l.security_id ORDER BY day LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT ex_date, ratio_num / ratio_den AS parts FROM kamioi.corporate_action
    WHERE security_id = l.security_id AND kind = 'split' AND source = %(source)s
    ORDER BY ex_date LIMIT 1
) AS a ON true
WHERE l.valid_from <= %(day)s AND (l.valid_to IS NULL OR l.valid_to > %(day)s)
  AND (p.source IS NULL OR p.source = %(source)s)
  AND (s.kind = 'etf'
      OR EXISTS (SELECT FROM kamioi.ownership AS o WHERE o.security_id = l.security_id)
      OR EXISTS (
          SELECT FROM kamioi.corporate_action AS c WHERE c.new_security_id = l.security_id
      ))
ORDER BY l.security_id, l.ticker

-- name: put_simulated_prices
INSERT INTO kamioi.price (security_id, day, close, currency, source)
SELECT security_id, day, close, 'USD', %(source)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (security_id uuid, day date, close numeric)
ON CONFLICT (security_id, day) DO NOTHING

-- name: put_simulated_actions
INSERT INTO kamioi.corporate_action (security_id, kind, ex_date, ratio_num, ratio_den,
    cash_per_share, currency, source)
SELECT s.id, r.kind, r.ex_date, r.ratio_num, r.ratio_den, r.cash_per_share,
    CASE WHEN r.cash_per_share IS NOT NULL THEN 'USD' END, %(source)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    cik bigint, kind text, ex_date date, ratio_num bigint, ratio_den bigint, cash_per_share numeric
)
JOIN kamioi.company AS c ON c.cik = r.cik
JOIN kamioi.security AS s ON s.company_id = c.id
ON CONFLICT (security_id, kind, ex_date) DO NOTHING
