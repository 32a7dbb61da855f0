-- name: tasks_made_on
SELECT count(*) FILTER (WHERE business_date = %(day)s) AS made,
       count(*) FILTER (WHERE state = 'open') AS open
FROM keeper.task

-- name: busy_people
SELECT DISTINCT person_id
FROM keeper.task
WHERE state IN ('open', 'snoozed')
   OR (state IN ('done', 'dismissed') AND business_date > %(day)s::date - 30)

-- name: store_task
INSERT INTO keeper.task (
    tenant_id, dedup_key, person_id, business_date, value_at_risk, score, title, reason, due_date
) VALUES (
    %(tenant_id)s, %(dedup_key)s, %(person_id)s, %(day)s, %(value_at_risk)s, %(score)s, %(title)s,
    %(reason)s::jsonb, %(due_date)s
)
ON CONFLICT (tenant_id, dedup_key) DO NOTHING

-- name: close_answered_tasks
UPDATE keeper.task k
SET state = 'dismissed', decided_at = now(), decided_by = 'keeper', updated_at = now(),
    outcome = jsonb_build_object('why', CASE
        WHEN m.state = 'booked' THEN 'booked' ELSE 'came back' END)
FROM keeper.person_metrics m
WHERE m.tenant_id = k.tenant_id AND m.person_id = k.person_id AND m.business_date = %(day)s
  AND k.state IN ('open', 'snoozed')
  AND (m.state = 'booked' OR m.business_date - m.gap_days > k.business_date
       OR (m.business_date - m.gap_days = k.business_date AND EXISTS (
           -- On the task's own day only what was paid after the task was made answers it.
           SELECT FROM keeper.sale s
           WHERE s.tenant_id = k.tenant_id AND s.person_id = k.person_id
             AND s.local_date = k.business_date AND s.status = 'COMPLETED'
             AND s.ext_created_at >= k.created_at)))

-- name: expire_tasks
UPDATE keeper.task
SET state = 'dismissed', decided_at = now(), decided_by = 'keeper', updated_at = now(),
    outcome = '{"why": "expired"}'
WHERE state = 'open' AND due_date < %(day)s

-- name: lock_task
SELECT id, state, person_id, business_date, outcome FROM keeper.task WHERE id = %(task_id)s FOR UPDATE

-- name: task_person
SELECT p.id AS person_id, p.contact_allowed
FROM keeper.task k
JOIN keeper.person p ON p.tenant_id = k.tenant_id AND p.id = k.person_id
WHERE k.id = %(task_id)s

-- name: decide_task
UPDATE keeper.task
SET state = %(state)s, snoozed_until = %(snoozed_until)s, decided_by = %(decided_by)s,
    decided_at = now(), updated_at = now(),
    due_date = greatest(due_date, coalesce(%(snoozed_until)s::date + 7, due_date)),
    outcome = %(outcome)s::jsonb
WHERE id = %(task_id)s

-- name: list_tasks
SELECT id, person_id, business_date, value_at_risk, title, reason, due_date, state, snoozed_until,
       outcome ->> 'said' AS answer
FROM keeper.task
WHERE (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(after_value)s::bigint IS NULL
       OR value_at_risk < %(after_value)s::bigint
       OR (value_at_risk = %(after_value)s::bigint AND id > %(after_id)s::uuid))
ORDER BY value_at_risk DESC, id
LIMIT %(limit)s
