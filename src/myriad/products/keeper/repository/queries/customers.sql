-- name: found_people
SELECT p.id, p.display_name, p.sort_name, p.email, p.phone, p.contact_allowed,
       coalesce(m.state, 'unknown') AS state, coalesce(m.value_at_risk, 0) AS value_at_risk,
       coalesce(m.clv_12m, 0) AS clv_12m, coalesce(m.x + 1, 0) AS visits,
       coalesce(m.business_date - m.gap_days, date '0001-01-01') AS last_visit,
       m.business_date, m.gap_days, m.itt_median_days, m.churn_60, m.churn_90, m.expected_visits_90,
       m.clv_12m AS clv, m.person_id IS NOT NULL AS measured
FROM keeper.person p
LEFT JOIN keeper.person_metrics m ON m.tenant_id = p.tenant_id AND m.person_id = p.id
    AND m.business_date = %(day)s
WHERE p.merged_into_id IS NULL
  AND (cardinality(%(lows)s::text[]) = 0 OR p.id IN (
      SELECT t.person_id
      FROM unnest(%(lows)s::text[], %(highs)s::text[]) AS w (low, high)
      CROSS JOIN LATERAL (
          SELECT DISTINCT k.person_id
          FROM keeper.person_term k
          WHERE k.term >= w.low AND k.term < w.high
      ) t
      GROUP BY t.person_id
      HAVING count(*) = cardinality(%(lows)s::text[])
  ))

-- name: list_customers
WITH page AS MATERIALIZED (
    SELECT f.* FROM ($found) f
    WHERE (%(state)s::text IS NULL OR f.state = %(state)s)
      AND ($after)
    ORDER BY $order
    LIMIT %(limit)s
)
SELECT page.*, n.profiles, h.months
FROM page
CROSS JOIN LATERAL (
    SELECT count(*) AS profiles
    FROM keeper.customer c
    WHERE c.tenant_id = %(tenant_id)s AND c.person_id = page.id AND c.merged_into_ext_id IS NULL
) n
CROSS JOIN LATERAL (
    SELECT ARRAY[
               count(*) FILTER (WHERE d.month = 1), count(*) FILTER (WHERE d.month = 2),
               count(*) FILTER (WHERE d.month = 3), count(*) FILTER (WHERE d.month = 4),
               count(*) FILTER (WHERE d.month = 5), count(*) FILTER (WHERE d.month = 6),
               count(*) FILTER (WHERE d.month = 7), count(*) FILTER (WHERE d.month = 8),
               count(*) FILTER (WHERE d.month = 9), count(*) FILTER (WHERE d.month = 10),
               count(*) FILTER (WHERE d.month = 11), count(*) FILTER (WHERE d.month = 12)
           ] AS months
    FROM (
        SELECT width_bucket(v.local_date, %(months)s::date[]) AS month
        FROM keeper.visit v
        WHERE v.tenant_id = %(tenant_id)s AND v.person_id = page.id
          AND v.local_date >= (%(months)s::date[])[1]
    ) d
) h
ORDER BY $order

-- name: count_found
SELECT f.state, count(*) AS people, coalesce(sum(f.value_at_risk), 0)::bigint AS value_at_risk
FROM ($found) f
GROUP BY f.state

-- name: get_person
SELECT p.id, p.display_name, p.email, p.phone, p.contact_allowed, p.merged_into_id,
       b.start_at AS next_booking_at,
       (SELECT count(*)
        FROM keeper.identity_link l
        JOIN keeper.customer c ON c.tenant_id = l.tenant_id
            AND c.id IN (l.left_customer_id, l.right_customer_id)
        WHERE l.state = 'proposed' AND c.person_id = p.id) AS possible_duplicates
