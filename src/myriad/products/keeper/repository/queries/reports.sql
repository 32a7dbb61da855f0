-- name: list_reports
SELECT id, kind, period_start, period_end, created_at, numbers, digest
FROM keeper.report
WHERE (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(after_day)s::date IS NULL
       OR (period_end, id) < (%(after_day)s::date, %(after_id)s::uuid))
ORDER BY period_end DESC, id DESC
LIMIT %(limit)s

-- name: get_report
SELECT id, kind, period_start, period_end, created_at, numbers, digest
FROM keeper.report
WHERE id = %(report_id)s

-- name: newest_report
SELECT id, kind, period_start, period_end, created_at, numbers, digest
FROM keeper.report
WHERE %(kind)s::text IS NULL OR kind = %(kind)s
ORDER BY period_end DESC, id DESC
LIMIT 1

-- name: store_report
INSERT INTO keeper.report AS r (tenant_id, kind, period_start, period_end, numbers, digest)
VALUES (%(tenant_id)s, %(kind)s, %(period_start)s, %(period_end)s, %(numbers)s, %(digest)s)
ON CONFLICT (tenant_id, kind, period_start) DO UPDATE
SET period_end = excluded.period_end, numbers = excluded.numbers, digest = excluded.digest,
    updated_at = now()
WHERE r.digest <> excluded.digest
RETURNING id

-- name: period_numbers
SELECT coalesce(sum(s.net), 0)::bigint AS revenue,
       (SELECT count(*) FROM known_visit v
        WHERE v.local_date BETWEEN %(first)s AND %(last)s) AS visits,
       (SELECT count(*) FROM (
            SELECT v.person_id FROM known_visit v
            GROUP BY v.person_id
            HAVING min(v.local_date) BETWEEN %(first)s AND %(last)s) n) AS new_customers,
       (SELECT count(DISTINCT v.person_id) FROM known_visit v
        WHERE v.local_date BETWEEN %(first)s AND %(last)s) AS people,
       count(*) FILTER (WHERE s.net > 0) AS sales
FROM known_sale s
WHERE s.local_date BETWEEN %(first)s AND %(last)s

-- name: state_counts
SELECT m.state, count(*) AS people
FROM keeper.person_metrics m
WHERE m.business_date = %(day)s
GROUP BY m.state

-- name: task_results
SELECT count(*) AS made,
       count(*) FILTER (WHERE k.state = 'done') AS done,
       count(*) FILTER (WHERE k.state = 'done' AND v.net IS NOT NULL) AS won_back,
       coalesce(sum(v.net) FILTER (WHERE k.state = 'done'), 0)::bigint AS won_back_revenue
FROM keeper.task k
LEFT JOIN LATERAL (
    SELECT sum(w.net) AS net
    FROM keeper.visit w
    WHERE w.tenant_id = k.tenant_id AND w.person_id = k.person_id
      AND w.local_date > k.business_date AND w.local_date <= least(%(last)s, k.business_date + 60)
) v ON true
WHERE k.business_date BETWEEN %(first)s AND %(last)s

-- name: drift_between
SELECT count(*) AS days, coalesce(sum(abs(drift)), 0)::bigint AS cents_off
FROM keeper.day_total
WHERE local_date BETWEEN %(first)s AND %(last)s

-- name: unfinished_agents
SELECT DISTINCT ON (agent) agent, state, error
FROM keeper.agent_run
WHERE business_date = %(day)s
ORDER BY agent, started_at DESC
