-- name: tidy_event_bodies
UPDATE keeper.webhook_event SET body = '{}', updated_at = now()
WHERE received_at < now() - %(after)s::interval AND body <> '{}'

-- name: tidy_events
DELETE FROM keeper.webhook_event WHERE received_at < now() - %(after)s::interval

-- name: tidy_quarantine
DELETE FROM keeper.quarantine WHERE seen_at < now() - %(after)s::interval

-- name: tidy_runs
DELETE FROM keeper.agent_run WHERE started_at < now() - %(after)s::interval AND state <> 'running'

-- name: tidy_metrics
DELETE FROM keeper.person_metrics WHERE business_date < (now() - %(after)s::interval)::date

-- name: tidy_views
DELETE FROM keeper.view_log WHERE hour < now() - %(after)s::interval

-- name: tidy_notices
DELETE FROM keeper.notice WHERE created_at < now() - %(after)s::interval

-- name: tidy_consents
DELETE FROM keeper.consent WHERE created_at < now() - %(after)s::interval
