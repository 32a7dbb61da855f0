-- name: replace_order_lines
WITH gone AS (
    DELETE FROM keeper.order_line
    WHERE tenant_id = %(tenant_id)s AND order_ext_id = ANY(%(orders)s)
      AND position >= coalesce(
          (SELECT count(*) FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(order_ext_id text)
           WHERE r.order_ext_id = order_line.order_ext_id), 0)
)
INSERT INTO keeper.order_line AS old (
    tenant_id, order_ext_id, position, catalog_ext_id, name, quantity, net, category
)
SELECT %(tenant_id)s, order_ext_id, position, catalog_ext_id, name, quantity, net, category
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given(
    order_ext_id text, position integer, catalog_ext_id text, name text,
    quantity double precision, net bigint, category text)
ON CONFLICT (tenant_id, order_ext_id, position) DO UPDATE
SET catalog_ext_id = excluded.catalog_ext_id, name = excluded.name,
    quantity = excluded.quantity, net = excluded.net, category = excluded.category,
    updated_at = now()

-- name: quarantine
INSERT INTO keeper.quarantine AS old (tenant_id, object, ext_id, reason, body)
SELECT %(tenant_id)s, object, ext_id, reason, body
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given(object text, ext_id text, reason text, body jsonb)
ON CONFLICT (tenant_id, object, ext_id, reason) DO UPDATE
SET body = excluded.body, seen_at = now(), updated_at = now()

-- name: release_quarantine
DELETE FROM keeper.quarantine
WHERE tenant_id = %(tenant_id)s AND object = %(object)s AND ext_id = ANY(%(ext_ids)s)

-- name: quarantine_excess_refunds
WITH excess AS (
    DELETE FROM keeper.refund r
    USING keeper.payment p
    WHERE r.tenant_id = %(tenant_id)s AND p.tenant_id = r.tenant_id
      AND p.ext_id = r.payment_ext_id AND r.amount > p.amount + p.tip
      AND (r.ext_id = ANY(%(ext_ids)s) OR p.ext_id = ANY(%(ext_ids)s))
    RETURNING r.*
)
INSERT INTO keeper.quarantine (tenant_id, object, ext_id, reason, body)
SELECT tenant_id, 'refund', ext_id, 'refund_above_payment', to_jsonb(excess) FROM excess
ON CONFLICT (tenant_id, object, ext_id, reason) DO UPDATE
SET body = excluded.body, seen_at = now(), updated_at = now()

-- name: follow_merged_payments
UPDATE keeper.payment o SET customer_ext_id = c.merged_into_ext_id, updated_at = now()
FROM keeper.customer c
WHERE o.tenant_id = %(tenant_id)s AND c.tenant_id = o.tenant_id AND o.ext_id = ANY(%(ext_ids)s)
  AND c.ext_id = o.customer_ext_id AND c.merged_into_ext_id IS NOT NULL

-- name: follow_merged_orders
UPDATE keeper.sales_order o SET customer_ext_id = c.merged_into_ext_id, updated_at = now()
FROM keeper.customer c
WHERE o.tenant_id = %(tenant_id)s AND c.tenant_id = o.tenant_id AND o.ext_id = ANY(%(ext_ids)s)
  AND c.ext_id = o.customer_ext_id AND c.merged_into_ext_id IS NOT NULL

-- name: follow_merged_bookings
UPDATE keeper.booking o SET customer_ext_id = c.merged_into_ext_id, updated_at = now()
FROM keeper.customer c
WHERE o.tenant_id = %(tenant_id)s AND c.tenant_id = o.tenant_id AND o.ext_id = ANY(%(ext_ids)s)
  AND c.ext_id = o.customer_ext_id AND c.merged_into_ext_id IS NOT NULL

-- name: merge_customers
INSERT INTO keeper.customer AS old (tenant_id, ext_id, merged_into_ext_id, deleted_at)
SELECT %(tenant_id)s, gone, %(into_id)s, now() FROM unnest(%(from_ids)s::text[]) AS gone
ON CONFLICT (tenant_id, ext_id) DO UPDATE
SET merged_into_ext_id = excluded.merged_into_ext_id,
    deleted_at = coalesce(old.deleted_at, excluded.deleted_at), updated_at = now()

-- name: shorten_merge_chains
UPDATE keeper.customer SET merged_into_ext_id = %(into_id)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND merged_into_ext_id = ANY(%(from_ids)s)

-- name: final_customer
SELECT coalesce(merged_into_ext_id, ext_id) AS ext_id FROM keeper.customer
WHERE tenant_id = %(tenant_id)s AND ext_id = %(ext_id)s

-- name: move_payments
UPDATE keeper.payment SET customer_ext_id = %(into_id)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND customer_ext_id = ANY(%(from_ids)s)

-- name: move_orders
UPDATE keeper.sales_order SET customer_ext_id = %(into_id)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND customer_ext_id = ANY(%(from_ids)s)

-- name: move_bookings
UPDATE keeper.booking SET customer_ext_id = %(into_id)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND customer_ext_id = ANY(%(from_ids)s)

