"""The largest account of the bench of pages, by SQL: the agents would take long to make it."""

from __future__ import annotations

_TENANT = """
INSERT INTO platform.tenant (id, slug, name, timezone)
SELECT id, 'shop-' || id, 'Shop', 'America/New_York' FROM unnest(%(ids)s::uuid[]) AS t (id)
"""
# What a year leaves behind, without the agents: they would take hours for ten thousand accounts.
STATEMENTS = (
    _TENANT,
    """
INSERT INTO keeper.account (tenant_id, business_date)
SELECT id, current_date FROM unnest(%(ids)s::uuid[]) AS t (id)
""",
    """
INSERT INTO keeper.person (tenant_id, id, display_name, sort_name, email, phone)
SELECT t.id, uuidv7(), 'Given' || n || ' Family' || n %% 97, 'family' || n %% 97 || ' given' || n,
       'p' || n || '@example.com', '+1212555' || lpad((n %% 10000)::text, 4, '0')
FROM unnest(%(ids)s::uuid[]) AS t (id), generate_series(1, %(people)s) AS n
""",
    """
INSERT INTO keeper.customer (
    tenant_id, id, ext_id, given_name, family_name, email, phone, person_id, ext_created_at,
    created_at, updated_at
)
SELECT p.tenant_id, p.id, 'c' || p.id, split_part(p.display_name, ' ', 1),
       split_part(p.display_name, ' ', 2), p.email, p.phone, p.id, now() - interval '400 days',
       now() - interval '1 day', now() - interval '1 day'
FROM keeper.person p WHERE p.tenant_id = ANY (%(ids)s::uuid[])
""",
    """
INSERT INTO keeper.person_term (tenant_id, term, person_id)
SELECT p.tenant_id, w.term, p.id
FROM keeper.person p CROSS JOIN LATERAL (
    SELECT DISTINCT unnest(string_to_array(lower(p.display_name), ' ') || p.email) AS term) w
WHERE p.tenant_id = ANY (%(ids)s::uuid[])
""",
    """
INSERT INTO keeper.payment (
    tenant_id, ext_id, customer_ext_id, amount, currency, status, local_date, ext_created_at,
    ext_updated_at, created_at, updated_at
)
SELECT d.tenant_id, d.id || '-' || d.n, 'c' || d.id, 4000 + 500 * (d.h %% 17), 'USD', 'COMPLETED',
       d.day, d.day + time '15:00', d.day + time '15:00', now() - interval '1 day',
       now() - interval '1 day'
FROM (
    SELECT p.tenant_id, p.id, n, abs(hashtext(p.id::text || n)) AS h,
           current_date - (1 + abs(hashtext(p.id::text)) %% 90 + n * 28)::int AS day
    FROM keeper.person p, generate_series(1, %(visits)s) AS n
    WHERE p.tenant_id = ANY (%(ids)s::uuid[])
) d
""",
    """
INSERT INTO keeper.visit (tenant_id, person_id, local_date, net, services)
SELECT p.tenant_id, c.person_id, p.local_date, sum(p.amount), '{Facial}'
FROM keeper.payment p
JOIN keeper.customer c ON c.tenant_id = p.tenant_id AND c.ext_id = p.customer_ext_id
WHERE p.tenant_id = ANY (%(ids)s::uuid[]) GROUP BY 1, 2, 3
""",
    """
INSERT INTO keeper.person_metrics (
    tenant_id, business_date, person_id, x, t_x_weeks, age_weeks, gap_days, itt_median_days,
    itt_mad_days, p_alive, churn_30, churn_60, churn_90, expected_visits_90, expected_spend,
    clv_12m, value_at_risk, state, reason
)
SELECT v.tenant_id, current_date, v.person_id, v.visits - 1, 40, 50, v.gap, 28, 2, .9, .6, .4, .3,
       3, 8000, 80000, CASE WHEN v.gap > 60 THEN 90 * (v.gap + v.h %% 100) ELSE 0 END,
       CASE WHEN v.gap > 100 THEN 'likely_lapsed' WHEN v.gap > 60 THEN 'slowing' ELSE 'active' END,
       jsonb_build_object('yearly_value', 96000, 'sentence', 'Usually comes every 28 days.',
                          'rule', 'past_cadence', 'evidence', '[]'::jsonb)
FROM (
    SELECT tenant_id, person_id, count(*) AS visits, current_date - max(local_date) AS gap,
           abs(hashtext(person_id::text)) AS h
    FROM keeper.visit WHERE tenant_id = ANY (%(ids)s::uuid[]) GROUP BY 1, 2
) v
""",
    """
INSERT INTO keeper.task (
    tenant_id, dedup_key, person_id, business_date, value_at_risk, score, title, reason, due_date
)
SELECT m.tenant_id, m.person_id::text, m.person_id, current_date, m.value_at_risk, 1, 'Call', m.reason,
       current_date + 6
FROM (
    SELECT m.*, row_number() OVER (PARTITION BY tenant_id ORDER BY value_at_risk DESC) AS place
    FROM keeper.person_metrics m WHERE tenant_id = ANY (%(ids)s::uuid[])
) m WHERE m.place <= 5
""",
    """
INSERT INTO keeper.agent_run (tenant_id, agent, business_date, input_digest, run_key, state)
SELECT t.id, a, current_date, '', a || g, 'ok'
FROM unnest(%(ids)s::uuid[]) AS t (id), generate_series(1, 3) AS g,
     unnest('{data,matching,analysis,employee,review,insight,report}'::text[]) AS a
""",
)
