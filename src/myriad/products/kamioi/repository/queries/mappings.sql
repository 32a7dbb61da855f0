-- name: list_undecided_descriptors
-- Descriptors of which nothing is said yet, those with most money first. One of which what stands
-- are only movements that never round up needs no brand; one without any may round up yet.
WITH undecided AS MATERIALIZED (
    SELECT d.tenant_id, d.id, d.norm, d.processor, d.raw_example, d.first_seen_on
    FROM kamioi.descriptor d
    WHERE NOT EXISTS (
        SELECT FROM kamioi.mapping m
        WHERE m.tenant_id = d.tenant_id AND m.descriptor_id = d.id AND m.valid_to IS NULL
    )
), staked AS (
    SELECT d.*, s.stake_minor
    FROM undecided d
    LEFT JOIN (
        SELECT tenant_id, descriptor_id, stake_minor FROM kamioi.descriptor_stake
        WHERE descriptor_id = ANY (ARRAY(SELECT id FROM undecided))
    ) s ON s.tenant_id = d.tenant_id AND s.descriptor_id = d.id
)
SELECT d.id, d.norm, d.processor, d.raw_example,
    ARRAY(
        SELECT n.brand_id FROM kamioi.negative_memory n
        WHERE n.tenant_id = d.tenant_id AND n.descriptor_id = d.id
    ) AS refused
FROM staked d
WHERE CASE
    WHEN d.stake_minor IS NOT NULL THEN true
    -- Nearly always the purchase stands with which the string came.
    WHEN (SELECT true FROM kamioi.purchase p
          WHERE p.tenant_id = d.tenant_id AND p.descriptor_id = d.id
              AND p.booked_on >= d.first_seen_on AND p.booked_on < d.first_seen_on + 31
              AND p.state IN ('pending', 'posted') LIMIT 1) THEN false
    ELSE (SELECT true FROM kamioi.purchase p
          WHERE p.tenant_id = d.tenant_id AND p.descriptor_id = d.id
              AND p.booked_on >= d.first_seen_on - 800
              AND p.state IN ('pending', 'posted') LIMIT 1) IS NULL
END
ORDER BY d.stake_minor DESC NULLS LAST, d.id
LIMIT %(count)s

-- name: propose_mappings
-- What was decided or refused meanwhile stays; a refused brand is never proposed again.
INSERT INTO kamioi.mapping (
    tenant_id, descriptor_id, version, brand_id, confidence, score_bin, method, state, evidence,
    model, prompt_sha256, cost_usd_micros, weight
)
SELECT %(tenant_id)s, r.descriptor_id,
       1 + coalesce((SELECT max(m.version) FROM kamioi.mapping m
                     WHERE m.descriptor_id = r.descriptor_id), 0),
       r.brand_id, r.confidence, r.score_bin, r.method, r.state, r.evidence, r.model,
       r.prompt_sha256, coalesce(r.cost_usd_micros, 0),
       coalesce((SELECT s.stake_minor FROM kamioi.descriptor_stake s
                 WHERE s.descriptor_id = r.descriptor_id), 0) * (1 - r.confidence)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    descriptor_id uuid, brand_id uuid, confidence real, score_bin smallint, method text,
    state text, evidence jsonb, model text, prompt_sha256 text, cost_usd_micros bigint
)
WHERE NOT EXISTS (
    SELECT FROM kamioi.negative_memory n
    WHERE n.descriptor_id = r.descriptor_id AND n.brand_id = r.brand_id
)
ON CONFLICT DO NOTHING

-- name: list_mapping_versions
SELECT m.version, m.brand_id, b.name AS brand, m.confidence, m.method, m.state, m.state_before,
       m.evidence, m.model, m.decided_by, u.name AS decided_name, s.name AS seconded_name,
       m.valid_from, m.valid_to
FROM kamioi.mapping m
LEFT JOIN kamioi.brand b ON b.id = m.brand_id
LEFT JOIN platform.user_account u ON u.id = m.decided_by
LEFT JOIN platform.user_account s ON s.id = m.seconded_by
WHERE m.descriptor_id = %(descriptor_id)s
ORDER BY m.version DESC
LIMIT 100

-- name: lock_mappings
-- What holds of each descriptor, kept from others until the transaction ends.
SELECT descriptor_id, id, version, brand_id, method, state
FROM kamioi.mapping
WHERE descriptor_id = ANY (%(descriptor_ids)s::uuid[]) AND valid_to IS NULL
ORDER BY descriptor_id
FOR UPDATE

-- name: end_mappings
UPDATE kamioi.mapping SET valid_to = now(), state_before = state, state = %(state)s
WHERE descriptor_id = ANY (%(descriptor_ids)s::uuid[]) AND valid_to IS NULL