FROM keeper.person p
LEFT JOIN LATERAL (
    SELECT min(k.start_at) AS start_at
    FROM keeper.customer c
    JOIN keeper.booking k ON k.tenant_id = c.tenant_id AND k.customer_ext_id = c.ext_id
    WHERE c.tenant_id = p.tenant_id AND c.person_id = p.id
      AND k.status = 'ACCEPTED' AND k.start_at > now()
) b ON true
WHERE p.id = %(person_id)s

-- name: get_metrics
SELECT m.*
FROM keeper.person_metrics m
WHERE m.person_id = %(person_id)s AND m.business_date <= %(day)s
ORDER BY m.business_date DESC
LIMIT 1

-- name: get_model_fit
SELECT *
FROM keeper.model_fit
WHERE business_date <= %(day)s
ORDER BY business_date DESC
LIMIT 1

-- name: person_visits
SELECT local_date, net, services, staff
FROM keeper.visit
WHERE person_id = %(person_id)s
ORDER BY local_date

-- name: person_profiles
SELECT c.id, c.ext_id, c.given_name, c.family_name, c.company_name, c.email, c.phone,
       c.creation_source, c.ext_created_at, l.id AS link_id, l.probability, l.method
FROM keeper.customer c
LEFT JOIN LATERAL (
    SELECT k.id, k.probability, k.method
    FROM keeper.identity_link k
    WHERE k.tenant_id = c.tenant_id AND k.state IN ('auto_linked', 'linked')
      AND (k.left_customer_id = c.id OR k.right_customer_id = c.id)
    ORDER BY k.probability DESC, k.id
    LIMIT 1
) l ON true
WHERE c.person_id = %(person_id)s AND c.merged_into_ext_id IS NULL
ORDER BY c.ext_created_at NULLS LAST, c.id

-- name: person_timeline
SELECT e.at, e.kind, e.id, e.title, e.detail, e.amount, e.currency
FROM (
    SELECT s.ext_created_at AS at, 'payment' AS kind, s.id, s.status AS title,
           (SELECT string_agg(l.name, ', ' ORDER BY l.position)
            FROM keeper.order_line l
            WHERE l.tenant_id = s.tenant_id AND l.order_ext_id = s.order_ext_id) AS detail,
           s.amount, s.currency
    FROM keeper.sale s
    WHERE s.person_id = %(person_id)s
    UNION ALL
    SELECT r.ext_created_at, 'refund', r.id, r.status, '', r.amount, r.currency
    FROM keeper.refund r
    JOIN keeper.sale s ON s.tenant_id = r.tenant_id AND s.ext_id = r.payment_ext_id
    WHERE s.person_id = %(person_id)s
    UNION ALL
    SELECT b.start_at,
           CASE WHEN b.status = 'NO_SHOW' THEN 'no_show'
                WHEN b.status IN ('CANCELLED_BY_CUSTOMER', 'CANCELLED_BY_SELLER', 'DECLINED')
                THEN 'cancelled' ELSE 'booking' END,
           b.id, b.status, '', NULL, NULL
    FROM keeper.booking b
    JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
    WHERE c.person_id = %(person_id)s
    UNION ALL
    SELECT coalesce(k.decided_at, k.created_at), 'task', k.id, k.state, k.title,
           k.value_at_risk, NULL
    FROM keeper.task k
    WHERE k.person_id = %(person_id)s
    UNION ALL
    SELECT coalesce(l.decided_at, l.created_at), 'link', l.id, l.state, l.method, NULL, NULL
    FROM keeper.identity_link l
    JOIN keeper.customer c ON c.tenant_id = l.tenant_id AND c.id = l.left_customer_id
    WHERE c.person_id = %(person_id)s AND l.state IN ('auto_linked', 'linked')
) e
WHERE %(after_at)s::timestamptz IS NULL
   OR (e.at, e.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
ORDER BY e.at DESC, e.id DESC
LIMIT %(limit)s

-- name: set_contact_allowed
UPDATE keeper.person SET contact_allowed = %(allowed)s, updated_at = now()
WHERE id = %(person_id)s
RETURNING id
