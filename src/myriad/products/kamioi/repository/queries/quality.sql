-- name: quality_coverage
-- Strings and the purchases that have them, by what decided them; rare are those seen up to
-- three times.
WITH used AS (
    SELECT descriptor_id, sum(purchases) AS purchases
    FROM kamioi.descriptor_use WHERE purchases > 0 GROUP BY 1
)
SELECT coalesce(m.state IN ('auto', 'approved'), false) AS is_decided,
    coalesce(m.method, '') AS method, count(*) AS descriptors,
    sum(u.purchases)::bigint AS purchases,
    count(*) FILTER (WHERE u.purchases <= 3) AS rare_descriptors
FROM used AS u
LEFT JOIN kamioi.mapping AS m ON m.descriptor_id = u.descriptor_id AND m.valid_to IS NULL
GROUP BY 1, 2 ORDER BY 1, 2

-- name: quality_audits
-- What people found of decisions, by how far these were believed, in tenths.
SELECT m.method, coalesce(m.model, '') AS model,
    least(9, floor(m.confidence * 10))::int AS bin, count(*) AS total,
    sum(m.confidence)::float8 AS believed, count(*) FILTER (WHERE a.is_right) AS right_ones
FROM kamioi.audit_sample AS a
JOIN kamioi.mapping AS m ON m.tenant_id = a.tenant_id AND m.id = a.mapping_id
WHERE a.is_right IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: quality_decisions
SELECT method, model, day >= %(recent)s AS is_recent, sum(decisions)::bigint AS decisions,
    sum(cost_usd_micros)::bigint AS cost_usd_micros
FROM kamioi.decision_day WHERE day >= %(since)s AND decisions > 0
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: quality_overrides
-- Strings that a member corrected to something else than everybody's decision.
SELECT count(DISTINCT o.descriptor_id) AS descriptors, count(*) AS overrides
FROM kamioi.member_override AS o
JOIN kamioi.mapping AS m ON m.tenant_id = o.tenant_id AND m.descriptor_id = o.descriptor_id
    AND m.valid_to IS NULL AND m.state IN ('auto', 'approved')
WHERE o.brand_id IS DISTINCT FROM m.brand_id

-- name: quality_queue
SELECT count(*) AS waiting,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY age))::float8 AS median_seconds,
    max(age)::float8 AS oldest_seconds
FROM (
    SELECT extract(epoch FROM %(now)s - m.valid_from)::float8 AS age
    FROM kamioi.mapping AS m WHERE m.valid_to IS NULL AND m.state = 'proposed'
) AS queue

-- name: put_quality
INSERT INTO kamioi.quality_hour (tenant_id, hour, facts, measured_at)
VALUES (%(tenant_id)s, date_trunc('hour', %(now)s::timestamptz), %(facts)s::jsonb, %(now)s)
ON CONFLICT (tenant_id, hour)
DO UPDATE SET facts = excluded.facts, measured_at = excluded.measured_at

-- name: find_quality
SELECT facts, measured_at FROM kamioi.quality_hour ORDER BY hour DESC LIMIT 1

-- name: list_quality_days
-- The last measurement of each day.
SELECT DISTINCT ON ((hour AT TIME ZONE 'UTC')::date) (hour AT TIME ZONE 'UTC')::date AS day, facts
FROM kamioi.quality_hour WHERE hour >= %(since)s
ORDER BY 1, hour DESC

-- name: forget_quality
DELETE FROM kamioi.quality_hour WHERE hour < %(before)s
