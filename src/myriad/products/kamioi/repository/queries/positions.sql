-- name: list_last_run
-- The last comparison with the broker and with the books, what differs first.
SELECT r.id, r.run_at, r.subject, r.security_id, r.ticker, r.ours, r.theirs, r.state, r.note,
    r.explained_at, coalesce(s.name, '') AS name, coalesce(u.name, '') AS explained_by,
    CASE WHEN r.state <> 'equal' THEN (
        SELECT min(o.run_at) FROM kamioi.reconciliation AS o
        WHERE o.subject = r.subject AND o.ticker = r.ticker AND o.state <> 'equal'
          AND o.security_id IS NOT DISTINCT FROM r.security_id
          AND o.run_at > coalesce((
              SELECT max(e.run_at) FROM kamioi.reconciliation AS e
              WHERE e.subject = r.subject AND e.ticker = r.ticker AND e.state = 'equal'
                AND e.security_id IS NOT DISTINCT FROM r.security_id), '-infinity')
    ) END AS since
FROM kamioi.reconciliation AS r
LEFT JOIN kamioi.security AS s ON s.id = r.security_id
LEFT JOIN platform.user_account AS u ON u.id = r.explained_by
WHERE r.run_at = (SELECT max(run_at) FROM kamioi.reconciliation)
ORDER BY (r.state = 'equal'), (r.state = 'explained'), abs(r.ours - r.theirs) DESC, r.id
LIMIT %(limit)s

-- name: list_runs
SELECT run_at, count(*) AS compared, count(*) FILTER (WHERE state <> 'equal') AS differing
FROM kamioi.reconciliation WHERE run_at >= %(since)s
GROUP BY 1 ORDER BY 1 DESC LIMIT %(limit)s

-- name: find_difference
SELECT state FROM kamioi.reconciliation WHERE id = %(id)s

-- name: explain_difference
UPDATE kamioi.reconciliation
SET state = 'explained', note = %(note)s, explained_by = %(by)s, explained_at = %(now)s
WHERE id = %(id)s AND state = 'open'
RETURNING ticker, subject

-- name: add_books
-- What the ledger contradicts itself in, or one line that it does not.
INSERT INTO kamioi.reconciliation (tenant_id, run_at, subject, ours, theirs, state, note)
SELECT %(tenant_id)s, %(now)s, 'books', r.ours, r.theirs, r.state, r.note
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (ours numeric, theirs numeric, state text, note text)
