-- name: approve_replayed
-- In a programme that nobody lives in somebody says yes to whatever names a brand.
UPDATE kamioi.mapping SET state = 'approved'
WHERE tenant_id = %(tenant_id)s AND state = 'proposed' AND brand_id IS NOT NULL
  AND valid_to IS NULL

-- name: count_replayed
SELECT (SELECT count(*) FROM kamioi.purchase) AS purchases,
    (SELECT count(*) FROM kamioi.round_up WHERE reverses_id IS NULL) AS round_ups,
    (SELECT count(*) FROM kamioi.ledger_entry) AS entries,
    (SELECT count(*) FROM kamioi.lot) AS lots,
    (SELECT count(*) FROM kamioi.descriptor) AS strings,
    (SELECT coalesce(sum(purchases), 0)::bigint FROM kamioi.purchase_day) AS purchases_rolled_up,
    (SELECT coalesce(sum(round_ups), 0)::bigint FROM kamioi.round_up_day) AS round_ups_rolled_up
