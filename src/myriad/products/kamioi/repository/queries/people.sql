-- name: find_member_of_user
SELECT id, name, currency, time_zone, state FROM kamioi.member WHERE user_id = %(user_id)s

-- name: member_standing
-- What waits, what flies, and what a pull may take: everything that the home page starts from.
SELECT coalesce(w.decided_minor, 0)::bigint AS waiting_minor,
    coalesce(w.undecided_minor, 0)::bigint AS undecided_minor,
    coalesce(w.undecided, 0)::int AS undecided,
    coalesce(u.sweep_minor, 500) AS sweep_minor, coalesce(u.guard_minor, 2500) AS guard_minor,
    a.balance_minor, a.balance_at, coalesce(a.is_read, true) AS is_read,
    coalesce(a.name, '') AS account_name,
    coalesce(a.mask, '') AS mask, a.id IS NOT NULL AS has_account,
    f.amount_minor AS flying_minor, f.requested_on, f.settles_on, x.refused_on,
    coalesce(p.rounded_minor, 0)::bigint AS rounded_minor,
    coalesce(s.spent_minor, 0)::bigint AS spent_minor
FROM (SELECT %(member_id)s::uuid AS id) AS m
LEFT JOIN kamioi.member_rule AS u ON u.member_id = m.id
LEFT JOIN LATERAL (
    SELECT sum(amount_minor) FILTER (WHERE destination IN ('security', 'cash')) AS decided_minor,
        sum(amount_minor) FILTER (WHERE destination = 'queue') AS undecided_minor,
        count(*) FILTER (WHERE destination = 'queue') AS undecided
    FROM kamioi.round_up
    WHERE member_id = m.id AND state = 'accrued' AND amount_minor <> 0
        AND currency = %(currency)s AND booked_on BETWEEN %(since)s AND %(today)s
) AS w ON true
LEFT JOIN LATERAL (
    SELECT b.id, b.name, b.mask, b.balance_minor, b.balance_at, i.status = 'linked' AS is_read
    FROM kamioi.bank_account AS b
    JOIN kamioi.bank_item AS i ON i.tenant_id = b.tenant_id AND i.id = b.item_id
    WHERE b.member_id = m.id AND b.is_funding AND b.currency = %(currency)s
    ORDER BY b.id LIMIT 1
) AS a ON true
LEFT JOIN LATERAL (
    SELECT amount_minor, (requested_at AT TIME ZONE 'America/New_York')::date AS requested_on,
        settles_on
    FROM kamioi.sweep WHERE member_id = m.id AND state = 'requested' LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT (max(ended_at) AT TIME ZONE 'America/New_York')::date AS refused_on
    FROM kamioi.sweep
    WHERE member_id = m.id AND state = 'rejected' AND requested_at > %(refused_since)s
) AS x ON true
LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS rounded_minor FROM kamioi.round_up
    WHERE member_id = m.id AND booked_on > %(pace_since)s AND booked_on <= %(today)s
        AND destination IN ('security', 'cash') AND state <> 'reversed' AND amount_minor > 0
        AND currency = %(currency)s
) AS p ON true
LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS spent_minor FROM kamioi.purchase
    WHERE member_id = m.id AND account_id = a.id AND currency = %(currency)s
        AND booked_on > %(pace_since)s AND booked_on <= %(today)s
        AND state IN ('pending', 'posted')
) AS s ON true

-- name: member_worth
-- What the member's shares are worth at their last closes, and what they cost.
SELECT count(*)::int AS holdings, coalesce(sum(h.cost_minor), 0)::bigint AS cost_minor,
    coalesce(sum(round(h.qty * p.close * %(units)s)), 0)::bigint AS value_minor,
    count(*) FILTER (WHERE p.close IS NULL)::int AS unpriced,
    count(*) FILTER (WHERE p.source = %(simulated)s)::int AS simulated
FROM (
    SELECT security_id, sum(qty) AS qty, sum(cost_minor) AS cost_minor FROM kamioi.lot
    WHERE member_id = %(member_id)s AND closed_on IS NULL AND currency = %(currency)s
    GROUP BY 1 HAVING sum(qty) > 0
) AS h
LEFT JOIN LATERAL (
    SELECT close, source FROM kamioi.price
    WHERE security_id = h.security_id AND day <= %(today)s
    ORDER BY day DESC LIMIT 1
) AS p ON true

-- name: member_links
SELECT id, provider, institution, status, error_code, synced_at, consent_ends_at
FROM kamioi.bank_item
WHERE member_id = %(member_id)s AND status <> 'removed' ORDER BY status, institution, id

-- name: set_member_state
-- A member pauses and goes on by themselves; what froze or closed them is undone by others.
UPDATE kamioi.member SET state = %(state)s, updated_at = %(now)s
WHERE id = %(member_id)s AND state IN ('active', 'paused')

-- name: member_rules
SELECT multiplier, rounds_whole_amounts, cap_day_minor, cap_week_minor, sweep_minor, guard_minor,
    private_policy, etf_security_id, excluded_brand_ids, version
FROM kamioi.member_rule WHERE member_id = %(member_id)s

