-- name: list_connections
SELECT c.id, c.provider, c.merchant_id, c.merchant_name, c.status, c.created_at, c.refreshed_at,
       c.expires_at, c.scopes, c.plan_flags, c.notice, c.base_url
FROM keeper.connection c
WHERE c.provider = 'square'
ORDER BY c.created_at, c.id

-- name: list_cursors
SELECT s.connection_id, s.object, s.location_ext_id, l.name AS location, s.phase, s.rows,
       s.watermark, s.window_start, s.window_end, s.last_ok_at, s.lag_seconds, s.error
FROM keeper.sync_cursor s
LEFT JOIN keeper.location l ON l.tenant_id = s.tenant_id AND l.ext_id = s.location_ext_id
ORDER BY s.object, s.location_ext_id
LIMIT 200

-- name: page_cursors
SELECT s.connection_id, s.object, s.location_ext_id, l.name AS location, s.phase, s.rows,
       s.last_ok_at, s.lag_seconds, s.error
FROM keeper.sync_cursor s
LEFT JOIN keeper.location l ON l.tenant_id = s.tenant_id AND l.ext_id = s.location_ext_id
WHERE %(after_object)s::text IS NULL
   OR (s.object, s.location_ext_id, s.connection_id)
      > (%(after_object)s::text, %(after_location)s::text, %(after_connection)s::uuid)
ORDER BY s.object, s.location_ext_id, s.connection_id
LIMIT %(limit)s

-- name: connection_health
SELECT (SELECT count(*) FROM keeper.day_total) AS days_checked,
       (SELECT count(*) FROM keeper.quarantine WHERE object <> 'review') AS quarantined,
       (SELECT count(*) FROM keeper.webhook_event
        WHERE received_at > now() - interval '24 hours') AS webhooks_24_hours,
       (SELECT max(received_at) FROM keeper.webhook_event) AS last_webhook_at

-- name: list_drift
SELECT d.local_date, coalesce(l.name, d.location_ext_id) AS location, d.ours, d.square
FROM keeper.day_total d
LEFT JOIN keeper.location l ON l.tenant_id = d.tenant_id AND l.ext_id = d.location_ext_id
WHERE d.drift <> 0
ORDER BY d.local_date DESC
LIMIT 20

-- name: find_merchant
SELECT tenant_id, id, base_url
FROM keeper.connection
WHERE provider = 'square' AND merchant_id = %(merchant_id)s AND status <> 'revoked'

-- name: store_webhook_event
INSERT INTO keeper.webhook_event (tenant_id, event_id, type, body)
VALUES (%(tenant_id)s, %(event_id)s, %(type)s, %(body)s::jsonb)
ON CONFLICT (tenant_id, event_id) DO NOTHING
RETURNING event_id

-- name: start_agent_run
INSERT INTO keeper.agent_run AS r (
    tenant_id, agent, business_date, input_digest, run_key, state, rows_in
) VALUES (
    %(tenant_id)s, %(agent)s, %(day)s, %(digest)s, %(run_key)s, 'running', %(rows_in)s
)
ON CONFLICT (tenant_id, run_key) DO UPDATE
SET state = 'running', started_at = now(), duration_ms = NULL, error = NULL, updated_at = now()
WHERE r.state <> 'ok' OR %(again)s
RETURNING id

-- name: end_agent_run
UPDATE keeper.agent_run
SET state = %(state)s, duration_ms = %(duration_ms)s, rows_in = %(rows_in)s,
    rows_out = %(rows_out)s, error = %(error)s, updated_at = now()
WHERE id = %(run_id)s

-- name: find_agent_run
SELECT id, state, rows_in, rows_out, duration_ms, error
FROM keeper.agent_run
WHERE run_key = %(run_key)s
