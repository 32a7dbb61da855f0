-- name: store_valuation
INSERT INTO upswitch.valuation (
    tenant_id, id, session_id, parent_id, kind, title, company_number, company_name,
    engine_version, parameter_set_id, inputs, outputs, assumptions, low_minor, middle_minor,
    high_minor, currency, as_of, duration_us, hash, created_by
) VALUES (
    %(tenant_id)s, %(id)s, %(session_id)s, %(parent_id)s, %(kind)s, %(title)s,
    %(company_number)s, %(company_name)s, %(engine_version)s, %(parameter_set_id)s,
    %(inputs)s::jsonb, %(outputs)s::jsonb, %(assumptions)s::jsonb,
    %(low_minor)s, %(middle_minor)s, %(high_minor)s, %(currency)s,
    %(as_of)s, %(duration_us)s, %(hash)s, %(created_by)s
)
ON CONFLICT ON CONSTRAINT uq_valuation_hash DO NOTHING

-- name: find_valuation_by_hash
SELECT id FROM upswitch.valuation
WHERE tenant_id = %(tenant_id)s AND hash = %(hash)s
  AND session_id IS NOT DISTINCT FROM %(session_id)s::uuid

-- name: store_method_result
INSERT INTO upswitch.method_result (
    tenant_id, valuation_id, place, method, low_minor, middle_minor, high_minor, weight, trace
) VALUES (
    %(tenant_id)s, %(valuation_id)s, %(place)s, %(method)s, %(low_minor)s, %(middle_minor)s,
    %(high_minor)s, %(weight)s, %(trace)s::jsonb
)

-- name: find_valuation
SELECT v.id, v.session_id, v.parent_id, v.kind, v.title, v.company_number, v.company_name,
       v.engine_version, v.parameter_set_id, v.inputs, v.outputs, v.assumptions, v.low_minor,
       v.middle_minor, v.high_minor, v.currency, v.as_of, v.duration_us, v.hash, v.created_at,
       coalesce(p.vintage, '') AS vintage, coalesce(p.valid_from, v.as_of) AS valid_from
FROM upswitch.valuation v LEFT JOIN upswitch.parameter_set p ON p.id = v.parameter_set_id
WHERE v.tenant_id = %(tenant_id)s AND v.id = %(id)s

-- name: list_valuations
-- A page, newest first, after the (moment, id) of the last one seen.
SELECT v.id, v.session_id, v.parent_id, v.kind, v.title, v.company_number, v.company_name,
       v.engine_version, v.low_minor, v.middle_minor, v.high_minor, v.currency, v.as_of,
       v.created_at, coalesce(p.vintage, '') AS vintage
FROM upswitch.valuation v LEFT JOIN upswitch.parameter_set p ON p.id = v.parameter_set_id
WHERE v.tenant_id = %(tenant_id)s
  AND (%(before)s::timestamptz IS NULL OR (v.created_at, v.id) < (%(before)s, %(before_id)s::uuid))
ORDER BY v.created_at DESC, v.id DESC
LIMIT %(limit)s

-- name: list_kin_of_valuation
-- Others of the same company, or of the same chain of scenarios: what one compares with.
SELECT v.id, v.kind, v.title, v.company_name, v.low_minor, v.middle_minor, v.high_minor,
       v.currency, v.as_of, v.created_at, coalesce(p.vintage, '') AS vintage
FROM upswitch.valuation v LEFT JOIN upswitch.parameter_set p ON p.id = v.parameter_set_id
WHERE v.tenant_id = %(tenant_id)s AND v.id <> %(id)s AND v.currency = %(currency)s
  AND (v.company_name = %(company_name)s OR v.company_number = %(company_number)s
       OR v.parent_id = %(id)s OR v.id = %(parent_id)s::uuid)
ORDER BY v.created_at DESC
LIMIT 20

-- name: find_newest_valuation_of_company
SELECT id, inputs, parameter_set_id, middle_minor, currency, session_id
FROM upswitch.valuation
WHERE tenant_id = %(tenant_id)s AND company_number = %(company_number)s AND kind <> 'scenario'
ORDER BY created_at DESC LIMIT 1

-- name: store_simulation
INSERT INTO upswitch.simulation (tenant_id, valuation_id, paths, seed, result)
VALUES (%(tenant_id)s, %(valuation_id)s, %(paths)s, %(seed)s, %(result)s::jsonb)
ON CONFLICT (tenant_id, valuation_id, paths, seed) DO NOTHING

-- name: find_simulation
SELECT result FROM upswitch.simulation
WHERE tenant_id = %(tenant_id)s AND valuation_id = %(valuation_id)s
  AND paths = %(paths)s AND seed = %(seed)s

