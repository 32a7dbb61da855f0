-- name: kamioi_purchase_days
SELECT day, state, kind, currency, purchases, amount_minor
FROM kamioi.purchase_day
WHERE day >= %(since)s AND purchases > 0
ORDER BY day, state, kind, currency

-- name: kamioi_round_up_days
SELECT day, state, destination, currency, round_ups, amount_minor
FROM kamioi.round_up_day
WHERE day >= %(since)s AND round_ups > 0
ORDER BY day, state, destination, currency

-- name: kamioi_mapping_states
SELECT state, method, mappings FROM kamioi.mapping_state WHERE mappings > 0 ORDER BY state, method

-- name: kamioi_programme
SELECT count(*) AS members,
    (SELECT max(day) FROM kamioi.purchase_day
     WHERE purchases > 0 AND kind = 'purchase' AND state IN ('pending', 'posted')) AS last_on
FROM kamioi.member WHERE state <> 'closed'
