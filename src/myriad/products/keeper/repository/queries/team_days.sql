-- name: team_state
SELECT now() AS read_at, s.business_date, s.noted_at, s.whole_on, s.places, s.words, s.services,
       s.people
FROM (VALUES (1)) AS one (row)
LEFT JOIN keeper.team_state s ON true

-- name: team_people
SELECT coalesce(string_agg(
    uuid_send(id) || coalesce(uuid_send(person_id), decode(repeat('00', 16), 'hex')), ''::bytea
), '') AS people
FROM keeper.customer

-- name: team_news
-- The days whose facts may have changed since the last night, and what was there before and was
-- edited: it may have lain on another day. A day more for clocks that differ from ours. Of a range
-- without an end a plan for any night would expect a third of all rows, and never be taken.
WITH changed_orders AS MATERIALIZED (
    SELECT tenant_id, ext_id FROM keeper.sales_order
    WHERE updated_at > %(since)s AND updated_at <= 'infinity'
    UNION ALL
    SELECT tenant_id, ext_id FROM keeper.sales_order
    WHERE local_date > %(last)s AND local_date <= 'infinity'
), changed_bookings AS MATERIALIZED (
    SELECT id, local_date, created_at <= %(since)s AND updated_at > %(since)s AS was_there
    FROM keeper.booking
    WHERE updated_at > least(%(since)s, %(last)s::date - interval '1 day')
      AND updated_at <= 'infinity'
      AND (updated_at > %(since)s OR ext_created_at >= %(last)s::date
           OR ext_updated_at >= %(last)s::date)
), changed_cards AS MATERIALIZED (
    SELECT t.id, t.created_at <= %(since)s AS was_there,
           (t.start_at AT TIME ZONE coalesce(z.name, %(zone)s))::date AS local_date
    FROM (
        SELECT * FROM keeper.timecard
        WHERE updated_at > %(since)s AND updated_at <= 'infinity'
        UNION ALL
        SELECT * FROM keeper.timecard
        WHERE start_at >= %(last)s::date AND start_at <= 'infinity'
    ) t
    LEFT JOIN unnest(%(places)s::text[], %(zones)s::text[]) AS z (ext_id, name)
        ON z.ext_id = t.location_ext_id
), moved AS MATERIALIZED (
    SELECT tenant_id, ext_id FROM keeper.customer WHERE id = ANY (%(moved)s::uuid[])
)
SELECT coalesce(array_agg(DISTINCT d.local_date), '{}') AS days,
       (SELECT coalesce(string_agg(uuid_send(id), ''), '') FROM changed_bookings WHERE was_there)
           AS bookings,
       (SELECT coalesce(string_agg(uuid_send(id), ''), '') FROM changed_cards WHERE was_there)
           AS cards
FROM (
    SELECT p.local_date
    FROM keeper.payment p
    WHERE p.updated_at > %(since)s AND p.updated_at <= 'infinity'
    UNION ALL
    -- Of what was there before only what was given back counts from a day of its own on.
    SELECT p.local_date
    FROM keeper.payment p
    WHERE p.refunded > 0 AND p.ext_updated_at >= %(last)s::date
    UNION ALL
    SELECT p.local_date
    FROM changed_orders o
    JOIN keeper.payment p ON p.tenant_id = o.tenant_id AND p.order_ext_id = o.ext_id
    UNION ALL
    SELECT p.local_date
    FROM keeper.refund r
    JOIN keeper.payment p ON p.tenant_id = r.tenant_id AND p.ext_id = r.payment_ext_id
    WHERE r.updated_at > %(since)s OR r.local_date > %(last)s
    UNION ALL
    SELECT local_date FROM changed_bookings
    UNION ALL
    SELECT b.local_date
    FROM keeper.booking b
    WHERE b.start_at > %(since)s AND b.local_date <= %(day)s
      AND b.local_date >= %(since)s::date - 2
    UNION ALL
    SELECT local_date FROM changed_cards
    UNION ALL
    SELECT p.local_date
    FROM moved m
    JOIN keeper.payment p ON p.tenant_id = m.tenant_id AND p.customer_ext_id = m.ext_id
    UNION ALL
    SELECT p.local_date
    FROM moved m
    JOIN keeper.sales_order o ON o.tenant_id = m.tenant_id AND o.customer_ext_id = m.ext_id
    JOIN keeper.payment p ON p.tenant_id = o.tenant_id AND p.order_ext_id = o.ext_id
    UNION ALL
    SELECT b.local_date
    FROM moved m
    JOIN keeper.booking b ON b.tenant_id = m.tenant_id AND b.customer_ext_id = m.ext_id
) d
WHERE d.local_date >= %(first)s

