-- name: by_session
SELECT s.last_seen_at AS seen_at, u.id, u.name, u.email, u.is_operator, m.role,
       t.id AS tenant_id, t.name AS tenant_name, t.timezone, t.plan, t.status, mine.tenants
FROM platform.login_session s
JOIN platform.user_account u ON u.id = s.user_id
CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_array(o.id, o.name, b.role) ORDER BY b.created_at, o.id) AS tenants,
           (array_agg(o.id ORDER BY b.created_at, o.id))[1] AS first_id
    FROM platform.membership b
    JOIN platform.tenant o ON o.id = b.tenant_id
    WHERE b.user_id = s.user_id AND o.status = 'active'
) mine
LEFT JOIN platform.membership m
  ON m.tenant_id = coalesce(s.current_tenant_id, mine.first_id) AND m.user_id = s.user_id
LEFT JOIN platform.tenant t ON t.id = m.tenant_id
WHERE s.token_hash = %(token_hash)s AND s.expires_at > %(now)s
  AND s.last_seen_at > %(idle_since)s AND u.disabled_at IS NULL

-- name: by_key
SELECT k.last_used_at AS seen_at, k.id, k.name, '' AS email, false AS is_operator, k.role, k.scopes,
       t.id AS tenant_id, t.name AS tenant_name, t.timezone, t.plan, t.status
FROM platform.api_key k
JOIN platform.tenant t ON t.id = k.tenant_id
WHERE k.token_hash = %(token_hash)s AND k.revoked_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