-- name: decide_mappings
INSERT INTO kamioi.mapping (
    tenant_id, descriptor_id, version, brand_id, confidence, score_bin, method, state, evidence,
    decided_by, seconded_by
)
SELECT %(tenant_id)s, r.descriptor_id,
       1 + coalesce((SELECT max(m.version) FROM kamioi.mapping m
                     WHERE m.descriptor_id = r.descriptor_id), 0),
       r.brand_id, 1, 9, 'human', 'approved', r.evidence, r.decided_by, r.seconded_by
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    descriptor_id uuid, brand_id uuid, evidence jsonb, decided_by uuid, seconded_by uuid
)
ON CONFLICT DO NOTHING
RETURNING descriptor_id

-- name: restore_mapping
-- A version of before holds again, as it was and as a new one.
INSERT INTO kamioi.mapping (
    tenant_id, descriptor_id, version, brand_id, confidence, score_bin, method, state, evidence,
    decided_by, weight
)
SELECT tenant_id, descriptor_id, %(version)s, brand_id, confidence, score_bin, method,
       coalesce(state_before, state), evidence || jsonb_build_object('restored', version),
       %(decided_by)s, weight
FROM kamioi.mapping
WHERE descriptor_id = %(descriptor_id)s AND version = %(restored)s
  AND coalesce(state_before, state) IN ('proposed', 'auto', 'approved')
ON CONFLICT DO NOTHING

-- name: forget_audit
DELETE FROM kamioi.audit_sample WHERE mapping_id IN (
    SELECT id FROM kamioi.mapping WHERE descriptor_id = %(descriptor_id)s AND version = %(version)s
)

-- name: forget_refusal
DELETE FROM kamioi.negative_memory WHERE descriptor_id = %(descriptor_id)s AND brand_id = (
    SELECT brand_id FROM kamioi.mapping
    WHERE descriptor_id = %(descriptor_id)s AND version = %(version)s
)

-- name: remember_refusals
INSERT INTO kamioi.negative_memory (tenant_id, descriptor_id, brand_id, decided_by)
SELECT %(tenant_id)s, r.descriptor_id, r.brand_id, %(decided_by)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (descriptor_id uuid, brand_id uuid)
WHERE r.brand_id IS NOT NULL
ON CONFLICT DO NOTHING

-- name: find_refusal
SELECT brand_id FROM kamioi.negative_memory
WHERE descriptor_id = %(descriptor_id)s AND brand_id = %(brand_id)s::uuid

-- name: lock_descriptor
SELECT id FROM kamioi.descriptor WHERE id = %(descriptor_id)s FOR NO KEY UPDATE

-- name: put_override
INSERT INTO kamioi.member_override (tenant_id, member_id, descriptor_id, brand_id)
VALUES (%(tenant_id)s, %(member_id)s, %(descriptor_id)s, %(brand_id)s)
ON CONFLICT (tenant_id, member_id, descriptor_id)
DO UPDATE SET brand_id = EXCLUDED.brand_id, created_at = now()

-- name: count_overrides
SELECT count(*) AS members FROM kamioi.member_override
WHERE descriptor_id = %(descriptor_id)s AND brand_id IS NOT DISTINCT FROM %(brand_id)s::uuid

-- name: sample_audits
-- One in a hundred of what was decided without a person, chosen by the id: the same every time.
INSERT INTO kamioi.audit_sample (tenant_id, mapping_id, method, score_bin, sampled_on)
SELECT m.tenant_id, m.id, m.method, m.score_bin, %(day)s
FROM kamioi.mapping m
WHERE m.state = 'auto' AND m.valid_to IS NULL
  AND abs(hashtextextended(m.id::text, 0) %% 100) < %(percent)s
ON CONFLICT DO NOTHING

-- name: record_audit
UPDATE kamioi.audit_sample
SET is_right = %(is_right)s, decided_by = %(decided_by)s, decided_at = now()
WHERE mapping_id = %(mapping_id)s

-- name: list_audit_bins
SELECT method, score_bin, count(*) FILTER (WHERE is_right) AS right_ones, count(*) AS total
FROM kamioi.audit_sample WHERE is_right IS NOT NULL
GROUP BY method, score_bin ORDER BY method, score_bin

-- name: put_audits
INSERT INTO kamioi.audit_sample (
    tenant_id, mapping_id, method, score_bin, sampled_on, is_right, decided_by, decided_at
)
SELECT m.tenant_id, m.id, m.method, m.score_bin, %(day)s, r.is_right, r.decided_by, now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (mapping_id uuid, is_right boolean, decided_by uuid)
JOIN kamioi.mapping m ON m.id = r.mapping_id
WHERE m.method <> 'human'
ON CONFLICT (tenant_id, mapping_id)
DO UPDATE SET is_right = EXCLUDED.is_right, decided_by = EXCLUDED.decided_by, decided_at = now()
