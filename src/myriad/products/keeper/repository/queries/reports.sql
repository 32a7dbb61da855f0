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

-- name: store_reports
INSERT INTO keeper.report AS r (tenant_id, kind, period_start, period_end, numbers, digest)
SELECT %(tenant_id)s, w.*
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    kind text, period_start date, period_end date, numbers jsonb, digest text
)
ON CONFLICT (tenant_id, kind, period_start) DO UPDATE
SET period_end = excluded.period_end, numbers = excluded.numbers, digest = excluded.digest,
    updated_at = now()
WHERE r.digest <> excluded.digest

-- name: state_counts
SELECT m.state, count(*) AS people
FROM keeper.person_metrics m
WHERE m.business_date = %(day)s
GROUP BY m.state

-- name: unfinished_agents
SELECT DISTINCT ON (agent) agent, state, error
FROM keeper.agent_run
WHERE business_date = %(day)s
ORDER BY agent, started_at DESC

-- name: period_counts
-- Tasks and compared days of several periods at once.
SELECT p.number, k.made, k.done, k.won_back, k.won_back_revenue, t.days_checked, t.cents_off
FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) WITH ORDINALITY AS p (first, last, number)
CROSS JOIN LATERAL (
    SELECT count(*) AS made,
           count(*) FILTER (WHERE k.state = 'done') AS done,
           count(*) FILTER (WHERE k.state = 'done' AND w.net IS NOT NULL) AS won_back,
           coalesce(sum(w.net) FILTER (WHERE k.state = 'done'), 0)::bigint AS won_back_revenue
    FROM keeper.task k
    LEFT JOIN LATERAL (
        SELECT sum(w.net) AS net
        FROM keeper.visit w
        WHERE k.state = 'done' AND w.tenant_id = k.tenant_id AND w.person_id = k.person_id
          AND w.local_date > k.business_date
          AND w.local_date <= least(p.last, k.business_date + 60)
    ) w ON true
    WHERE k.business_date BETWEEN p.first AND p.last
) k
CROSS JOIN LATERAL (
    SELECT count(*) AS days_checked, coalesce(sum(abs(drift)), 0)::bigint AS cents_off
    FROM keeper.day_total
    WHERE local_date BETWEEN p.first AND p.last
) t
ORDER BY p.number
