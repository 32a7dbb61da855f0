-- name: open_control_group
INSERT INTO keeper.control_group (tenant_id) VALUES (%(tenant_id)s)
ON CONFLICT (tenant_id) DO NOTHING

-- name: get_control_group
SELECT salt, is_on, changed_at FROM keeper.control_group

-- name: switch_control_group
UPDATE keeper.control_group
SET is_on = %(is_on)s, changed_by = %(changed_by)s, changed_at = now(), updated_at = now()
WHERE is_on <> %(is_on)s

-- name: stop_assignments
UPDATE keeper.call_assignment
SET stopped_on = %(day)s, updated_at = now()
WHERE stopped_on IS NULL AND horizon_date >= %(day)s

-- name: assignment_blocks
SELECT a.stratum, l.place + 1 AS people, count(*) FILTER (WHERE a.arm = 'control') AS controls
FROM (SELECT stratum, max(place) AS place FROM keeper.call_assignment GROUP BY stratum) l
JOIN keeper.call_assignment a ON a.stratum = l.stratum AND a.place / 10 = l.place / 10
GROUP BY a.stratum, l.place

-- name: current_assignments
SELECT DISTINCT ON (person_id) person_id, arm
FROM (
    SELECT coalesce(p.merged_into_id, p.id) AS person_id, a.arm, a.entered_on, a.id
    FROM keeper.call_assignment a
    JOIN keeper.person p ON p.tenant_id = a.tenant_id AND p.id = a.person_id
    WHERE a.horizon_date >= %(day)s AND a.entered_on <= %(day)s AND a.stopped_on IS NULL
) w
ORDER BY person_id, entered_on, id

-- name: store_assignments
INSERT INTO keeper.call_assignment (
    tenant_id, person_id, entered_on, horizon_date, arm, stratum, place, playbook, value_at_risk
)
SELECT %(tenant_id)s, w.*
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    person_id uuid, entered_on date, horizon_date date, arm text, stratum smallint, place integer,
    playbook text, value_at_risk bigint
)
ON CONFLICT (tenant_id, person_id, entered_on) DO NOTHING

-- name: measure_assignments
UPDATE keeper.call_assignment a
SET returned = m.visits > 0, net = m.net, measured_on = %(day)s, updated_at = now()
FROM (
    SELECT b.id, count(v.local_date) AS visits, coalesce(sum(v.net), 0)::bigint AS net
    FROM keeper.call_assignment b
    JOIN keeper.person p ON p.tenant_id = b.tenant_id AND p.id = b.person_id
    LEFT JOIN known_visit v ON v.person_id = coalesce(p.merged_into_id, p.id)
        AND v.local_date > b.entered_on AND v.local_date <= b.horizon_date
    WHERE b.horizon_date <= %(reach)s AND b.stopped_on IS NULL
      AND (b.measured_on IS NULL OR b.measured_on < b.horizon_date + %(settle_days)s)
    GROUP BY b.id
) m
WHERE a.id = m.id

-- name: effect_totals
SELECT arm, playbook, date_trunc('month', horizon_date)::date AS month, count(*) AS people,
       count(*) FILTER (WHERE returned) AS returned, sum(net)::bigint AS net,
       sum(net::numeric * net) AS net_squares,
       count(*) FILTER (WHERE horizon_date >= %(since)s) AS recent
FROM keeper.call_assignment
WHERE measured_on IS NOT NULL AND stopped_on IS NULL
  AND horizon_date BETWEEN %(first)s AND %(last)s
GROUP BY arm, playbook, date_trunc('month', horizon_date)

-- name: waiting_assignments
SELECT count(*) FILTER (WHERE arm = 'call') AS called,
       count(*) FILTER (WHERE arm = 'control') AS held_out,
       min(horizon_date) AS next_on, min(entered_on) AS first_on
FROM keeper.call_assignment
WHERE stopped_on IS NULL AND measured_on IS NULL AND entered_on <= %(day)s

-- name: proof_digest
SELECT concat_ws(',', count(*), count(measured_on), sum(net), count(stopped_on)) AS digest
FROM keeper.call_assignment
WHERE horizon_date <= %(day)s

-- name: last_payment_sync
SELECT min(last_ok_at)::date - 1 AS day
FROM keeper.sync_cursor
WHERE object = 'payments'

-- name: insight_scores
SELECT kind, s.right_count, s.graded, s.waiting, s.void, m.muted_on, m.retry_on, m.reason,
       m.decided_by
FROM (
    SELECT kind, count(*) FILTER (WHERE correct) AS right_count,
           count(*) FILTER (WHERE correct IS NOT NULL) AS graded,
           count(*) FILTER (WHERE graded_at IS NULL) AS waiting,
           count(*) FILTER (WHERE graded_at IS NOT NULL AND correct IS NULL) AS void
    FROM keeper.insight
    GROUP BY kind
) s
FULL JOIN keeper.muted_kind m USING (kind)
ORDER BY kind

-- name: muted_kinds
SELECT kind FROM keeper.muted_kind WHERE muted_on IS NOT NULL

-- name: retry_kinds
UPDATE keeper.muted_kind
SET muted_on = NULL, retry_on = NULL, judged_from = %(day)s, updated_at = now()
WHERE muted_on IS NOT NULL AND retry_on <= %(day)s

-- name: kinds_to_judge
SELECT i.kind, count(*) FILTER (WHERE i.correct) AS right_count, count(*) AS graded
FROM keeper.insight i
LEFT JOIN keeper.muted_kind m ON m.tenant_id = i.tenant_id AND m.kind = i.kind
WHERE i.correct IS NOT NULL AND m.muted_on IS NULL
  AND (m.judged_from IS NULL OR i.business_date >= m.judged_from)
GROUP BY i.kind

-- name: mute_kind
INSERT INTO keeper.muted_kind AS m (
    tenant_id, kind, muted_on, retry_on, reason, decided_by
) VALUES (
    %(tenant_id)s, %(kind)s, %(day)s, %(retry_on)s, %(reason)s, %(decided_by)s
)
ON CONFLICT (tenant_id, kind) DO UPDATE
SET muted_on = excluded.muted_on, retry_on = excluded.retry_on, reason = excluded.reason,
    decided_by = excluded.decided_by, updated_at = now()
WHERE m.muted_on IS NULL

-- name: unmute_kind
UPDATE keeper.muted_kind
SET muted_on = NULL, retry_on = NULL, reason = '', decided_by = %(decided_by)s,
    judged_from = %(day)s, updated_at = now()
WHERE kind = %(kind)s AND muted_on IS NOT NULL

-- name: knows_kind
SELECT EXISTS (SELECT FROM keeper.insight WHERE kind = %(kind)s) AS known