-- name: put_member_rules
INSERT INTO kamioi.member_rule AS u (tenant_id, member_id, multiplier, rounds_whole_amounts,
    cap_day_minor, cap_week_minor, sweep_minor, guard_minor, private_policy, etf_security_id,
    excluded_brand_ids, version)
SELECT %(tenant_id)s, %(member_id)s, %(multiplier)s, %(rounds_whole_amounts)s,
    %(cap_day_minor)s, %(cap_week_minor)s, %(sweep_minor)s, %(guard_minor)s, %(private_policy)s,
    %(etf_security_id)s, %(excluded_brand_ids)s::uuid[], 1
ON CONFLICT (tenant_id, member_id) DO UPDATE SET
    multiplier = EXCLUDED.multiplier, rounds_whole_amounts = EXCLUDED.rounds_whole_amounts,
    cap_day_minor = EXCLUDED.cap_day_minor, cap_week_minor = EXCLUDED.cap_week_minor,
    sweep_minor = EXCLUDED.sweep_minor, guard_minor = EXCLUDED.guard_minor,
    private_policy = EXCLUDED.private_policy, etf_security_id = EXCLUDED.etf_security_id,
    excluded_brand_ids = EXCLUDED.excluded_brand_ids, version = u.version + 1, updated_at = now()
WHERE u.version = %(version)s
RETURNING version

-- name: list_brands
SELECT id, name FROM kamioi.brand WHERE id = ANY (%(ids)s::uuid[]) ORDER BY name, id

-- name: list_funds
SELECT s.id, concat_ws(' ', l.ticker, s.name) AS name
FROM kamioi.security AS s
JOIN kamioi.listing AS l ON l.security_id = s.id AND l.valid_to IS NULL
WHERE s.kind = 'etf' AND s.status = 'listed' AND s.is_fractionable AND s.currency = %(currency)s
ORDER BY l.ticker, s.id LIMIT 50

-- name: find_fund
SELECT id FROM kamioi.security
WHERE id = %(security_id)s AND kind = 'etf' AND status <> 'delisted' AND is_fractionable

-- name: list_members
-- The invitation that waits for a member, also one that is over: it can be sent again.
WITH page AS (
    SELECT id, name, state, user_id, created_at FROM kamioi.member
    WHERE id < %(after_id)s::uuid ORDER BY id DESC LIMIT %(limit)s
)
SELECT p.id, p.name, p.state, p.user_id IS NOT NULL AS can_sign_in, p.created_at,
    coalesce(b.role <> 'member', false) AS runs_account,
    i.id AS invitation_id, coalesce(i.email, '') AS invited_email, i.expires_at AS invited_until
FROM page AS p
LEFT JOIN platform.membership AS b
    ON b.tenant_id = %(tenant_id)s::uuid AND b.user_id = p.user_id
LEFT JOIN (
    SELECT DISTINCT ON (about) about, id, email, expires_at FROM platform.invitation
    WHERE tenant_id = %(tenant_id)s::uuid AND accepted_at IS NULL
    ORDER BY about, expires_at DESC
) AS i ON p.user_id IS NULL AND i.about = %(about)s || p.id::text
ORDER BY p.id DESC

-- name: add_member
-- They count in the programme's currency.
INSERT INTO kamioi.member (tenant_id, id, name, time_zone, currency)
SELECT t.id, %(member_id)s, %(name)s, t.timezone, r.currency
FROM platform.tenant AS t
JOIN kamioi.programme_rate AS r ON r.tenant_id = t.id AND r.currency = r.into_currency

-- name: find_member_sign_in
SELECT m.name, m.user_id, coalesce(b.role, '') AS role
FROM kamioi.member AS m
LEFT JOIN platform.membership AS b ON b.tenant_id = m.tenant_id AND b.user_id = m.user_id
WHERE m.id = %(member_id)s

-- name: rest_member_of_user
-- Whose access ends is pulled from no more; what froze or closed them stays.
UPDATE kamioi.member
SET state = CASE state WHEN 'active' THEN 'paused' ELSE state END, updated_at = now()
WHERE user_id = %(user_id)s
RETURNING id

-- name: thaw_member
UPDATE kamioi.member SET state = 'paused', updated_at = %(now)s
WHERE id = %(member_id)s AND state = 'frozen'

-- name: settle_debt
-- Money that came in by another way than a pull, from the member or for them.
WITH settled AS MATERIALIZED (
    SELECT %(tenant_id)s::uuid AS tenant_id, %(day)s::date AS booked_on, uuidv7() AS transfer_id,
        %(member_id)s::uuid AS about_id, %(member_id)s::uuid AS member_id,
        %(amount_minor)s::bigint AS amount_minor, %(currency)s::text AS currency
)
-- book settled: debt_settled, bank +, member_cash -

-- name: claim_member
-- The first that waits; a person takes part once.
UPDATE kamioi.member SET user_id = %(user_id)s, updated_at = now()
WHERE id = (SELECT id FROM kamioi.member
            WHERE id = ANY (%(ids)s::uuid[]) AND user_id IS NULL ORDER BY id LIMIT 1)
  AND NOT EXISTS (SELECT FROM kamioi.member WHERE user_id = %(user_id)s)

-- name: count_members
SELECT count(*)::int AS members FROM kamioi.member