-- name: team_kept
SELECT coalesce(string_agg(visits, '') FILTER (WHERE local_date >= %(since)s), '') AS visit,
       coalesce(string_agg(appointments, '') FILTER (WHERE local_date >= %(since)s), '')
           AS appointment,
       coalesce(string_agg(bookings, '') FILTER (WHERE local_date >= %(since)s), '') AS booking,
       coalesce(string_agg(sales, '') FILTER (WHERE local_date >= %(since)s), '') AS sale,
       coalesce(string_agg(shifts, '') FILTER (WHERE local_date >= %(since)s), '') AS shift,
       coalesce(string_agg(cards, ''), '') AS card,
       coalesce(string_agg(services, ''), '') AS service,
       coalesce(string_agg(names, ''), '') AS name
FROM keeper.team_day
WHERE local_date >= %(first)s

-- name: team_basis_of_days
SELECT concat_ws(',', %(settled)s::date, count(*), max(updated_at)) AS basis
FROM keeper.team_day
WHERE local_date < %(settled)s AND local_date >= %(first)s

-- name: join_by_hash
SELECT set_config('enable_nestloop', 'off', true)

-- name: team_facts
-- What each day holds of each member and service, packed as keeper/team/packing.py unpacks it.
-- Nothing after the day of the run is known: an appointment exists from the day on which it was
-- made, and a later change of its status has not happened yet. Who served a visit is who was booked,
-- and for a visit without an appointment who took the payment. An article is what is not among
-- `services`, which are those booked on these days where none are given.
WITH zone AS MATERIALIZED (
    SELECT * FROM unnest(%(places)s::text[], %(zones)s::text[]) AS z (ext_id, name)
), appointment AS MATERIALIZED (
    SELECT a.* FROM (
        SELECT b.id, c.person_id, b.local_date, b.start_at, b.segments,
               coalesce(b.ext_created_at, b.start_at) AS made_at,
               (coalesce(b.ext_created_at, b.start_at)
                AT TIME ZONE coalesce(z.name, %(zone)s))::date AS made_on,
               CASE WHEN (b.ext_updated_at AT TIME ZONE coalesce(z.name, %(zone)s))::date
                         > %(day)s AND b.status <> 'DECLINED'
                    THEN 'ACCEPTED' ELSE b.status END AS status
        FROM keeper.booking b
        LEFT JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
        LEFT JOIN zone z ON z.ext_id = b.location_ext_id
        WHERE b.local_date $days
    ) a
    WHERE a.made_on <= %(day)s AND a.status <> 'DECLINED'
), segment AS MATERIALIZED (
    SELECT a.id, a.person_id, a.local_date, a.start_at, a.status,
           g ->> 'team_member_id' AS member, g ->> 'service_variation_id' AS item,
           CASE WHEN jsonb_typeof(g -> 'duration_minutes') = 'number'
                THEN (g ->> 'duration_minutes')::float8 ELSE 0 END AS minutes,
           (g -> 'any_team_member') IS NOT DISTINCT FROM 'true'::jsonb AS for_anyone
    FROM appointment a
    CROSS JOIN LATERAL jsonb_array_elements(a.segments) AS g
    WHERE a.local_date <= %(day)s AND a.start_at <= now() AND a.status IN ('ACCEPTED', 'NO_SHOW')
), served AS MATERIALIZED (
    SELECT s.id, s.person_id, s.local_date, s.status, s.member, min(s.start_at) AS start_at,
           sum(s.minutes) AS minutes, bool_and(NOT s.for_anyone) AS requested,
           (array_agg(s.item ORDER BY s.minutes DESC, s.item))[1] AS item
    FROM segment s
    WHERE s.member IS NOT NULL
    GROUP BY s.id, s.person_id, s.local_date, s.status, s.member
), service AS MATERIALIZED (
    SELECT item FROM segment WHERE item IS NOT NULL AND %(services)s::text[] IS NULL
    UNION
    SELECT unnest(%(services)s::text[])
), payment AS MATERIALIZED (
    SELECT p.person_id, p.local_date, p.team_member_ext_id AS member, p.paid_at, p.order_ext_id,
           p.tip::float8 AS tip, p.net, coalesce(p.source_type, '') <> 'CASH' AS shows_tip
    FROM keeper.payments_until(%(day)s) p
    WHERE p.local_date $days AND (p.net > 0 OR p.amount = 0)
), line AS MATERIALIZED (
    SELECT l.order_ext_id, l.position, l.net::float8 AS net, l.name, l.catalog_ext_id,
           l.catalog_ext_id IS NOT NULL AND s.item IS NULL
               AND EXISTS (SELECT FROM service) AS is_article
    FROM (SELECT DISTINCT order_ext_id FROM payment WHERE order_ext_id IS NOT NULL) p
    JOIN keeper.sales_order o ON o.ext_id = p.order_ext_id
    JOIN keeper.order_line l ON l.tenant_id = o.tenant_id AND l.order_ext_id = o.ext_id
    LEFT JOIN service s ON s.item = l.catalog_ext_id
    WHERE o.local_date <= %(day)s
), basket AS MATERIALIZED (
    SELECT l.order_ext_id,
           coalesce(sum(l.net) FILTER (WHERE NOT l.is_article) / nullif(sum(l.net), 0), 1)
               AS service_share,
           bool_or(l.is_article) AS has_article,
           bool_or(NOT l.is_article) AS has_service,
           (array_agg(coalesce(l.catalog_ext_id, l.name) ORDER BY l.net DESC, l.position)
               FILTER (WHERE NOT l.is_article))[1] AS item
    FROM line l
    GROUP BY l.order_ext_id
), paid AS MATERIALIZED (
    SELECT p.person_id, p.local_date, p.member, p.paid_at, p.tip, p.shows_tip,
           p.net * coalesce(b.service_share, 1) AS net,
           coalesce(b.has_article, false) AS has_article, coalesce(b.has_service, true) AS is_service,
           b.item
    FROM payment p
    LEFT JOIN basket b ON b.order_ext_id = p.order_ext_id
), attended AS MATERIALIZED (
    SELECT s.person_id, s.local_date, s.member, min(s.start_at) AS at,
           (array_agg(s.item ORDER BY s.minutes DESC, s.item))[1] AS item,
           coalesce(sum(s.minutes) / nullif(sum(sum(s.minutes)) OVER day, 0),
                    1::float8 / count(*) OVER day) AS part
    FROM served s
    WHERE s.status = 'ACCEPTED' AND s.person_id IS NOT NULL
    GROUP BY s.person_id, s.local_date, s.member
    WINDOW day AS (PARTITION BY s.person_id, s.local_date)
    UNION ALL
    SELECT p.person_id, p.local_date, p.member, min(p.paid_at),
           (array_agg(p.item ORDER BY p.net DESC, p.item))[1], 1::float8 / count(*) OVER day
    FROM paid p
    WHERE p.person_id IS NOT NULL AND p.member IS NOT NULL AND p.is_service
      AND NOT EXISTS (
          SELECT FROM served s
          WHERE s.status = 'ACCEPTED' AND s.person_id = p.person_id AND s.local_date = p.local_date
      )
    GROUP BY p.person_id, p.local_date, p.member
    WINDOW day AS (PARTITION BY p.person_id, p.local_date)
), bill AS MATERIALIZED (
    SELECT t.local_date, t.member, t.item, t.part * sum(p.net) AS net,
           bool_or(p.has_article) AS has_article,
           t.part * sum(p.tip) FILTER (WHERE p.shows_tip) AS tip,
           t.part * sum(p.net) FILTER (WHERE p.shows_tip) AS tipped
    FROM attended t
    JOIN paid p ON p.person_id = t.person_id AND p.local_date = t.local_date
    GROUP BY t.person_id, t.local_date, t.member, t.item, t.part
    HAVING bool_or(p.is_service)
    UNION ALL
    SELECT p.local_date, p.member, p.item, p.net, p.has_article,
           CASE WHEN p.shows_tip THEN p.tip END, CASE WHEN p.shows_tip THEN p.net END
    FROM paid p
    WHERE p.person_id IS NULL AND p.member IS NOT NULL AND p.is_service
), card AS MATERIALIZED (
    SELECT k.* FROM (
        SELECT t.id, t.team_member_ext_id AS member,
               (extract(epoch FROM t.end_at - t.start_at)::float8 - t.break_seconds) / 60 AS minutes,
               (t.start_at AT TIME ZONE coalesce(z.name, %(zone)s))::date AS local_date
        FROM keeper.timecard t
        LEFT JOIN zone z ON z.ext_id = t.location_ext_id
        WHERE t.end_at > t.start_at AND t.start_at >= %(first)s::date - 1
          AND t.start_at < %(last)s::date + 2
    ) k
    WHERE k.local_date <= %(day)s AND k.local_date $days
), worked AS MATERIALIZED (
    SELECT k.member, k.local_date, k.scheduled, coalesce(sum(s.minutes), 0) AS booked
    FROM (
        SELECT c.member, c.local_date, sum(c.minutes) AS scheduled
        FROM card c
        GROUP BY c.member, c.local_date
    ) k
    LEFT JOIN served s ON s.member = k.member AND s.local_date = k.local_date
        AND s.status = 'ACCEPTED'
    GROUP BY k.member, k.local_date, k.scheduled
)
SELECT 'visit' AS kind, t.member AS a, t.item AS b, string_agg(
    int4send(t.local_date - date '0001-01-01' + 1) || uuid_send(t.person_id)
    || timestamptz_send(t.at), '') AS data