-- name: store_report
INSERT INTO upswitch.report (tenant_id, valuation_id, format, locale, content, sha256)
VALUES (%(tenant_id)s, %(valuation_id)s, %(format)s, %(locale)s, %(content)s, %(sha256)s)
ON CONFLICT (tenant_id, valuation_id, format, locale) DO NOTHING

-- name: find_report
SELECT format, content, sha256, created_at FROM upswitch.report
WHERE tenant_id = %(tenant_id)s AND valuation_id = %(valuation_id)s AND format = %(format)s
  AND locale = %(locale)s

-- name: store_share_link
INSERT INTO upswitch.share_link (tenant_id, id, valuation_id, created_by, expires_at)
VALUES (%(tenant_id)s, %(id)s, %(valuation_id)s, %(created_by)s, %(expires_at)s)

-- name: list_share_links
SELECT id, created_at, expires_at, revoked_at FROM upswitch.share_link
WHERE tenant_id = %(tenant_id)s AND valuation_id = %(valuation_id)s ORDER BY created_at DESC

-- name: find_share_link
SELECT valuation_id, expires_at, revoked_at FROM upswitch.share_link
WHERE tenant_id = %(tenant_id)s AND id = %(id)s

-- name: revoke_share_link
UPDATE upswitch.share_link SET revoked_at = now()
WHERE tenant_id = %(tenant_id)s AND valuation_id = %(valuation_id)s AND id = %(id)s
  AND revoked_at IS NULL

-- name: drop_old_share_links
DELETE FROM upswitch.share_link
WHERE tenant_id = %(tenant_id)s AND coalesce(revoked_at, expires_at) < %(before)s

-- name: drop_old_reports
DELETE FROM upswitch.report WHERE tenant_id = %(tenant_id)s AND created_at < %(before)s

-- name: drop_old_simulations
DELETE FROM upswitch.simulation WHERE tenant_id = %(tenant_id)s AND created_at < %(before)s

-- name: sum_usage
-- What a tenant's valuations took, by month of the given zone, and what models cost beside them.
SELECT v.month, v.valuations, v.companies, v.mean_duration_us,
       (SELECT coalesce(sum(s.cost_usd_micros), 0) FROM platform.ai_spend s
        WHERE s.tenant_id = %(tenant_id)s AND s.product = 'upswitch'
          AND to_char(s.day, 'YYYY-MM') = v.month)::bigint AS model_cost_usd_micros
FROM (
    SELECT m.month, count(*) AS valuations, count(DISTINCT m.company_name) AS companies,
           avg(m.duration_us)::float AS mean_duration_us
    FROM (
        SELECT to_char(created_at AT TIME ZONE %(zone)s, 'YYYY-MM') AS month, company_name,
               duration_us
        FROM upswitch.valuation
        WHERE tenant_id = %(tenant_id)s AND created_at >= %(since)s
    ) m
    GROUP BY m.month
) v
ORDER BY v.month DESC

-- name: sum_valuations_of_all
-- For operators: every tenant, the last 30 days.
SELECT count(*) AS valuations, count(DISTINCT tenant_id) AS accounts,
       coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_us), 0)::float
           AS p95_duration_us,
       (SELECT coalesce(sum(cost_usd_micros), 0) FROM platform.ai_spend
        WHERE product = 'upswitch' AND day >= current_date - 30)::bigint AS model_cost_usd_micros,
       count(*) FILTER (WHERE kind = 'session') AS from_sessions
FROM upswitch.valuation WHERE created_at >= now() - interval '30 days'

-- name: find_account_of_valuation
-- For the terminal, which acts for no account: whose valuation this is.
SELECT tenant_id FROM upswitch.valuation WHERE id = %(id)s

-- name: sum_usage_of_all
-- For the terminal: each month of UTC over every account.
SELECT v.month, v.accounts, v.valuations, v.p95_duration_us,
       coalesce(c.cost_usd_micros, 0)::bigint AS model_cost_usd_micros
FROM (
    SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
           count(DISTINCT tenant_id) AS accounts, count(*) AS valuations,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_us)::float AS p95_duration_us
    FROM upswitch.valuation
    WHERE created_at >= now() - interval '13 months'
    GROUP BY 1
) v
LEFT JOIN (
    SELECT to_char(day, 'YYYY-MM') AS month, sum(cost_usd_micros) AS cost_usd_micros
    FROM platform.ai_spend WHERE product = 'upswitch' GROUP BY 1
) c USING (month)
ORDER BY v.month DESC

-- name: find_any_valuation
SELECT id FROM upswitch.valuation WHERE tenant_id = %(tenant_id)s LIMIT 1
