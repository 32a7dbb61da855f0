-- name: open_slices
-- Their jobs become rows, as if they had been sent one by one. Slices that somebody else is opening
-- are passed over.
WITH gone AS (
    DELETE FROM platform.job_slice AS slice
    USING (
        SELECT slice.tenant_id, slice.pack_id, slice.first
        FROM unnest(%(tenant_ids)s::uuid[], %(pack_ids)s::uuid[], %(firsts)s::integer[])
            AS asked (tenant_id, pack_id, first)
        JOIN platform.job_slice AS slice ON slice.tenant_id = asked.tenant_id
            AND slice.pack_id = asked.pack_id AND slice.first = asked.first
        FOR UPDATE OF slice SKIP LOCKED
    ) AS chosen
    WHERE slice.tenant_id = chosen.tenant_id AND slice.pack_id = chosen.pack_id
        AND slice.first = chosen.first
    RETURNING slice.*
)
INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload, max_attempts, cost,
    deadline_at, worker_id, dispatched_at)
SELECT gone.tenant_id,
    platform.job_item_id(gone.pack_id, gone.first + item.place::integer - 1), 'dispatched',
    gone.job_class, gone.task_id, item.payload, gone.max_attempts, gone.cost, gone.deadline_at,
    gone.worker_id, gone.dispatched_at
FROM gone, LATERAL jsonb_array_elements(gone.payloads) WITH ORDINALITY AS item (payload, place)
WHERE item.payload <> 'null'

-- name: choose_slices
-- By their worker, their class and their age.
SELECT slice.tenant_id, slice.pack_id, slice.first FROM platform.job_slice AS slice
WHERE (%(worker_ids)s::uuid[] IS NULL OR slice.worker_id = ANY(%(worker_ids)s))
    AND (%(job_classes)s::smallint[] IS NULL OR slice.job_class = ANY(%(job_classes)s))
    AND slice.dispatched_at <= now() - %(stale_seconds)s * interval '1 second'
    AND (NOT %(are_orphans)s OR NOT EXISTS (
        SELECT FROM platform.job_worker AS worker WHERE worker.id = slice.worker_id
            AND worker.seen_at > now() - interval '15 seconds'))
ORDER BY slice.dispatched_at LIMIT %(limit)s FOR UPDATE OF slice SKIP LOCKED

-- name: choose_own_slices
-- A tenant's, or the one with a job of theirs. Waits for whoever is opening it: what comes next shall
-- see the rows.
SELECT slice.tenant_id, slice.pack_id, slice.first FROM platform.job_slice AS slice
WHERE slice.tenant_id = %(tenant_id)s
    AND (%(pack_id)s::uuid IS NULL OR (slice.pack_id = %(pack_id)s
        AND %(item)s BETWEEN slice.first AND slice.first + slice.size - 1))
ORDER BY slice.pack_id, slice.first FOR UPDATE OF slice
