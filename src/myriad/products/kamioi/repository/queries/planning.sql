-- name: join_sets
SELECT set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true)

-- name: join_as_usual
SELECT set_config('enable_nestloop', 'on', true), set_config('enable_mergejoin', 'on', true)
