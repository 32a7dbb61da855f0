-- name: add_ai_batch
INSERT INTO platform.ai_batch (
    tenant_id, id, task, provider, model, model_class, state, requests, then_task
)
VALUES (
    %(tenant_id)s, %(id)s, %(task)s, %(provider)s, %(model)s, %(model_class)s, 'waiting',
    %(requests)s, %(then_task)s
);

-- name: get_ai_batch
SELECT * FROM platform.ai_batch WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- name: submit_ai_batch
UPDATE platform.ai_batch
SET state = 'submitted', handle = %(handle)s, reservation = %(reservation)s,
    provider = %(provider)s, model = %(model)s, price_version = %(price_version)s,
    submitted_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- name: end_ai_batch
UPDATE platform.ai_batch
SET state = %(state)s, answers = %(answers)s, cost_usd_micros = %(cost_usd_micros)s,
    error = %(error)s, ended_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(id)s;

-- name: ai_batches_open
SELECT count(*) AS open,
    coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds
FROM platform.ai_batch
WHERE state IN ('waiting', 'submitted');

-- name: prune_ai_batches
DELETE FROM platform.ai_batch WHERE ended_at < %(before)s AND state IN ('done', 'failed');
