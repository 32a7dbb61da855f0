-- name: list_facts
SELECT id, key, value, unit, period, source, confidence, evidence,
       confirmed_at IS NOT NULL AS confirmed, created_at AS updated_at
FROM upswitch.fact
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND superseded_by IS NULL
ORDER BY key, period DESC, confirmed_at IS NULL

-- name: list_fact_history
SELECT id, key, value, unit, period, source, confidence, evidence,
       confirmed_at IS NOT NULL AS confirmed, created_at AS updated_at
FROM upswitch.fact
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND key = %(key)s
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s

-- name: list_filed_facts
SELECT key, value, unit, period, source, confidence, evidence,
       confirmed_at IS NOT NULL AS confirmed, created_at AS updated_at
FROM upswitch.fact
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND source = 'registry'
ORDER BY created_at DESC, id DESC

-- name: supersede_facts
-- What is confirmed takes the place of everything; what is proposed only that of proposals.
UPDATE upswitch.fact
SET superseded_by = %(id)s
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND key = %(key)s
  AND period = %(period)s AND superseded_by IS NULL
  AND CASE WHEN confirmed_at IS NULL THEN %(over_proposed)s ELSE %(over_held)s END

-- name: insert_fact
INSERT INTO upswitch.fact (tenant_id, id, session_id, key, value, unit, period, source, confidence,
                           evidence, confirmed_at)
VALUES (%(tenant_id)s, %(id)s, %(session_id)s, %(key)s, %(value)s::jsonb, %(unit)s, %(period)s,
        %(source)s, %(confidence)s, %(evidence)s, CASE WHEN %(confirmed)s THEN now() END)

-- name: confirm_fact
-- A confirmed proposal takes the place of what held before.
UPDATE upswitch.fact
SET confirmed_at = now()
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND key = %(key)s
  AND period = %(period)s AND superseded_by IS NULL AND confirmed_at IS NULL

-- name: supersede_held_fact
UPDATE upswitch.fact AS held
SET superseded_by = proposed.id
FROM upswitch.fact AS proposed
WHERE held.tenant_id = %(tenant_id)s AND held.session_id = %(session_id)s AND held.key = %(key)s
  AND held.period = %(period)s AND held.superseded_by IS NULL AND held.confirmed_at IS NOT NULL
  AND proposed.tenant_id = held.tenant_id AND proposed.session_id = held.session_id
  AND proposed.key = held.key AND proposed.period = held.period
  AND proposed.superseded_by IS NULL AND proposed.confirmed_at IS NULL

-- name: withdraw_fact
-- What is taken back points to itself: nothing came in its place.
UPDATE upswitch.fact
SET superseded_by = id
WHERE tenant_id = %(tenant_id)s AND session_id = %(session_id)s AND key = %(key)s
  AND period = %(period)s AND superseded_by IS NULL
  AND (NOT %(proposed_only)s OR confirmed_at IS NULL)
