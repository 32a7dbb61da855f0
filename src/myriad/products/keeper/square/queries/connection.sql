-- name: store_connection
INSERT INTO keeper.connection AS old (
    tenant_id, provider, merchant_id, merchant_name, base_url, access_token_enc,
    refresh_token_enc, scopes, expires_at, refreshed_at, status, notice
) VALUES (
    %(tenant_id)s, 'square', %(merchant_id)s, %(merchant_name)s, %(base_url)s, %(access)s,
    %(refresh)s, %(scopes)s, %(expires_at)s, now(), 'active', NULL
)
ON CONFLICT (tenant_id, provider, merchant_id) DO UPDATE
SET merchant_name = excluded.merchant_name, base_url = excluded.base_url,
    access_token_enc = excluded.access_token_enc, refresh_token_enc = excluded.refresh_token_enc,
    scopes = excluded.scopes, expires_at = excluded.expires_at, refreshed_at = now(),
    status = 'active', notice = NULL, updated_at = now()
RETURNING id

-- name: store_refreshed_tokens
UPDATE keeper.connection
SET access_token_enc = %(access)s, refresh_token_enc = %(refresh)s, expires_at = %(expires_at)s,
    refreshed_at = now(), updated_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(connection_id)s

-- name: sync_connections
SELECT id, merchant_id, merchant_name, base_url, access_token_enc, refresh_token_enc, expires_at,
       refreshed_at, status, plan_flags, scopes
FROM keeper.connection
WHERE tenant_id = %(tenant_id)s AND provider = 'square'
  AND (%(connection_id)s::uuid IS NULL OR id = %(connection_id)s)
ORDER BY created_at, id

-- name: revoke_connection
UPDATE keeper.connection
SET status = 'revoked', access_token_enc = NULL, refresh_token_enc = NULL, notice = %(notice)s,
    updated_at = now()
WHERE tenant_id = %(tenant_id)s
  AND (id = %(connection_id)s OR merchant_id = %(merchant_id)s) AND status <> 'revoked'

-- name: note_connection
UPDATE keeper.connection
SET notice = %(notice)s, plan_flags = %(plan_flags)s::jsonb, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND id = %(connection_id)s
