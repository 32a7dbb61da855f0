-- name: note_view
INSERT INTO keeper.view_log AS v (tenant_id, person_id, hour, actor_id, actor_kind, places)
VALUES (%(tenant_id)s, %(person_id)s, date_trunc('hour', now()), %(actor_id)s, %(actor_kind)s,
        ARRAY[%(place)s::text])
ON CONFLICT (tenant_id, person_id, hour, actor_id) DO UPDATE
SET places = v.places || excluded.places
WHERE NOT v.places @> excluded.places

-- name: list_views
SELECT v.person_id, p.display_name AS person, v.hour, v.seen_at, v.actor_id, v.actor_kind, v.places,
       coalesce(u.name, k.name, '') AS actor
FROM keeper.view_log v
JOIN keeper.person p ON p.tenant_id = v.tenant_id AND p.id = v.person_id
LEFT JOIN platform.user_account u ON u.id = v.actor_id
LEFT JOIN platform.api_key k ON k.tenant_id = v.tenant_id AND k.id = v.actor_id
WHERE (%(person_id)s::uuid IS NULL OR v.person_id = %(person_id)s::uuid)
  AND (%(after_hour)s::timestamptz IS NULL
       OR (v.hour, v.person_id, v.actor_id)
          < (%(after_hour)s::timestamptz, %(after_person)s::uuid, %(after_actor)s::uuid))
ORDER BY v.hour DESC, v.person_id DESC, v.actor_id DESC
LIMIT %(limit)s

-- name: list_audit
SELECT e.id, e.occurred_at, e.action, e.subject, e.detail, e.actor_kind, e.actor_id,
       coalesce(u.name, k.name, '') AS actor
FROM platform.audit_event e
LEFT JOIN platform.user_account u ON u.id = e.actor_id
LEFT JOIN platform.api_key k ON k.tenant_id = e.tenant_id AND k.id = e.actor_id
WHERE %(after_id)s::uuid IS NULL OR e.id < %(after_id)s::uuid
ORDER BY e.id DESC
LIMIT %(limit)s
