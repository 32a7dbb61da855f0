-- name: set_capacity
UPDATE platform.job_backlog SET capacity = wanted.capacity
FROM unnest(%(capacities)s::bigint[]) WITH ORDINALITY AS wanted (capacity, place)
WHERE job_backlog.job_class = wanted.place - 1
    AND job_backlog.capacity IS DISTINCT FROM wanted.capacity
