-- name: gather_costs
-- What mapping cost in each month that is over; a month's cohort is made once.
INSERT INTO kamioi.cost_cohort (tenant_id, month, cost_usd_micros, life_months)
SELECT tenant_id, date_trunc('month', day::timestamp)::date, sum(cost_usd_micros)::bigint, %(life)s
FROM kamioi.decision_day
WHERE day < date_trunc('month', %(today)s::date::timestamp)::date
GROUP BY 1, 2 HAVING sum(cost_usd_micros) > 0
ON CONFLICT (tenant_id, month) DO NOTHING

-- name: list_lost_costs
-- What decisions cost that were rejected, or followed by another brand, by the month in which that
-- happened; what is written off already is not listed.
SELECT date_trunc('month', m.valid_from AT TIME ZONE 'UTC')::date AS month,
    date_trunc('month', m.valid_to AT TIME ZONE 'UTC')::date AS period,
    sum(m.cost_usd_micros)::bigint AS cost_usd_micros
FROM kamioi.mapping AS m
LEFT JOIN kamioi.mapping AS n ON n.tenant_id = m.tenant_id AND n.descriptor_id = m.descriptor_id
    AND n.version = m.version + 1
WHERE m.cost_usd_micros > 0
  AND m.valid_to < (date_trunc('month', %(today)s::date::timestamp) AT TIME ZONE 'UTC')
  AND (m.state = 'rejected' OR (n.id IS NOT NULL AND n.brand_id IS DISTINCT FROM m.brand_id))
  AND NOT EXISTS (
      SELECT FROM kamioi.amortization_entry AS e
      JOIN kamioi.cost_cohort AS c ON c.tenant_id = e.tenant_id AND c.id = e.cohort_id
      WHERE e.kind = 'write_off'
        AND c.month = date_trunc('month', m.valid_from AT TIME ZONE 'UTC')::date
        AND e.period = date_trunc('month', m.valid_to AT TIME ZONE 'UTC')::date
  )
GROUP BY 1, 2 ORDER BY 2, 1

-- name: costs_cohorts
SELECT c.month, c.cost_usd_micros, c.life_months::int AS life_months,
    coalesce(sum(e.amount_usd_micros) FILTER (WHERE e.kind = 'straight_line'), 0)::bigint
        AS borne_usd_micros,
    coalesce(sum(e.amount_usd_micros) FILTER (WHERE e.kind = 'write_off'), 0)::bigint
        AS written_off_usd_micros
FROM kamioi.cost_cohort AS c
LEFT JOIN kamioi.amortization_entry AS e ON e.tenant_id = c.tenant_id AND e.cohort_id = c.id
GROUP BY c.month, c.cost_usd_micros, c.life_months ORDER BY c.month DESC

-- name: costs_months
-- What each month spent and bore, beside how much was bought in it.
WITH month AS (
    SELECT generate_series(%(first)s::date::timestamp, %(last)s::date::timestamp, '1 month')::date
        AS month
), spent AS (
    SELECT date_trunc('month', day::timestamp)::date AS month,
        sum(cost_usd_micros)::bigint AS amount, sum(decisions)::bigint AS decisions
    FROM kamioi.decision_day WHERE day >= %(first)s GROUP BY 1
), borne AS (
    SELECT period AS month, sum(amount_usd_micros)::bigint AS amount
    FROM kamioi.amortization_entry WHERE period >= %(first)s GROUP BY 1
), bought AS (
    SELECT date_trunc('month', day::timestamp)::date AS month, sum(purchases)::bigint AS purchases
    FROM kamioi.purchase_day
    WHERE day >= %(first)s AND kind = 'purchase' AND state IN ('pending', 'posted')
    GROUP BY 1
)
SELECT m.month, coalesce(s.amount, 0) AS spent_usd_micros, coalesce(s.decisions, 0) AS decisions,
    coalesce(b.amount, 0) AS borne_usd_micros, coalesce(t.purchases, 0) AS purchases
FROM month AS m
LEFT JOIN spent AS s ON s.month = m.month
LEFT JOIN borne AS b ON b.month = m.month
LEFT JOIN bought AS t ON t.month = m.month
ORDER BY m.month DESC

-- name: costs_whole
SELECT (SELECT coalesce(sum(cost_usd_micros), 0)::bigint FROM kamioi.decision_day)
        AS spent_usd_micros,
    (SELECT coalesce(sum(mappings), 0)::bigint FROM kamioi.mapping_state
     WHERE state IN ('auto', 'approved')) AS decided,
    (SELECT count(*) FROM kamioi.member AS m
     WHERE EXISTS (SELECT FROM kamioi.purchase AS p
                   WHERE p.tenant_id = m.tenant_id AND p.member_id = m.id
                     AND p.booked_on > %(today)s::date - 30)) AS active_members
