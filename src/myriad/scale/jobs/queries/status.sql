-- name: get_job
-- A job that still lies in a pack is `queued` from the moment that its id tells.
SELECT id, task, job_class, state, run_at, attempts, max_attempts, error, progress_done,
    progress_total, stage, message, created_at, started_at, finished_at
FROM platform.job_overview WHERE tenant_id = %(tenant_id)s AND id = %(id)s
UNION ALL
SELECT %(id)s::uuid, task.name,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[pack.job_class + 1], 'queued',
    uuid_extract_timestamp(pack.id), 0, coalesce(pack.max_attempts, task.max_attempts), NULL, NULL,
    NULL, NULL, NULL, uuid_extract_timestamp(pack.id), NULL, NULL
FROM platform.job_pack AS pack JOIN platform.job_task AS task ON task.id = pack.task_id
WHERE pack.tenant_id = %(tenant_id)s AND pack.id = %(pack_id)s
    AND %(item)s BETWEEN pack.taken AND pack.size - 1
    AND pack.payloads -> %(item)s::integer <> 'null'

-- name: find_ref
SELECT tenant_id, id AS job_id, job_class, task_id FROM platform.job
WHERE tenant_id = %(tenant_id)s AND id = %(id)s

-- name: list_jobs
-- Live rows are read once, packs and ended jobs from the end of their keys. A comparison of states
-- is not leakproof, so under row security it narrows no index scan.
WITH RECURSIVE wanted AS MATERIALIZED (
    SELECT (SELECT id FROM platform.job_task WHERE name = %(task)s) AS task_id
), lane AS (
    (SELECT job_class, task_id FROM platform.job_pack WHERE tenant_id = %(tenant_id)s
    ORDER BY job_class, task_id LIMIT 1)
    UNION ALL
    SELECT next.* FROM lane, LATERAL (
        SELECT pack.job_class, pack.task_id FROM platform.job_pack AS pack
        WHERE pack.tenant_id = %(tenant_id)s
            AND (pack.job_class, pack.task_id) > (lane.job_class, lane.task_id)
        ORDER BY pack.job_class, pack.task_id LIMIT 1
    ) AS next
), live AS (
    SELECT id, task_id, job_class, state::text AS state, run_at, attempts, max_attempts, error,
        progress_done, progress_total, stage, message, started_at, finished_at
    FROM platform.job
    WHERE coalesce(%(state)s, 'queued') NOT IN ('succeeded', 'cancelled')
        AND tenant_id = %(tenant_id)s AND id < %(before)s
        AND (%(state)s::text IS NULL OR state::text = %(state)s)
        AND (%(job_class)s::smallint IS NULL OR job_class = %(job_class)s)
        AND (%(task)s::text IS NULL OR task_id = (SELECT task_id FROM wanted))
    ORDER BY id DESC LIMIT %(limit)s
), sent AS (
    SELECT id, task_id, job_class, max_attempts FROM platform.job_slice_item
    WHERE coalesce(%(state)s, 'dispatched') = 'dispatched'
        AND tenant_id = %(tenant_id)s AND id < %(before)s
        AND (%(job_class)s::smallint IS NULL OR job_class = %(job_class)s)
        AND (%(task)s::text IS NULL OR task_id = (SELECT task_id FROM wanted))
    ORDER BY id DESC LIMIT %(limit)s
), packed AS (
    SELECT platform.job_item_id(newest.id, newest.item - 1) AS id,
        lane.task_id, lane.job_class, newest.max_attempts
    FROM lane, LATERAL (
        SELECT pack.id, place.item::integer AS item, pack.max_attempts
        FROM platform.job_pack AS pack,
            LATERAL jsonb_array_elements(pack.payloads) WITH ORDINALITY AS place (payload, item)
        WHERE pack.tenant_id = %(tenant_id)s AND pack.job_class = lane.job_class
            AND pack.task_id = lane.task_id AND pack.id < %(before)s
            AND place.item > pack.taken AND place.payload <> 'null'
            AND (pack.id <> %(pack_id)s OR place.item <= %(item)s)
        ORDER BY pack.id DESC, place.item DESC LIMIT %(limit)s
    ) AS newest
    WHERE coalesce(%(state)s, 'queued') = 'queued'
        AND (%(job_class)s::smallint IS NULL OR lane.job_class = %(job_class)s)
        AND (%(task)s::text IS NULL OR lane.task_id = (SELECT task_id FROM wanted))
), ended AS (
    SELECT id, task_id, job_class, state, run_at, attempts, max_attempts, error, progress_done,
        progress_total, stage, message, started_at, finished_at
    FROM platform.job_finished
    WHERE coalesce(%(state)s, 'succeeded') IN ('succeeded', 'cancelled')
        AND tenant_id = %(tenant_id)s AND id < %(before)s
        AND (%(state)s::text IS NULL OR state = %(state)s)
        AND (%(job_class)s::smallint IS NULL OR job_class = %(job_class)s)
        AND (%(task)s::text IS NULL OR task_id = (SELECT task_id FROM wanted))
    ORDER BY id DESC LIMIT %(limit)s
), listed AS (
    SELECT * FROM live
    UNION ALL
    SELECT id, task_id, job_class, 'queued', NULL, 0, max_attempts, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL FROM packed
    UNION ALL
    SELECT id, task_id, job_class, 'dispatched', NULL, 0, max_attempts, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL FROM sent
    UNION ALL
    SELECT * FROM ended
)
SELECT listed.id, task.name AS task,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[listed.job_class + 1] AS job_class,
    listed.state, coalesce(listed.run_at, uuid_extract_timestamp(listed.id)) AS run_at,
    listed.attempts, coalesce(listed.max_attempts, task.max_attempts) AS max_attempts,
    listed.error, listed.progress_done, listed.progress_total, listed.stage, listed.message,
    uuid_extract_timestamp(listed.id) AS created_at, listed.started_at, listed.finished_at
