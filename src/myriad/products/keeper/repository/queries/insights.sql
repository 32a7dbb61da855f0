-- name: list_insights
SELECT id, business_date, kind, claim, evidence, predicted, horizon_date, graded_at, correct, priority
FROM keeper.insight
WHERE (%(after_day)s::date IS NULL
       OR (business_date, priority, id)
          < (%(after_day)s::date, %(after_priority)s, %(after_id)s::uuid))
  AND kind NOT IN (SELECT m.kind FROM keeper.muted_kind m WHERE m.muted_on IS NOT NULL)
ORDER BY business_date DESC, priority DESC, id DESC
LIMIT %(limit)s

-- name: period_insights
SELECT p.number, i.*
FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) WITH ORDINALITY AS p (first, last, number)
CROSS JOIN LATERAL (
    SELECT id, business_date, kind, claim, evidence, predicted, horizon_date, graded_at, correct,
           priority
    FROM keeper.insight
    WHERE business_date BETWEEN p.first AND p.last
      AND kind NOT IN (SELECT m.kind FROM keeper.muted_kind m WHERE m.muted_on IS NOT NULL)
    ORDER BY priority DESC, id
    LIMIT 10
) i
ORDER BY p.number, i.priority DESC, i.id

-- name: services_between
SELECT s.number, s.name, s.quantity, s.revenue
FROM (
    SELECT p.number, l.name, sum(l.quantity)::bigint AS quantity, sum(l.net)::bigint AS revenue,
           row_number() OVER (PARTITION BY p.number ORDER BY sum(l.net) DESC, l.name) AS place
    FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) WITH ORDINALITY AS p (first, last, number)
    JOIN keeper.sales_order o ON o.local_date BETWEEN p.first AND p.last
        AND o.local_date BETWEEN %(since)s AND %(until)s
    JOIN keeper.order_line l ON l.tenant_id = o.tenant_id AND l.order_ext_id = o.ext_id
    WHERE o.state = 'COMPLETED' AND l.name <> ''
    GROUP BY p.number, l.name
) s
WHERE s.place <= %(limit)s
ORDER BY s.number, s.place

-- name: store_insights
INSERT INTO keeper.insight (
    tenant_id, business_date, kind, claim, evidence, predicted, horizon_date, priority, dedup_key
)
SELECT %(tenant_id)s, %(day)s, w.*
FROM jsonb_to_recordset(%(rows)s::jsonb) AS w (
    kind text, claim text, evidence jsonb, predicted jsonb, horizon_date date, priority integer,
    dedup_key text
)
ON CONFLICT (tenant_id, dedup_key) DO NOTHING

-- name: due_insights
SELECT id, kind, business_date, predicted, horizon_date
FROM keeper.insight
WHERE graded_at IS NULL AND horizon_date <= least(%(day)s::date, %(reach)s::date)
ORDER BY horizon_date, id
LIMIT %(limit)s

-- name: grade_insight
UPDATE keeper.insight
SET graded_at = now(), correct = %(correct)s, updated_at = now(),
    predicted = CASE jsonb_typeof(predicted) WHEN 'object' THEN predicted ELSE '{}' END
        || jsonb_build_object('outcome', %(outcome)s::text, 'measured', %(measured)s::float8)
WHERE id = %(insight_id)s

-- name: void_unreached_insights
UPDATE keeper.insight
SET graded_at = now(), updated_at = now(),
    predicted = predicted || jsonb_build_object(
        'outcome', 'Nothing was read from Square after these days, so it was never measured.')
WHERE graded_at IS NULL AND horizon_date <= %(late)s

-- name: visits_between
SELECT count(*) AS visits, coalesce(sum(net), 0)::bigint AS net,
       count(DISTINCT person_id) AS people
FROM known_visit
WHERE local_date BETWEEN %(first)s AND %(last)s

-- name: visit_days
-- Takings are those of every sale, as Today shows them; visits those of people who are known.
SELECT local_date, sum(visits)::bigint AS visits, sum(net)::bigint AS net
FROM (
    SELECT local_date, count(*) AS visits, 0 AS net FROM known_visit
    WHERE local_date BETWEEN %(first)s AND %(last)s GROUP BY local_date
    UNION ALL
    SELECT local_date, 0, sum(net) FROM known_sale
    WHERE local_date BETWEEN %(first)s AND %(last)s GROUP BY local_date
) d
GROUP BY local_date

-- name: returned_between
SELECT count(*) AS known, count(*) FILTER (WHERE EXISTS (
           SELECT FROM known_visit v
           WHERE v.person_id = coalesce(p.merged_into_id, p.id)
             AND v.local_date BETWEEN %(first)s AND %(last)s
       )) AS people
FROM keeper.person p
WHERE p.id = ANY (%(person_ids)s::uuid[])

-- name: weekday_profile
SELECT extract(isodow FROM d.day)::int AS weekday, avg(coalesce(v.visits, 0))::float8 AS visits,
       coalesce(sum(v.visits), 0)::bigint AS total, count(*) AS days
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d (day)
LEFT JOIN (
    SELECT local_date, count(*) AS visits
    FROM known_visit
    GROUP BY local_date
) v ON v.local_date = d.day::date
GROUP BY 1
ORDER BY 1

-- name: slipping_people
SELECT m.person_id, p.display_name, m.churn_90, m.gap_days, m.itt_median_days,
       (m.reason ->> 'yearly_value')::bigint AS yearly_value
FROM keeper.person_metrics m
JOIN keeper.person p ON p.tenant_id = m.tenant_id AND p.id = m.person_id
WHERE m.business_date = %(day)s AND m.state IN ('slowing', 'likely_lapsed') AND m.x > 0
ORDER BY m.value_at_risk DESC, m.person_id

-- name: second_visit_share
SELECT count(*) AS people,
       count(*) FILTER (WHERE EXISTS (
           SELECT 1 FROM known_visit w
           WHERE w.person_id = f.person_id AND w.local_date > f.first_day
             AND w.local_date <= f.first_day + 90
       )) AS returned
FROM (
    SELECT person_id, min(local_date) AS first_day
    FROM known_visit
    GROUP BY person_id
) f
WHERE f.first_day BETWEEN %(first)s AND %(last)s

-- name: churn_of
SELECT person_id, churn_90
FROM keeper.person_metrics
WHERE business_date = %(day)s AND churn_90 IS NOT NULL AND person_id = ANY (%(person_ids)s::uuid[])

-- name: metrics_digest
SELECT md5(concat_ws(',', count(*), sum(value_at_risk), sum(churn_60)::numeric(20, 6))) AS digest
FROM keeper.person_metrics
WHERE business_date = %(day)s
