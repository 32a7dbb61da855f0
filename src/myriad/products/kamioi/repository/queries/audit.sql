-- name: note_look
INSERT INTO kamioi.look AS l (tenant_id, day, member_id, viewer_id, viewer_kind, place)
VALUES (%(tenant_id)s, (now() AT TIME ZONE 'UTC')::date, %(member_id)s, %(viewer_id)s,
    %(viewer_kind)s, %(place)s)
ON CONFLICT (tenant_id, member_id, day, viewer_id, place)
DO UPDATE SET last_at = now(), times = l.times + 1

-- name: note_looks
-- In one order, so that two who look at the same members at once do not wait in a circle.
INSERT INTO kamioi.look AS l (tenant_id, day, member_id, viewer_id, viewer_kind, place)
SELECT %(tenant_id)s, (now() AT TIME ZONE 'UTC')::date, seen.member_id, %(viewer_id)s,
    %(viewer_kind)s, %(place)s
FROM (SELECT DISTINCT member_id FROM unnest(%(member_ids)s::uuid[]) AS member_id
      ORDER BY member_id) AS seen
ON CONFLICT (tenant_id, member_id, day, viewer_id, place)
DO UPDATE SET last_at = now(), times = l.times + 1

-- name: find_only_member_of_string
SELECT one.member_id FROM kamioi.descriptor AS d
CROSS JOIN LATERAL (
    SELECT member_id FROM kamioi.purchase
    WHERE tenant_id = d.tenant_id AND descriptor_id = d.id AND booked_on >= d.first_seen_on - 800
    ORDER BY booked_on LIMIT 1
) AS one
WHERE d.id = %(descriptor_id)s AND NOT EXISTS (
    SELECT FROM kamioi.purchase AS p
    WHERE p.tenant_id = d.tenant_id AND p.descriptor_id = d.id
        AND p.booked_on >= d.first_seen_on - 800 AND p.member_id <> one.member_id
)

-- name: list_looks
-- Who is no member any more is named where their membership was taken away.
WITH gone AS MATERIALIZED (
    SELECT subject, detail ->> 'name' AS name FROM platform.audit_event
    WHERE action = 'member.removed'
)
SELECT l.id, l.day, l.member_id, m.name AS member, l.viewer_kind, l.place, l.first_at, l.last_at,
    l.times, coalesce(u.name, k.name,
        (SELECT max(name) FROM gone WHERE subject = l.viewer_id::text), '') AS viewer
FROM kamioi.look AS l
JOIN kamioi.member AS m ON m.tenant_id = l.tenant_id AND m.id = l.member_id
LEFT JOIN platform.user_account AS u ON u.id = l.viewer_id
LEFT JOIN platform.api_key AS k ON k.tenant_id = l.tenant_id AND k.id = l.viewer_id
WHERE %(after_id)s::uuid IS NULL OR l.id < %(after_id)s::uuid
ORDER BY l.id DESC LIMIT %(limit)s

-- name: list_deeds
WITH gone AS MATERIALIZED (
    SELECT subject, detail ->> 'name' AS name FROM platform.audit_event
    WHERE action = 'member.removed'
)
SELECT e.id, e.occurred_at, e.action, e.subject, e.detail, e.actor_kind,
    coalesce(u.name, k.name, CASE e.actor_kind WHEN 'user' THEN
        (SELECT max(name) FROM gone WHERE subject = e.actor_id::text) END, '') AS actor
FROM platform.audit_event AS e
LEFT JOIN platform.user_account AS u ON u.id = e.actor_id
LEFT JOIN platform.api_key AS k ON k.tenant_id = e.tenant_id AND k.id = e.actor_id
WHERE %(after_id)s::uuid IS NULL OR e.id < %(after_id)s::uuid
ORDER BY e.id DESC LIMIT %(limit)s

-- name: forget_looks
DELETE FROM kamioi.look WHERE day < %(before)s
