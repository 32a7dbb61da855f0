-- name: texts_after
SELECT id, text, p_negative
FROM keeper.review
WHERE text <> '' AND deleted_at IS NULL AND id > %(after)s
ORDER BY id
LIMIT %(limit)s

-- name: count_texts
SELECT count(*) AS texts
FROM keeper.review
WHERE text <> '' AND deleted_at IS NULL

-- name: accounts_with_texts
SELECT DISTINCT tenant_id
FROM keeper.review
WHERE text <> '' AND deleted_at IS NULL
ORDER BY tenant_id

-- name: review_month
SELECT month, reviews, rated, stars_total, negative, aspects
FROM keeper.review_summary
WHERE business_date = %(day)s AND month = %(month)s::date