FROM attended t
GROUP BY t.member, t.item
UNION ALL
SELECT 'appointment', NULL, NULL, string_agg(
    int4send(a.local_date - date '0001-01-01' + 1)
    || coalesce(uuid_send(a.person_id), decode(repeat('00', 16), 'hex'))
    || int4send(a.made_on - date '0001-01-01' + 1) || timestamptz_send(a.made_at)
    || uuid_send(a.id), '')
FROM appointment a
UNION ALL
SELECT 'booking', b.member, b.item, string_agg(
    int4send(b.local_date - date '0001-01-01' + 1)
    || int4send((b.status = 'ACCEPTED')::int + 2 * b.requested::int), '')
FROM served b
GROUP BY b.member, b.item
UNION ALL
SELECT 'sale', b.member, b.item, string_agg(
    int4send(b.local_date - date '0001-01-01' + 1)
    || int4send(b.has_article::int + 2 * (b.tipped IS NOT NULL)::int) || float8send(b.net)
    || float8send(coalesce(b.tip, 0)) || float8send(coalesce(b.tipped, 0)), '')
FROM bill b
GROUP BY b.member, b.item
UNION ALL
SELECT 'shift', w.member, NULL, string_agg(
    int4send(w.local_date - date '0001-01-01' + 1) || float8send(w.booked)
    || float8send(w.scheduled), '')
