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
WITH RECURSIVE descendant (id) AS (
    SELECT child_id FROM platform.job_edge
    WHERE tenant_id = %(tenant_id)s AND parent_id = ANY(%(ids)s)
    UNION
    SELECT edge.child_id FROM descendant JOIN platform.job_edge AS edge
        ON edge.tenant_id = %(tenant_id)s AND edge.parent_id = descendant.id
), gone AS (
    DELETE FROM platform.job USING descendant
    WHERE job.tenant_id = %(tenant_id)s AND job.state = 'blocked' AND job.id = descendant.id
    RETURNING job.*
)
INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts, payload,
    max_attempts, cost, graph_id, run_at)
SELECT tenant_id, id, 'cancelled', job_class, task_id, attempts, payload, max_attempts, cost,
    graph_id, run_at FROM gone
