-- name: name_task
SELECT platform.job_task_id(%(task)s)

-- name: set_plan
INSERT INTO platform.watch_plan AS known
    (tenant_id, kind, task, job_class, bundle_size, price, looks_per_day, enabled)
VALUES (%(tenant_id)s, %(kind)s, %(task)s, %(job_class)s, %(bundle_size)s, %(price)s,
    %(looks_per_day)s, %(enabled)s)
ON CONFLICT (tenant_id, kind) DO UPDATE SET
    task = EXCLUDED.task, job_class = EXCLUDED.job_class, bundle_size = EXCLUDED.bundle_size,
    looks_per_day = EXCLUDED.looks_per_day, enabled = EXCLUDED.enabled,
    price = CASE WHEN known.looks_per_day IS NOT NULL AND EXCLUDED.looks_per_day IS NOT NULL
        THEN known.price ELSE EXCLUDED.price END

-- name: find_plan
SELECT kind, task, job_class, bundle_size, price, looks_per_day, enabled
FROM platform.watch_plan WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s

-- name: add_items
-- A sweep passes each moment once. The share lock keeps it from passing this one unseen.
WITH plan AS MATERIALIZED (
    SELECT tenant_id, kind, greatest(now(), swept_until + interval '1 microsecond') AS due_at
    FROM platform.watch_plan
    WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s FOR SHARE
)
INSERT INTO platform.watch (tenant_id, kind, item_id, weight, next_due_at)
SELECT plan.tenant_id, plan.kind, item.id, item.weight, plan.due_at
FROM plan CROSS JOIN unnest(%(item_ids)s::uuid[], %(weights)s::real[]) AS item (id, weight)
ON CONFLICT (tenant_id, kind, item_id) DO UPDATE SET weight = EXCLUDED.weight
WHERE watch.weight <> EXCLUDED.weight

-- name: remove_items
DELETE FROM platform.watch
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s AND item_id = ANY(%(item_ids)s::uuid[])

-- name: list_bundle
SELECT item_id, weight, rate, interval_days, signals, last_seen_at, next_due_at
FROM platform.watch
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s
    AND (next_due_at, item_id) >= (%(from_at)s::timestamptz, %(from_item)s::uuid)
    AND next_due_at <= %(until_at)s::timestamptz
    AND (%(until_item)s::uuid IS NULL
        OR (next_due_at, item_id) < (%(until_at)s::timestamptz, %(until_item)s::uuid))
ORDER BY next_due_at, item_id

-- name: list_items
SELECT item_id, weight, rate, interval_days, signals, last_seen_at, next_due_at
FROM platform.watch
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s AND item_id = ANY(%(item_ids)s::uuid[])
ORDER BY item_id

-- name: lock_items
SELECT item_id, weight, rate, interval_days, signals,
    ARRAY[changes_1, changes_3, changes_7, changes_30] AS changes, unchanged_days,
    extract(epoch FROM %(now)s - last_seen_at)::float8 / 86400 AS elapsed_days
FROM platform.watch
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s AND item_id = ANY(%(item_ids)s::uuid[])
ORDER BY item_id FOR UPDATE

-- name: store_looks
UPDATE platform.watch SET
    changes_1 = look.changes_1, changes_3 = look.changes_3, changes_7 = look.changes_7,
    changes_30 = look.changes_30, unchanged_days = look.unchanged_days, rate = look.rate,
    interval_days = look.interval_days, signals = '{}', last_seen_at = %(now)s,
    next_due_at = %(now)s + look.interval_days * interval '24 hours'
FROM unnest(%(item_ids)s::uuid[], %(changes_1)s::real[], %(changes_3)s::real[],
    %(changes_7)s::real[], %(changes_30)s::real[], %(unchanged_days)s::real[], %(rates)s::real[],
    %(intervals)s::smallint[]) AS look (item_id, changes_1, changes_3, changes_7, changes_30,
    unchanged_days, rate, interval_days)
WHERE watch.tenant_id = %(tenant_id)s AND watch.kind = %(kind)s
    AND watch.item_id = look.item_id

-- name: note_signals
UPDATE platform.watch SET signals = array_append(signals, %(source)s)
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s AND item_id = ANY(%(item_ids)s::uuid[])
    AND NOT %(source)s = ANY(signals)

-- name: add_source
INSERT INTO platform.watch_source (tenant_id, kind, source)
VALUES (%(tenant_id)s, %(kind)s, %(source)s) ON CONFLICT DO NOTHING

-- name: list_sources
SELECT source, hits, misses, false_alarms, watched_days,
    extract(epoch FROM %(now)s - updated_at)::float8 / 86400 AS age_days
FROM platform.watch_source WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s
ORDER BY source

-- name: lock_sources
SELECT source, hits, misses, false_alarms, watched_days,
    extract(epoch FROM %(now)s - updated_at)::float8 / 86400 AS age_days
FROM platform.watch_source WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s
ORDER BY source FOR UPDATE

-- name: store_source
UPDATE platform.watch_source SET hits = %(hits)s, misses = %(misses)s,
    false_alarms = %(false_alarms)s, watched_days = %(watched_days)s, updated_at = %(now)s
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s AND source = %(source)s

-- name: list_rates
SELECT rate, weight FROM platform.watch WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s

-- name: set_price
UPDATE platform.watch_plan SET price = %(price)s
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s
