-- name: goal_takings
SELECT local_date, sum(amount - least(amount, refunded))::bigint AS amount
FROM keeper.payment
WHERE status = 'COMPLETED' AND local_date BETWEEN %(first)s AND %(last)s
GROUP BY local_date

-- name: known_goal_takings
SELECT local_date, sum(net)::bigint AS amount
FROM known_sale
WHERE local_date BETWEEN %(first)s AND %(last)s
GROUP BY local_date

-- name: goal_calls
SELECT (decided_at AT TIME ZONE %(zone)s)::date AS local_date, count(*) AS amount
FROM keeper.task
WHERE state = 'done' AND decided_by <> 'keeper'
  AND decided_at >= (%(first)s::date)::timestamp AT TIME ZONE %(zone)s
  AND decided_at < (%(last)s::date + 1)::timestamp AT TIME ZONE %(zone)s
GROUP BY 1

-- name: report_extras_digest
-- What a report holds beside payments and findings: the goals, and the months of reviews.
SELECT concat(
    (SELECT md5(concat_ws('|', takings_per_month, calls_per_week))
     FROM keeper.preference
     WHERE takings_per_month IS NOT NULL OR calls_per_week IS NOT NULL),
    (SELECT md5(string_agg(concat_ws(',', month, reviews, stars_total, negative, aspects), '|'
                           ORDER BY month))
     FROM keeper.review_summary
     WHERE business_date = %(day)s)
) AS digest