FROM listed JOIN platform.job_task AS task ON task.id = listed.task_id
WHERE listed.id < %(before)s ORDER BY listed.id DESC LIMIT %(limit)s

-- name: list_dead
SELECT dead.id, task.name AS task,
    (ARRAY['interactive', 'high', 'default', 'low', 'bulk'])[dead.job_class + 1] AS job_class,
    'dead' AS state, coalesce(dead.run_at, uuid_extract_timestamp(dead.id)) AS run_at,
    dead.attempts, coalesce(dead.max_attempts, task.max_attempts) AS max_attempts, dead.error,
    dead.progress_done, dead.progress_total, dead.stage, dead.message,
    uuid_extract_timestamp(dead.id) AS created_at, dead.started_at, dead.finished_at
FROM platform.job AS dead JOIN platform.job_task AS task ON task.id = dead.task_id
WHERE dead.tenant_id = %(tenant_id)s AND dead.state = 'dead' AND dead.id < %(before)s
    AND (%(job_class)s::smallint IS NULL OR dead.job_class = %(job_class)s)
    AND (%(task)s::text IS NULL OR task.name = %(task)s)
ORDER BY dead.id DESC LIMIT %(limit)s

-- name: replay_dead
UPDATE platform.job SET
    state = 'queued', attempts = 0, losses = NULL, run_at = NULL, deadline_at = NULL, error = NULL,
    started_at = NULL, finished_at = NULL, fence = coalesce(fence, 0) + 1
WHERE tenant_id = %(tenant_id)s AND state = 'dead' AND id = %(id)s
RETURNING pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id)) AS told

-- name: cancel_live
-- Exactly one row: how many jobs were cancelled, and which of them may have children. Who asked for
-- one more run during the run that is cancelled still gets it.
WITH gone AS (
    DELETE FROM platform.job WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s)
        AND state <> 'dead'
    RETURNING *
), noted AS (
    INSERT INTO platform.job_attempt (tenant_id, job_id, attempt, outcome, worker_id, started_at)
    SELECT tenant_id, id, attempts, 'cancelled', worker_id, started_at FROM gone
    WHERE state = 'running'
), kept AS (
    INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts, payload,
        max_attempts, cost, dedup_key, graph_id, worker_id, error, progress_done, progress_total,
        stage, message, run_at, started_at)
    SELECT tenant_id, id, 'cancelled', job_class, task_id, attempts, payload, max_attempts, cost,
        dedup_key, graph_id, worker_id, error, progress_done, progress_total, stage, message,
        run_at, started_at FROM gone
), again AS (
    INSERT INTO platform.job
        (tenant_id, state, job_class, task_id, run_at, dedup_key, payload, cost)
    SELECT tenant_id, 'waiting', job_class, task_id, again_at, dedup_key, payload, cost
    FROM gone WHERE again_at IS NOT NULL
    ON CONFLICT (tenant_id, dedup_key) WHERE dedup_key IS NOT NULL AND state <> 'dead' DO NOTHING
)
SELECT count(*) AS cancelled, coalesce(array_agg(id) FILTER (WHERE graph_id IS NOT NULL), '{}')
    AS parents
FROM gone

