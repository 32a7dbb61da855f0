-- name: get_account
SELECT a.tenant_id, t.slug, t.name, t.timezone, a.vertical, a.currency, a.business_date,
       a.settings
FROM keeper.account a
JOIN platform.tenant t ON t.id = a.tenant_id

-- name: open_account
INSERT INTO keeper.account (tenant_id, vertical, currency)
VALUES (%(tenant_id)s, %(vertical)s, %(currency)s)
ON CONFLICT (tenant_id) DO NOTHING

-- name: set_business_date
UPDATE keeper.account
SET business_date = greatest(business_date, %(day)s),
    size_band = %(size_band)s,
    currency = coalesce(%(currency)s, currency),
    updated_at = now()
WHERE tenant_id = %(tenant_id)s

-- name: count_customers
SELECT count(*) AS people
FROM keeper.person p
WHERE p.merged_into_id IS NULL

-- name: data_span
SELECT min(c.first_day) AS first_day, max(c.last_day) AS last_day,
       coalesce(sum(c.sales), 0)::bigint AS sales,
       (array_agg(c.currency ORDER BY c.sales DESC, c.currency)
           FILTER (WHERE c.currency IS NOT NULL))[1] AS currency
FROM (
    SELECT currency, min(local_date) AS first_day, max(local_date) AS last_day, count(*) AS sales
    FROM keeper.payment
    WHERE status = 'COMPLETED'
    GROUP BY currency
) c

-- name: takes_other_currencies
SELECT EXISTS (
    SELECT FROM keeper.payment WHERE status = 'COMPLETED' AND currency <> %(currency)s
) AS is_mixed

-- name: list_accounts
SELECT a.tenant_id, t.slug, t.name, t.timezone, a.vertical, a.currency, a.business_date,
       a.settings
FROM keeper.account a
JOIN platform.tenant t ON t.id = a.tenant_id
ORDER BY t.slug

-- name: set_setting
UPDATE keeper.account
SET settings = settings || jsonb_build_object(%(name)s::text, %(value)s::text), updated_at = now()
WHERE tenant_id = %(tenant_id)s
