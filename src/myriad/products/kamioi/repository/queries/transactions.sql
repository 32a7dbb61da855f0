-- name: kamioi_transactions
SELECT purchase.id, purchase.booked_on, purchase.shown_on, purchase.state, purchase.kind,
    purchase.amount_minor, purchase.currency, purchase.raw, purchase.category, purchase.mcc,
    purchase.source, purchase.is_held, purchase.account_id, purchase.member_id,
    purchase.descriptor_id
FROM kamioi.purchase AS purchase
WHERE purchase.member_id = %(member_id)s
    AND purchase.booked_on BETWEEN %(since)s::date AND %(until)s::date
    AND (purchase.booked_on, purchase.id) < (%(after_day)s::date, %(after_id)s::uuid)
ORDER BY purchase.booked_on DESC, purchase.id DESC
LIMIT %(limit)s

-- name: day_of_purchase
SELECT booked_on FROM kamioi.purchase WHERE member_id = %(member_id)s AND id = %(purchase_id)s
