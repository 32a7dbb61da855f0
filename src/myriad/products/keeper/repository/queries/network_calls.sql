-- name: list_call_benchmarks
SELECT metric, accounts, withheld, p10, p25, p50, p75, p90
FROM keeper.benchmark
WHERE vertical = %(vertical)s AND size_band = '' AND metric = ANY (%(metrics)s::text[])
