-- name: read_preferences
SELECT a.vertical, a.category_code, a.currency, a.network_opt_in,
       CASE WHEN a.vertical_source = 'default' AND a.vertical <> 'spa' THEN 'owner'
            ELSE a.vertical_source END AS vertical_source,
       p.takings_per_month, p.calls_per_week,
       p.quiet_start, p.quiet_end, coalesce(p.urgent_may_pass, true) AS urgent_may_pass,
       coalesce(p.closed_days, '[]') AS closed_days,
       coalesce(p.public_holidays, true) AS public_holidays,
       coalesce(p.opening_hours, '{}') AS opening_hours,
       coalesce(p.staff_privacy, 'own') AS staff_privacy,
       coalesce(p.control_group, true) AS control_group,
       coalesce(p.reply_tone, 'warm') AS reply_tone,
       coalesce(p.notify_emails, '{}') AS notify_emails
FROM keeper.account a
LEFT JOIN keeper.preference p ON p.tenant_id = a.tenant_id

-- name: lock_preferences
INSERT INTO keeper.preference AS p (tenant_id)
VALUES (%(tenant_id)s)
ON CONFLICT (tenant_id) DO UPDATE SET updated_at = now()

-- name: write_preferences
UPDATE keeper.preference
SET takings_per_month = %(takings_per_month)s, calls_per_week = %(calls_per_week)s,
    quiet_start = %(quiet_start)s, quiet_end = %(quiet_end)s,
    urgent_may_pass = %(urgent_may_pass)s, closed_days = %(closed_days)s::jsonb,
    public_holidays = %(public_holidays)s, opening_hours = %(opening_hours)s::jsonb,
    staff_privacy = %(staff_privacy)s, control_group = %(control_group)s,
    reply_tone = %(reply_tone)s, notify_emails = %(notify_emails)s::jsonb, updated_at = now()
WHERE tenant_id = %(tenant_id)s

-- name: write_account_choices
UPDATE keeper.account
SET vertical = %(vertical)s, vertical_source = %(vertical_source)s,
    network_opt_in = %(network_opt_in)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s

-- name: preferences_digest
SELECT md5(concat_ws('|', p.closed_days, p.public_holidays, p.opening_hours)) AS digest
FROM keeper.account a
LEFT JOIN keeper.preference p ON p.tenant_id = a.tenant_id