-- name: delete_customer
INSERT INTO keeper.customer AS old (tenant_id, ext_id, deleted_at)
VALUES (%(tenant_id)s, %(ext_id)s, now())
ON CONFLICT (tenant_id, ext_id) DO UPDATE
SET deleted_at = coalesce(old.deleted_at, excluded.deleted_at), updated_at = now()

-- name: list_places
SELECT ext_id, timezone, currency, country FROM keeper.location ORDER BY ext_id

-- name: account_zone
SELECT timezone FROM platform.tenant WHERE id = %(tenant_id)s

-- name: get_cursor
INSERT INTO keeper.sync_cursor AS old (tenant_id, connection_id, object, location_ext_id)
VALUES (%(tenant_id)s, %(connection_id)s, %(object)s, %(location)s)
ON CONFLICT (tenant_id, connection_id, object, location_ext_id) DO UPDATE SET rows = old.rows
RETURNING phase, watermark, cursor, window_start, window_end, rows

-- name: save_cursor
UPDATE keeper.sync_cursor
SET phase = %(phase)s, watermark = %(watermark)s, cursor = %(cursor)s,
    window_start = %(window_start)s, window_end = %(window_end)s, rows = %(rows)s,
    last_ok_at = now(), error = NULL, updated_at = now(),
    lag_seconds = greatest(0, extract(epoch FROM now() - %(watermark)s::timestamptz))::bigint
WHERE tenant_id = %(tenant_id)s AND connection_id = %(connection_id)s
  AND object = %(object)s AND location_ext_id = %(location)s

-- name: note_cursor_error
UPDATE keeper.sync_cursor SET error = %(error)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND connection_id = %(connection_id)s
  AND object = %(object)s AND location_ext_id = %(location)s

-- name: reset_cursors
UPDATE keeper.sync_cursor
SET phase = 'backfill', watermark = NULL, cursor = NULL, window_start = NULL, window_end = NULL,
    rows = 0, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND connection_id = %(connection_id)s
  AND (%(object)s::text IS NULL OR object = %(object)s)

-- name: count_sync_rows
SELECT (SELECT count(*) FROM keeper.payment) AS payments,
       (SELECT count(*) FROM keeper.booking) AS bookings

-- name: our_day_totals
SELECT local_date, sum(total)::bigint AS total
FROM (
    SELECT local_date, amount + tip AS total FROM keeper.payment
    WHERE tenant_id = %(tenant_id)s AND location_ext_id = %(location)s AND status = 'COMPLETED'
      AND local_date BETWEEN %(first_day)s AND %(last_day)s
    UNION ALL
    SELECT local_date, -amount FROM keeper.refund
    WHERE tenant_id = %(tenant_id)s AND location_ext_id = %(location)s AND status = 'COMPLETED'
      AND local_date BETWEEN %(first_day)s AND %(last_day)s
) AS money
GROUP BY local_date

-- name: store_day_totals
INSERT INTO keeper.day_total AS old (
    tenant_id, location_ext_id, local_date, ours, square, drift, checked_at
)
SELECT %(tenant_id)s, %(location)s, local_date, ours, square, ours - square, now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS given(local_date date, ours bigint, square bigint)
ON CONFLICT (tenant_id, location_ext_id, local_date) DO UPDATE
SET ours = excluded.ours, square = excluded.square, drift = excluded.drift,
    checked_at = now(), updated_at = now()

-- name: newest_sale
SELECT max(local_date) AS day FROM keeper.payment
WHERE tenant_id = %(tenant_id)s AND location_ext_id = %(location)s

-- name: take_event
SELECT body, processed_at FROM keeper.webhook_event
WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s
FOR UPDATE

-- name: finish_event
UPDATE keeper.webhook_event SET processed_at = now(), outcome = %(outcome)s, updated_at = now()
WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s

-- name: list_erased_keys
SELECT kind, digest FROM keeper.erased_key WHERE tenant_id = %(tenant_id)s

-- name: remember_erased
INSERT INTO keeper.erased_key (tenant_id, kind, digest)
SELECT %(tenant_id)s, %(kind)s, given FROM unnest(%(digests)s::bytea[]) AS given
ON CONFLICT DO NOTHING

-- name: blank_event
UPDATE keeper.webhook_event
SET body = jsonb_build_object('erased', true), updated_at = now()
WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s

-- name: most_common_code
SELECT mcc
FROM keeper.location
WHERE mcc IS NOT NULL
GROUP BY mcc
ORDER BY count(*) FILTER (WHERE coalesce(status, 'ACTIVE') = 'ACTIVE') DESC, count(*) DESC, mcc
LIMIT 1

-- name: follow_code
UPDATE keeper.account
SET category_code = %(code)s,
    vertical = CASE WHEN vertical_source = 'square'
                         OR (vertical_source = 'default' AND vertical = 'spa')
                    THEN %(vertical)s ELSE vertical END,
    vertical_source = CASE WHEN vertical_source = 'default'
                           THEN CASE WHEN vertical = 'spa' THEN 'square' ELSE 'owner' END
                           ELSE vertical_source END,
    updated_at = now()
WHERE tenant_id = %(tenant_id)s
  AND (category_code IS DISTINCT FROM %(code)s OR vertical_source = 'default')