-- name: cancel_packed
WITH emptied AS (
    UPDATE platform.job_pack AS pack
    SET payloads = jsonb_set(pack.payloads, ARRAY[%(item)s::text], 'null'), has_holes = true
    WHERE tenant_id = %(tenant_id)s AND id = %(pack_id)s AND %(item)s BETWEEN taken AND size - 1
        AND payloads -> %(item)s::integer <> 'null'
    RETURNING pack.*, old.payloads -> %(item)s::integer AS payload
)
INSERT INTO platform.job_finished
    (tenant_id, id, state, job_class, task_id, attempts, payload, max_attempts, cost)
SELECT tenant_id, %(id)s, 'cancelled', job_class, task_id, 0, payload, max_attempts, cost
FROM emptied
RETURNING id

-- name: replay_many
-- The oldest first; of several with one deduplication key the newest, and none beside a live one.
WITH dead AS (
    SELECT job.id, row_number() OVER (
        PARTITION BY coalesce(job.dedup_key, job.id::text), job.dedup_key IS NULL
        ORDER BY job.id DESC) AS place
    FROM platform.job JOIN platform.job_task AS task ON task.id = job.task_id
    WHERE job.tenant_id = %(tenant_id)s AND job.state = 'dead'
        AND task.name = coalesce(%(task)s, task.name)
        AND (%(error_code)s::text IS NULL OR job.error ->> 'code' = %(error_code)s)
        AND NOT EXISTS (SELECT FROM platform.job AS live WHERE live.tenant_id = %(tenant_id)s
            AND live.dedup_key = job.dedup_key AND live.state <> 'dead')
), chosen AS (
    SELECT job.job_class, job.task_id, job.id FROM dead JOIN platform.job
        ON job.tenant_id = %(tenant_id)s AND job.state = 'dead' AND job.id = dead.id
    WHERE dead.place = 1 ORDER BY job.id LIMIT %(limit)s FOR UPDATE OF job SKIP LOCKED
), replayed AS (
    UPDATE platform.job SET
        state = 'queued', attempts = 0, losses = NULL, run_at = NULL, deadline_at = NULL,
        error = NULL, started_at = NULL, finished_at = NULL, fence = coalesce(job.fence, 0) + 1
    FROM chosen
    WHERE job.tenant_id = %(tenant_id)s AND job.state = 'dead'
        AND job.job_class = chosen.job_class AND job.task_id = chosen.task_id AND job.id = chosen.id
    RETURNING job.job_class, job.task_id
), told AS (
    SELECT pg_notify('myriad_jobs', concat_ws(':', %(tenant_id)s, job_class, task_id)), count(*) AS jobs
    FROM replayed GROUP BY job_class, task_id
)
SELECT coalesce(sum(jobs), 0)::bigint AS replayed FROM told

-- name: choose_to_cancel
SELECT job.id FROM platform.job JOIN platform.job_task AS task ON task.id = job.task_id
WHERE job.tenant_id = %(tenant_id)s AND job.state <> 'dead'
    AND job.state::text = coalesce(%(state)s, job.state::text)
    AND task.name = coalesce(%(task)s, task.name)
ORDER BY job.id LIMIT %(limit)s FOR UPDATE OF job

-- name: cancel_packs
-- Whole packs: what was not taken out of them yet ends as cancelled, the pack itself goes.
WITH gone AS (
    DELETE FROM platform.job_pack USING (
        SELECT pack.job_class, pack.task_id, pack.id
        FROM platform.job_pack AS pack JOIN platform.job_task AS task ON task.id = pack.task_id
        WHERE pack.tenant_id = %(tenant_id)s AND task.name = coalesce(%(task)s, task.name)
        ORDER BY pack.id LIMIT %(packs)s FOR UPDATE OF pack
    ) AS chosen
    WHERE job_pack.tenant_id = %(tenant_id)s AND job_pack.job_class = chosen.job_class
        AND job_pack.task_id = chosen.task_id AND job_pack.id = chosen.id
    RETURNING job_pack.*
), kept AS (
    INSERT INTO platform.job_finished
        (tenant_id, id, state, job_class, task_id, attempts, payload, max_attempts, cost)
    SELECT gone.tenant_id, platform.job_item_id(gone.id, place.item),
        'cancelled', gone.job_class, gone.task_id, 0, gone.payloads -> place.item,
        gone.max_attempts, gone.cost
    FROM gone, LATERAL generate_series(gone.taken, gone.size - 1) AS place (item)
    WHERE gone.payloads -> place.item <> 'null'
    RETURNING 1
)
SELECT count(*) AS cancelled FROM kept
