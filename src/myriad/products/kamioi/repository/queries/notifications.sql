-- name: tell_pulled
-- Members whose round-ups are pulled from their bank now.
INSERT INTO kamioi.notification (tenant_id, id, member_id, kind, facts, once_key)
SELECT s.tenant_id, s.id, s.member_id, 'round_ups_pulled',
    jsonb_build_object('amount_minor', s.amount_minor, 'currency', s.currency,
        'settles_on', s.settles_on),
    'pulled ' || s.id
FROM kamioi.sweep AS s WHERE s.id = ANY (%(ids)s)
ON CONFLICT DO NOTHING

-- name: tell_bought
-- One notification for each member and window, whatever it bought and in how many fills; one that
-- grew is unread again.
WITH window_of AS (
    SELECT DISTINCT window_at FROM kamioi.trade_order WHERE id = ANY (%(ids)s)
), bought AS (
    SELECT a.tenant_id, a.member_id, o.window_at, o.currency,
        sum(a.cost_minor)::bigint AS amount_minor,
        array_agg(DISTINCT o.ticker ORDER BY o.ticker) AS tickers
    FROM kamioi.trade_order AS o
    JOIN kamioi.fill AS f ON f.tenant_id = o.tenant_id AND f.order_id = o.id
    JOIN kamioi.allocation AS a ON a.tenant_id = f.tenant_id AND a.fill_id = f.id
    WHERE o.window_at IN (SELECT window_at FROM window_of)
    GROUP BY 1, 2, 3, 4
)
INSERT INTO kamioi.notification AS n (tenant_id, member_id, kind, facts, once_key)
SELECT b.tenant_id, b.member_id, 'shares_bought',
    jsonb_build_object('amount_minor', b.amount_minor, 'currency', b.currency,
        'shares', cardinality(b.tickers), 'tickers', to_jsonb(b.tickers[1:5])),
    'bought ' || to_char(b.window_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI') || ' ' || b.currency
FROM bought AS b
ORDER BY b.member_id
ON CONFLICT (tenant_id, member_id, once_key) DO UPDATE
SET facts = excluded.facts, read_at = NULL
WHERE n.facts <> excluded.facts

-- name: tell_mapping_changed
-- Before round-ups are made anew: members of whose purchases one counts as another company than the
-- string stands for now. Who said so themselves is not told.
WITH current AS (
    SELECT m.tenant_id, m.descriptor_id, m.version, m.brand_id, b.name AS company, d.raw_example
    FROM kamioi.mapping AS m
    JOIN kamioi.descriptor AS d ON d.tenant_id = m.tenant_id AND d.id = m.descriptor_id
    LEFT JOIN kamioi.brand AS b ON b.id = m.brand_id
    WHERE m.descriptor_id = %(descriptor_id)s AND m.valid_to IS NULL
      AND m.state IN ('auto', 'approved')
), touched AS (
    SELECT r.member_id, max(b.name) AS company
    FROM current AS c
    JOIN kamioi.purchase AS p ON p.tenant_id = c.tenant_id AND p.descriptor_id = c.descriptor_id
        AND p.booked_on >= current_date - %(days)s::int
    JOIN kamioi.round_up AS r ON r.tenant_id = p.tenant_id AND r.booked_on = p.booked_on
        AND r.purchase_id = p.id AND r.destination IN ('security', 'cash')
        AND r.brand_id IS DISTINCT FROM c.brand_id
    LEFT JOIN kamioi.brand AS b ON b.id = r.brand_id
    WHERE NOT EXISTS (SELECT FROM kamioi.member_override AS o
                      WHERE o.tenant_id = r.tenant_id AND o.member_id = r.member_id
                        AND o.descriptor_id = p.descriptor_id)
    GROUP BY 1
)
INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key)
SELECT c.tenant_id, t.member_id, 'mapping_changed',
    jsonb_build_object('raw', left(c.raw_example, 100), 'company', c.company,
        'before', t.company),
    'mapping ' || c.descriptor_id || ' ' || c.version
FROM current AS c CROSS JOIN touched AS t
ON CONFLICT DO NOTHING

-- name: kamioi_notifications
SELECT id, kind, facts, created_at, read_at FROM kamioi.notification
WHERE member_id = %(member_id)s
    AND (NOT %(unread)s OR read_at IS NULL)
    AND (created_at, id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s

-- name: kamioi_unread
-- How many a member has not read, and the newest of them.
SELECT n.id, n.kind, n.facts, n.created_at, n.read_at, count(*) OVER () AS unread
FROM kamioi.notification AS n
WHERE n.member_id = %(member_id)s AND n.read_at IS NULL
ORDER BY n.id DESC LIMIT %(limit)s

-- name: read_notification
UPDATE kamioi.notification SET read_at = coalesce(read_at, now())
WHERE id = %(id)s AND member_id = %(member_id)s
RETURNING id

-- name: read_notifications
UPDATE kamioi.notification SET read_at = now()
WHERE member_id = %(member_id)s AND read_at IS NULL AND created_at <= %(until)s
