-- name: hold_batch_run
-- The run that will take the items; its row stays locked until the caller commits, so that no run
-- ends between an item and its commit.
WITH route AS MATERIALIZED (
    SELECT *, jobs < capacity AND tenant_jobs < capacity / 2 AS has_room
    FROM platform.job_route(%(tenant_id)s, %(task)s, %(job_class)s::smallint)
), held AS (
    INSERT INTO platform.job AS job
        (tenant_id, id, state, job_class, task_id, payload, run_at, dedup_key)
    SELECT %(tenant_id)s, %(id)s, 'waiting', route.job_class, route.task_id, %(payload)s::jsonb,
        now() + %(wait_seconds)s * interval '1 second', %(dedup_key)s
    FROM route WHERE route.has_room OR EXISTS (SELECT FROM platform.job AS live
        WHERE live.tenant_id = %(tenant_id)s AND live.dedup_key = %(dedup_key)s
            AND live.state <> 'dead')
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead'
    DO UPDATE SET again_at = CASE WHEN job.state = 'running'
        THEN least(job.again_at, EXCLUDED.run_at) ELSE job.again_at END
    RETURNING id
)
SELECT held.id, route.* FROM route LEFT JOIN held ON true

-- name: add_items
-- With enough items the run is due at once, or follows at once the one that is under way.
WITH added AS (
    INSERT INTO platform.job_item (tenant_id, id, task_id, batch_key, payload)
    SELECT %(tenant_id)s, item.id, %(task_id)s::smallint, %(batch_key)s, item.payload::jsonb
    FROM unnest(%(ids)s::uuid[], %(payloads)b::text[]) AS item (id, payload)
    RETURNING 1
), held AS (
    SELECT (SELECT count(*) FROM added) + count(*) AS items FROM (
        SELECT FROM platform.job_item WHERE tenant_id = %(tenant_id)s
            AND task_id = %(task_id)s::smallint AND batch_key = %(batch_key)s
        LIMIT %(max_items)s
    ) AS before
), due AS (
    UPDATE platform.job SET
        state = CASE WHEN job.state = 'waiting' AND job.attempts = 0 THEN 'queued'
            ELSE job.state END,
        run_at = CASE WHEN job.state = 'waiting' AND job.attempts = 0 THEN NULL ELSE job.run_at END,
        again_at = CASE WHEN job.state = 'running' THEN now() ELSE job.again_at END
    FROM held
    WHERE job.tenant_id = %(tenant_id)s AND job.id = %(run_id)s
        AND job.state IN ('waiting', 'running') AND held.items >= %(max_items)s
    RETURNING job.tenant_id, job.job_class, job.task_id, job.state
)
SELECT pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id)) AS told
FROM due WHERE state = 'queued'

-- name: take_items
WITH own AS (
    SELECT tenant_id, task_id, payload ->> 'batch_key' AS batch_key FROM platform.job
    WHERE tenant_id = %(tenant_id)s AND state = 'running' AND job_class = %(job_class)s
        AND task_id = %(task_id)s AND id = %(id)s AND fence = %(fence)s
), taken AS (
    DELETE FROM platform.job_item USING (
        SELECT item.tenant_id, item.task_id, item.batch_key, item.id
        FROM own JOIN platform.job_item AS item ON item.tenant_id = own.tenant_id
            AND item.task_id = own.task_id AND item.batch_key = own.batch_key
        ORDER BY item.id LIMIT %(max_items)s
    ) AS next
    WHERE job_item.tenant_id = next.tenant_id AND job_item.task_id = next.task_id
        AND job_item.batch_key = next.batch_key AND job_item.id = next.id
    RETURNING job_item.id, job_item.payload
)
SELECT payload FROM taken ORDER BY id

-- name: follow_with_another_run
UPDATE platform.job SET again_at = now()
WHERE tenant_id = %(tenant_id)s AND state = 'running' AND job_class = %(job_class)s
    AND task_id = %(task_id)s AND id = %(id)s AND fence = %(fence)s
    AND EXISTS (SELECT FROM platform.job_item AS item WHERE item.tenant_id = job.tenant_id
        AND item.task_id = job.task_id AND item.batch_key = job.payload ->> 'batch_key')
