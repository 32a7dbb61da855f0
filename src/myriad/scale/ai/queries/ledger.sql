-- name: record_ai_calls
WITH entry AS (
    SELECT * FROM jsonb_to_recordset(%(entries)s) AS item (
        tenant_id uuid, id uuid, called_at timestamptz, product text, task text, provider text,
        model text, model_class text, mode text, outcome text, price_version text,
        input_tokens integer, cached_tokens integer, output_tokens integer,
        cost_usd_micros bigint, is_estimated boolean, duration_ms integer, purse text,
        purse_usd_micros bigint
    )
    WHERE EXISTS (SELECT FROM platform.tenant WHERE tenant.id = item.tenant_id)
), added AS (
    INSERT INTO platform.ai_call (
        tenant_id, id, called_at, product, task, provider, model, model_class, mode, outcome,
        price_version, input_tokens, cached_tokens, output_tokens, cost_usd_micros, is_estimated,
        duration_ms, purse, purse_usd_micros
    )
    SELECT tenant_id, id, called_at, product, task, provider, model, model_class, mode, outcome,
        price_version, input_tokens, cached_tokens, output_tokens, cost_usd_micros, is_estimated,
        duration_ms, purse, purse_usd_micros
    FROM entry
    ON CONFLICT DO NOTHING
    RETURNING *
), charged AS (
    INSERT INTO platform.ai_purse AS purse (
        tenant_id, name, product, calls, spent_usd_micros, used_at
    )
    SELECT tenant_id, purse, min(product), count(*), sum(purse_usd_micros), max(called_at)
    FROM added
    WHERE purse <> ''
    GROUP BY tenant_id, purse
    ORDER BY tenant_id, purse
    ON CONFLICT (tenant_id, name) DO UPDATE SET
        calls = purse.calls + excluded.calls,
        spent_usd_micros = purse.spent_usd_micros + excluded.spent_usd_micros,
        used_at = greatest(purse.used_at, excluded.used_at)
)
INSERT INTO platform.ai_spend AS spend (
    tenant_id, day, task, provider, model, mode, price_version, product, model_class, calls,
    input_tokens, cached_tokens, output_tokens, cost_usd_micros
)
SELECT tenant_id, (called_at AT TIME ZONE 'UTC')::date, task, provider, model, mode,
    price_version, product, model_class, count(*), sum(input_tokens), sum(cached_tokens),
    sum(output_tokens), sum(cost_usd_micros)
FROM added
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ON CONFLICT (tenant_id, day, task, provider, model, model_class, mode, price_version)
DO UPDATE SET
    calls = spend.calls + excluded.calls,
    input_tokens = spend.input_tokens + excluded.input_tokens,
    cached_tokens = spend.cached_tokens + excluded.cached_tokens,
    output_tokens = spend.output_tokens + excluded.output_tokens,
    cost_usd_micros = spend.cost_usd_micros + excluded.cost_usd_micros;

-- name: find_ai_purse
SELECT spent_usd_micros
FROM platform.ai_purse
WHERE name = %(name)s;

-- name: prune_ai_purses
DELETE FROM platform.ai_purse WHERE used_at < %(before)s;

-- name: ai_spend_of_tenant
SELECT task, provider, model, mode, price_version, sum(calls)::bigint AS calls,
    sum(input_tokens)::bigint AS input_tokens, sum(cached_tokens)::bigint AS cached_tokens,
    sum(output_tokens)::bigint AS output_tokens, sum(cost_usd_micros)::bigint AS cost_usd_micros
FROM platform.ai_spend
WHERE day BETWEEN %(first)s AND %(last)s
GROUP BY task, provider, model, mode, price_version
ORDER BY cost_usd_micros DESC, task, provider, model, mode, price_version;

-- name: ai_spend_by_task
SELECT product, task, provider, model, mode, price_version, count(DISTINCT tenant_id) AS tenants,
    sum(calls)::bigint AS calls, sum(input_tokens)::bigint AS input_tokens,
    sum(cached_tokens)::bigint AS cached_tokens, sum(output_tokens)::bigint AS output_tokens,
    sum(cost_usd_micros)::bigint AS cost_usd_micros
FROM platform.ai_spend
WHERE day BETWEEN %(first)s AND %(last)s
GROUP BY product, task, provider, model, mode, price_version
ORDER BY cost_usd_micros DESC, product, task, provider, model, mode, price_version
LIMIT 200;

-- name: ai_spend_by_day
SELECT day, sum(calls)::bigint AS calls, sum(cost_usd_micros)::bigint AS cost_usd_micros
FROM platform.ai_spend
WHERE day BETWEEN %(first)s AND %(last)s
GROUP BY day
ORDER BY day;

-- name: ai_health
SELECT provider, model, count(*) AS calls,
    count(*) FILTER (WHERE outcome <> 'answered') AS unusable,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms,
    max(called_at) AS last_called_at
FROM platform.ai_call
WHERE called_at >= %(since)s
GROUP BY provider, model
ORDER BY provider, model;

-- name: prune_ai_calls
DELETE FROM platform.ai_call WHERE called_at < %(before)s;
