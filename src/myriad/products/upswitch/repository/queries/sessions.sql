-- name: insert_session
INSERT INTO upswitch.session (tenant_id, id, user_id, company_number, company_name, country, locale, live)
VALUES (%(tenant_id)s, %(id)s, %(user_id)s, %(company_number)s, %(company_name)s, %(country)s,
        %(locale)s, %(live)s::jsonb)

-- name: find_session
SELECT id, company_number, company_name, country, locale, live, spent_usd_micros,
       CASE WHEN state = 'open' AND expires_at <= now() THEN 'expired' ELSE state END AS state,
       expires_at, used_at, created_at
FROM upswitch.session
WHERE tenant_id = %(tenant_id)s AND id = %(session_id)s

-- name: lock_session
SELECT id, state, live, locale, spent_usd_micros, expires_at <= now() AS is_expired
FROM upswitch.session
WHERE tenant_id = %(tenant_id)s AND id = %(session_id)s
FOR UPDATE

-- name: get_locale
SELECT locale FROM upswitch.session WHERE tenant_id = %(tenant_id)s AND id = %(session_id)s

-- name: list_sessions
-- The position of a page is the time of use and the id of the last row before it.
SELECT session.id, company_number, company_name, session.created_at, used_at,
       CASE WHEN state = 'open' AND expires_at <= now() THEN 'expired' ELSE state END AS state,
       count(fact.id) FILTER (WHERE fact.confirmed_at IS NOT NULL) AS facts,
       count(fact.id) FILTER (WHERE fact.confirmed_at IS NULL AND fact.id IS NOT NULL) AS unconfirmed
FROM upswitch.session
LEFT JOIN upswitch.fact ON fact.tenant_id = session.tenant_id AND fact.session_id = session.id
    AND fact.superseded_by IS NULL
WHERE session.tenant_id = %(tenant_id)s
  AND (%(after_used_at)s::timestamptz IS NULL
       OR (used_at, session.id) < (%(after_used_at)s::timestamptz, %(after_id)s::uuid))
  AND (%(company_number)s::bigint IS NULL OR company_number = %(company_number)s::bigint)
GROUP BY session.tenant_id, session.id
ORDER BY used_at DESC, session.id DESC
LIMIT %(limit)s

-- name: update_session
UPDATE upswitch.session
SET state = coalesce(%(state)s, state), locale = coalesce(%(locale)s, locale),
    used_at = now(), expires_at = now() + interval '24 hours'
WHERE tenant_id = %(tenant_id)s AND id = %(session_id)s

-- name: keep_live_state
UPDATE upswitch.session
SET live = %(live)s::jsonb, used_at = now(), expires_at = now() + interval '24 hours'
WHERE tenant_id = %(tenant_id)s AND id = %(session_id)s

-- name: keep_spend
UPDATE upswitch.session
SET spent_usd_micros = greatest(spent_usd_micros, %(usd_micros)s)
WHERE tenant_id = %(tenant_id)s AND id = %(session_id)s

-- name: list_messages
SELECT seq, role, content, spoken_by, answers, created_at
FROM upswitch.message
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s
ORDER BY seq DESC
LIMIT %(limit)s

-- name: insert_message
INSERT INTO upswitch.message (tenant_id, session_id, seq, role, content, spoken_by, answers,
                              request_key, tokens, cost_usd_micros)
SELECT %(tenant_id)s, %(session_id)s, coalesce(max(seq), 0) + 1, %(role)s, %(content)s,
       %(spoken_by)s, %(answers)s, %(request_key)s, %(tokens)s, %(cost_usd_micros)s
FROM upswitch.message
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s
RETURNING seq, role, content, spoken_by, answers, created_at

-- name: find_message_of_request
SELECT seq, role, content, spoken_by, answers, created_at
FROM upswitch.message
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND request_key = %(request_key)s

-- name: find_answer_to
SELECT seq, role, content, spoken_by, answers, created_at
FROM upswitch.message
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND answers = %(seq)s

-- name: remove_old_sessions
DELETE FROM upswitch.session
WHERE tenant_id = %(tenant_id)s AND used_at < now() - make_interval(days => %(days)s)

-- name: forget_expired_conversations
UPDATE upswitch.session
SET live = '{}'
WHERE tenant_id = %(tenant_id)s AND expires_at <= now() AND live <> '{}'
