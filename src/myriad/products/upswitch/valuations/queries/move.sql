-- name: list_newest_of_sessions
-- The newest value of each session that is not of these parameters, by session, a page at a time.
SELECT newest.id, newest.session_id, newest.company_number, newest.middle_minor, newest.currency
FROM (
    SELECT DISTINCT ON (session_id)
        id, session_id, company_number, middle_minor, currency, parameter_set_id
    FROM upswitch.valuation
    WHERE tenant_id = %(tenant_id)s AND session_id IS NOT NULL AND kind IN ('session', 'watch')
      AND (%(after)s::uuid IS NULL OR session_id > %(after)s::uuid)
    ORDER BY session_id, created_at DESC
) newest
WHERE newest.parameter_set_id <> %(parameter_set_id)s
ORDER BY newest.session_id LIMIT %(limit)s

-- name: list_accounts_with_sessions_valued
-- Over every account: whom new parameters concern.
SELECT DISTINCT tenant_id FROM upswitch.valuation
WHERE session_id IS NOT NULL AND kind IN ('session', 'watch')

-- name: store_move
INSERT INTO upswitch.value_move (
    tenant_id, id, before_id, after_id, session_id, company_number, company_name, reason,
    before_minor, after_minor, currency, share
) VALUES (
    %(tenant_id)s, %(id)s, %(before_id)s, %(after_id)s, %(session_id)s, %(company_number)s,
    %(company_name)s, %(reason)s, %(before_minor)s, %(after_minor)s, %(currency)s, %(share)s
)
ON CONFLICT (tenant_id, after_id) DO NOTHING

-- name: list_moves
SELECT id, before_id, after_id, session_id, company_name, reason, before_minor, after_minor,
       currency, share, created_at, seen_at
FROM upswitch.value_move
WHERE tenant_id = %(tenant_id)s
  AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
ORDER BY id DESC LIMIT %(limit)s

-- name: list_unseen_moves
SELECT id, before_id, after_id, company_name, reason, before_minor, after_minor, currency, share,
       created_at, count(*) OVER () AS unseen
FROM upswitch.value_move
WHERE tenant_id = %(tenant_id)s AND seen_at IS NULL
ORDER BY created_at DESC, id DESC LIMIT %(limit)s

-- name: see_move
UPDATE upswitch.value_move SET seen_at = coalesce(seen_at, now())
WHERE tenant_id = %(tenant_id)s AND id = %(id)s

-- name: see_moves
UPDATE upswitch.value_move SET seen_at = now()
WHERE tenant_id = %(tenant_id)s AND id <= %(until)s AND seen_at IS NULL

-- name: list_unmailed_moves
SELECT id, before_id, after_id, session_id, company_name, reason, before_minor, after_minor,
       currency, share, created_at, seen_at
FROM upswitch.value_move
WHERE tenant_id = %(tenant_id)s AND mailed_at IS NULL AND seen_at IS NULL
ORDER BY abs(share) DESC, id

-- name: note_moves_mailed
UPDATE upswitch.value_move SET mailed_at = now()
WHERE tenant_id = %(tenant_id)s AND mailed_at IS NULL AND id = ANY (%(ids)s::uuid[])

-- name: drop_old_moves
DELETE FROM upswitch.value_move
WHERE tenant_id = %(tenant_id)s AND created_at < now() - interval '400 days'

-- name: list_who_want_no_mail
SELECT user_id FROM upswitch.move_choice
WHERE tenant_id = %(tenant_id)s AND NOT wants_mail

-- name: choose_mail
INSERT INTO upswitch.move_choice (tenant_id, user_id, wants_mail)
VALUES (%(tenant_id)s, %(user_id)s, %(wants_mail)s)
ON CONFLICT (tenant_id, user_id) DO UPDATE SET wants_mail = EXCLUDED.wants_mail
