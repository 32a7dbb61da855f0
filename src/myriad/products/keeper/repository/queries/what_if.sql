-- name: day_sums
SELECT local_date, count(*) AS visits, sum(net)::bigint AS net
FROM keeper.visit
WHERE local_date BETWEEN %(first)s AND %(last)s
GROUP BY local_date
