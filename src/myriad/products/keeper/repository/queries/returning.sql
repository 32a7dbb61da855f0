-- name: payment_of_event
SELECT body #>> '{data,object,payment,id}' AS ext_id FROM keeper.webhook_event
WHERE event_id = %(event_id)s

-- name: payment_of_person
SELECT s.ext_id, s.person_id, s.amount, s.currency, s.status, s.local_date, s.ext_created_at,
       p.display_name
FROM keeper.sale s
JOIN keeper.person p ON p.tenant_id = s.tenant_id AND p.id = s.person_id
WHERE s.ext_id = %(ext_id)s

-- name: visits_of_person
SELECT person_id, local_date, net FROM keeper.visits_until(%(day)s)
WHERE person_id = %(person_id)s ORDER BY local_date

-- name: store_visit
INSERT INTO keeper.visit AS v (tenant_id, person_id, local_date, net)
VALUES (%(tenant_id)s, %(person_id)s, %(local_date)s, %(net)s)
ON CONFLICT (tenant_id, person_id, local_date) DO UPDATE
SET net = excluded.net, updated_at = now() WHERE v.net IS DISTINCT FROM excluded.net

-- name: drop_visit
DELETE FROM keeper.visit WHERE person_id = %(person_id)s AND local_date = %(local_date)s

-- name: bookings_of_person
SELECT c.person_id, coalesce(b.ext_created_at::date, b.local_date) AS made, b.local_date AS start,
       b.status = 'NO_SHOW' AS no_show
FROM keeper.customer c
JOIN keeper.booking b ON b.tenant_id = c.tenant_id AND b.customer_ext_id = c.ext_id
WHERE c.person_id = %(person_id)s AND b.status IN ('ACCEPTED', 'NO_SHOW')
  AND coalesce(b.ext_created_at::date, b.local_date) <= %(day)s

-- name: fit_of_day
SELECT r, alpha, a, b, gamma_p, gamma_q, gamma_v, detail FROM keeper.model_fit
WHERE business_date = %(day)s

-- name: metrics_of_person
SELECT business_date, x, gap_days, state, value_at_risk, updated_at FROM keeper.person_metrics
WHERE business_date = %(day)s AND person_id = %(person_id)s

-- name: usual_cadence
SELECT (reason ->> 'interval_days')::float8 AS interval_days,
       (reason ->> 'late_after_days')::float8 AS late_after_days
FROM keeper.person_metrics
WHERE business_date = %(day)s AND reason ->> 'cadence' = 'account'
LIMIT 1

-- name: replace_metrics_of_person
INSERT INTO keeper.person_metrics (
    tenant_id, business_date, person_id, x, t_x_weeks, age_weeks, gap_days, itt_median_days,
    itt_mad_days, p_alive, churn_30, churn_60, churn_90, expected_visits_90, expected_spend,
    clv_12m, value_at_risk, state, reason, model_version
)
VALUES (
    %(tenant_id)s, %(day)s, %(person_id)s, %(x)s, %(t_x_weeks)s, %(age_weeks)s, %(gap_days)s,
    %(itt_median_days)s, %(itt_mad_days)s, %(p_alive)s, %(churn_30)s, %(churn_60)s, %(churn_90)s,
    %(expected_visits_90)s, %(expected_spend)s, %(clv_12m)s, %(value_at_risk)s, %(state)s,
    %(reason)s::jsonb, %(model_version)s
)
ON CONFLICT (tenant_id, business_date, person_id) DO UPDATE
SET x = excluded.x, t_x_weeks = excluded.t_x_weeks, age_weeks = excluded.age_weeks,
    gap_days = excluded.gap_days, itt_median_days = excluded.itt_median_days,
    itt_mad_days = excluded.itt_mad_days, p_alive = excluded.p_alive,
    churn_30 = excluded.churn_30, churn_60 = excluded.churn_60, churn_90 = excluded.churn_90,
    expected_visits_90 = excluded.expected_visits_90, expected_spend = excluded.expected_spend,
    clv_12m = excluded.clv_12m, value_at_risk = excluded.value_at_risk, state = excluded.state,
    reason = excluded.reason, model_version = excluded.model_version, updated_at = now()

-- name: close_task_of_person
UPDATE keeper.task
SET state = 'dismissed', decided_at = now(), decided_by = 'keeper', updated_at = now(),
    outcome = '{"why": "came back"}'
WHERE person_id = %(person_id)s AND state IN ('open', 'snoozed')
  AND (business_date < %(local_date)s
       OR (business_date = %(local_date)s AND created_at <= %(paid_at)s))

-- name: agents_at_work
SELECT count(*) AS running FROM keeper.agent_run
WHERE state = 'running' AND started_at > now() - interval '30 minutes'
