-- name: take_consent_state
INSERT INTO keeper.consent (tenant_id, state_digest)
VALUES (%(tenant_id)s, %(digest)s)
ON CONFLICT (tenant_id, state_digest) DO NOTHING
RETURNING id

-- name: keep_consent_code
UPDATE keeper.consent SET code_enc = %(code)s, job_id = %(job_id)s, updated_at = now()
WHERE id = %(consent_id)s

-- name: find_consent_code
SELECT code_enc FROM keeper.consent
WHERE id = %(consent_id)s AND outcome = 'waiting' AND code_enc IS NOT NULL
FOR UPDATE

-- name: end_consent
UPDATE keeper.consent
SET outcome = %(outcome)s, message = %(message)s, connection_id = %(connection_id)s,
    code_enc = NULL, updated_at = now()
WHERE id = %(consent_id)s

-- name: newest_consent
SELECT outcome, message, job_id, created_at
FROM keeper.consent
WHERE created_at > now() - interval '1 hour'
ORDER BY created_at DESC, id DESC
LIMIT 1
