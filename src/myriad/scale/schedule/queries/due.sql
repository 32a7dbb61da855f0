-- name: sweep
-- Each bundle begins where the one before ends: one step of the recursion over the due index.
WITH RECURSIVE plan AS MATERIALIZED (
    SELECT known.tenant_id, known.kind, known.task, known.bundle_size, known.swept_until,
        array_position(ARRAY['interactive', 'high', 'default', 'low', 'bulk'], known.job_class) - 1
            AS wanted_class
    FROM platform.watch_plan AS known JOIN platform.tenant ON tenant.id = known.tenant_id
    WHERE known.enabled AND known.swept_until <= %(before)s AND tenant.status = 'active'
    FOR UPDATE OF known SKIP LOCKED
), bundle (tenant_id, kind, task, bundle_size, wanted_class,
        from_at, from_item, until_at, until_item) AS (
    SELECT plan.tenant_id, plan.kind, plan.task, plan.bundle_size, plan.wanted_class,
        first.next_due_at, first.item_id, beyond.next_due_at, beyond.item_id
    FROM plan CROSS JOIN LATERAL (
        SELECT watch.next_due_at, watch.item_id FROM platform.watch
        WHERE watch.tenant_id = plan.tenant_id AND watch.kind = plan.kind
            AND watch.next_due_at > plan.swept_until AND watch.next_due_at <= %(now)s
        ORDER BY watch.next_due_at, watch.item_id LIMIT 1
    ) AS first LEFT JOIN LATERAL (
        SELECT watch.next_due_at, watch.item_id FROM platform.watch
        WHERE watch.tenant_id = plan.tenant_id AND watch.kind = plan.kind
            AND watch.next_due_at > plan.swept_until AND watch.next_due_at <= %(now)s
        ORDER BY watch.next_due_at, watch.item_id OFFSET plan.bundle_size LIMIT 1
    ) AS beyond ON true
    UNION ALL
    SELECT bundle.tenant_id, bundle.kind, bundle.task, bundle.bundle_size, bundle.wanted_class,
        bundle.until_at, bundle.until_item, beyond.next_due_at, beyond.item_id
    FROM bundle LEFT JOIN LATERAL (
        SELECT watch.next_due_at, watch.item_id FROM platform.watch
        WHERE watch.tenant_id = bundle.tenant_id AND watch.kind = bundle.kind
            AND (watch.next_due_at, watch.item_id) >= (bundle.until_at, bundle.until_item)
            AND watch.next_due_at <= %(now)s
        ORDER BY watch.next_due_at, watch.item_id OFFSET bundle.bundle_size LIMIT 1
    ) AS beyond ON true
    WHERE bundle.until_at IS NOT NULL
), moved AS (
    UPDATE platform.watch_plan AS known SET swept_until = %(now)s
    FROM bundle WHERE bundle.until_at IS NULL
        AND known.tenant_id = bundle.tenant_id AND known.kind = bundle.kind
), made AS (
    INSERT INTO platform.job (tenant_id, state, job_class, task_id, payload)
    SELECT bundle.tenant_id, 'queued', route.job_class, route.task_id, jsonb_build_object(
        'kind', bundle.kind, 'from_at', bundle.from_at, 'from_item', bundle.from_item,
        'until_at', coalesce(bundle.until_at, %(now)s), 'until_item', bundle.until_item)
    FROM bundle CROSS JOIN LATERAL platform.job_route(
        bundle.tenant_id, bundle.task, bundle.wanted_class::smallint) AS route
    RETURNING 1
)
SELECT count(*) AS jobs, pg_notify('myriad_jobs', '') AS told FROM made HAVING count(*) > 0

-- name: recall_late
-- What was due a day ago and swept, but never looked at, is asked for again by its ids.
WITH late AS (
    SELECT plan.tenant_id, plan.kind, plan.task, item.item_id,
        array_position(ARRAY['interactive', 'high', 'default', 'low', 'bulk'], plan.job_class) - 1
            AS wanted_class,
        (row_number() OVER (PARTITION BY plan.tenant_id, plan.kind
            ORDER BY item.next_due_at, item.item_id) - 1) / plan.bundle_size AS number
    FROM platform.watch_plan AS plan JOIN platform.tenant ON tenant.id = plan.tenant_id
    CROSS JOIN LATERAL (
        SELECT watch.item_id, watch.next_due_at FROM platform.watch
        WHERE watch.tenant_id = plan.tenant_id AND watch.kind = plan.kind
            AND watch.next_due_at <= least(plan.swept_until, %(before)s)
    ) AS item
    WHERE plan.enabled AND tenant.status = 'active'
), bundle AS (
    SELECT tenant_id, kind, task, wanted_class, number, jsonb_agg(item_id) AS items
    FROM late GROUP BY tenant_id, kind, task, wanted_class, number
), made AS (
    INSERT INTO platform.job (tenant_id, state, job_class, task_id, dedup_key, payload)
    SELECT bundle.tenant_id, 'queued', route.job_class, route.task_id,
        'watch:' || bundle.kind || ':late:' || bundle.number,
        jsonb_build_object('kind', bundle.kind, 'items', bundle.items)
    FROM bundle CROSS JOIN LATERAL platform.job_route(
        bundle.tenant_id, bundle.task, bundle.wanted_class::smallint) AS route
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead' DO NOTHING
    RETURNING 1
)
SELECT count(*) AS jobs, pg_notify('myriad_jobs', '') AS told FROM made HAVING count(*) > 0