FROM worked w
GROUP BY w.member
UNION ALL
SELECT 'card', NULL, NULL, string_agg(
    int4send(c.local_date - date '0001-01-01' + 1) || uuid_send(c.id), '')
FROM card c
UNION ALL
SELECT 'service', s.item, NULL, string_agg(
    int4send(s.local_date - date '0001-01-01' + 1), '')
FROM (SELECT DISTINCT item, local_date FROM segment WHERE item IS NOT NULL) s
GROUP BY s.item
UNION ALL
SELECT 'name', n.catalog_ext_id, n.name, string_agg(
    int4send(n.local_date - date '0001-01-01' + 1), '')
FROM (
    SELECT DISTINCT l.catalog_ext_id, l.name, p.local_date
    FROM line l
    JOIN payment p ON p.order_ext_id = l.order_ext_id
    WHERE l.catalog_ext_id IS NOT NULL AND l.name <> ''
) n
GROUP BY n.catalog_ext_id, n.name

-- name: store_team_state
INSERT INTO keeper.team_state AS s (
    tenant_id, business_date, noted_at, whole_on, places, words, services, people
) VALUES (
    %(tenant_id)s, %(day)s, %(read_at)s, %(whole_on)s, %(places)s,
    coalesce(%(words)s::text[], '{}'), %(services)s, coalesce(%(people)s::bytea, '')
)
ON CONFLICT (tenant_id) DO UPDATE
SET business_date = excluded.business_date, noted_at = excluded.noted_at,
    whole_on = excluded.whole_on, places = excluded.places,
    words = coalesce(%(words)s::text[], s.words), services = excluded.services,
    people = coalesce(%(people)s::bytea, s.people), updated_at = now()

-- name: store_team_days
INSERT INTO keeper.team_day AS t (
    tenant_id, local_date, visits, appointments, bookings, sales, shifts, cards, services, names
)
SELECT %(tenant_id)s, w.*
FROM unnest(
    %(days)s::date[], %(visit)s::bytea[], %(appointment)s::bytea[], %(booking)s::bytea[],
    %(sale)s::bytea[], %(shift)s::bytea[], %(card)s::bytea[], %(service)s::bytea[],
    %(name)s::bytea[]
) AS w (local_date, visits, appointments, bookings, sales, shifts, cards, services, names)
ON CONFLICT (tenant_id, local_date) DO UPDATE
SET visits = excluded.visits, appointments = excluded.appointments, bookings = excluded.bookings,
    sales = excluded.sales, shifts = excluded.shifts, cards = excluded.cards,
    services = excluded.services, names = excluded.names, updated_at = now()
WHERE (t.visits, t.appointments, t.bookings, t.sales, t.shifts, t.cards, t.services, t.names)
    IS DISTINCT FROM (excluded.visits, excluded.appointments, excluded.bookings, excluded.sales,
                      excluded.shifts, excluded.cards, excluded.services, excluded.names)

-- name: drop_team_days
DELETE FROM keeper.team_day
WHERE local_date < %(first)s OR local_date <> ALL (%(days)s::date[]) AND %(is_whole)s
