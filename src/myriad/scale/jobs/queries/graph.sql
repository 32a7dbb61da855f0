-- name: release_children
-- For parents that have succeeded, in the transaction of their end; children in one order, so that
-- two parents that end at once never wait for each other.
WITH child AS (
    SELECT job.tenant_id, job.job_class, job.task_id, job.id, freed.parents
    FROM (
        SELECT edge.tenant_id, edge.child_id, count(*) AS parents
        FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[]) AS parent (tenant_id, id)
        JOIN platform.job_edge AS edge
            ON edge.tenant_id = parent.tenant_id AND edge.parent_id = parent.id
        GROUP BY edge.tenant_id, edge.child_id
    ) AS freed JOIN platform.job ON job.tenant_id = freed.tenant_id AND job.id = freed.child_id
        AND job.state = 'blocked'
    ORDER BY job.tenant_id, job.id FOR UPDATE OF job
), released AS (
    UPDATE platform.job SET
        parents_left = job.parents_left - child.parents,
        state = CASE WHEN job.parents_left <= child.parents THEN 'queued' ELSE 'blocked' END
            ::platform.job_state
    FROM child
    WHERE job.tenant_id = child.tenant_id AND job.state = 'blocked'
        AND job.job_class = child.job_class AND job.task_id = child.task_id AND job.id = child.id
    RETURNING job.tenant_id, job.job_class, job.task_id, job.state
)
SELECT pg_notify('myriad_jobs', concat_ws(':', tenant_id, job_class, task_id)) AS told
FROM released WHERE state = 'queued' GROUP BY tenant_id, job_class, task_id

-- name: cancel_descendants
WITH RECURSIVE descendant (tenant_id, id) AS (
    SELECT edge.tenant_id, edge.child_id
    FROM unnest(%(tenant_ids)s::uuid[], %(ids)s::uuid[]) AS parent (tenant_id, id)
    JOIN platform.job_edge AS edge
        ON edge.tenant_id = parent.tenant_id AND edge.parent_id = parent.id
    UNION
    SELECT edge.tenant_id, edge.child_id FROM descendant JOIN platform.job_edge AS edge
        ON edge.tenant_id = descendant.tenant_id AND edge.parent_id = descendant.id
), gone AS (
    DELETE FROM platform.job USING descendant
    WHERE job.tenant_id = descendant.tenant_id AND job.state = 'blocked' AND job.id = descendant.id
    RETURNING job.*
)
INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts, payload,
    max_attempts, cost, graph_id, run_at)
SELECT tenant_id, id, 'cancelled', job_class, task_id, attempts, payload, max_attempts, cost,
    graph_id, run_at FROM gone

-- name: insert_graph
WITH inserted AS (
    INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload, deadline_at,
        max_attempts, graph_id, parents_left)
    SELECT %(tenant_id)s, node.id,
        CASE WHEN node.parents = 0 THEN 'queued' ELSE 'blocked' END::platform.job_state,
        route.job_class, route.task_id, node.payload::jsonb, %(deadline_at)s::timestamptz,
        node.max_attempts, %(graph_id)s, node.parents
    FROM unnest(%(ids)s::uuid[], %(tasks)s::text[], %(job_classes)s::smallint[],
        %(payloads)b::text[], %(parents)s::smallint[], %(max_attempts)s::smallint[])
        AS node (id, task, job_class, payload, parents, max_attempts),
        LATERAL platform.job_route(%(tenant_id)s, node.task, node.job_class) AS route
    RETURNING state, job_class, task_id
), joined AS (
    INSERT INTO platform.job_edge (tenant_id, parent_id, child_id, name)
    SELECT %(tenant_id)s, edge.* FROM unnest(%(parent_ids)s::uuid[], %(child_ids)s::uuid[],
        %(names)s::text[]) AS edge (parent_id, child_id, name)
)
SELECT pg_notify('myriad_jobs', concat_ws(':', %(tenant_id)s, job_class, task_id)) AS told
FROM inserted WHERE state = 'queued' GROUP BY job_class, task_id

-- name: find_graph
SELECT id, state::text FROM platform.job
WHERE tenant_id = %(tenant_id)s AND graph_id = %(graph_id)s
UNION ALL
SELECT id, state FROM platform.job_finished
WHERE tenant_id = %(tenant_id)s AND id BETWEEN %(first)s AND %(last)s AND graph_id = %(graph_id)s

-- name: cancel_graph
WITH gone AS (
    DELETE FROM platform.job WHERE tenant_id = %(tenant_id)s AND graph_id = %(graph_id)s
    RETURNING *
), noted AS (
    INSERT INTO platform.job_attempt (tenant_id, job_id, attempt, outcome, worker_id, started_at)
    SELECT tenant_id, id, attempts, 'cancelled', worker_id, started_at FROM gone
    WHERE state = 'running'
), kept AS (
    INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts, payload,
        max_attempts, cost, graph_id, worker_id, error, progress_done, progress_total, stage,
        message, run_at, started_at)
    SELECT tenant_id, id, 'cancelled', job_class, task_id, attempts, payload, max_attempts, cost,
        graph_id, worker_id, error, progress_done, progress_total, stage, message, run_at,
        started_at FROM gone
)
SELECT count(*) AS cancelled FROM gone
