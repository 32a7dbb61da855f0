-- name: put_brands
INSERT INTO kamioi.brand AS b (key, name, qid, category, countries, source, popularity)
SELECT key, name, qid, category, countries, source, popularity
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    key text, name text, qid text, category text, countries text[], source text, popularity bigint
)
ON CONFLICT (key) DO UPDATE SET
    name = EXCLUDED.name, qid = EXCLUDED.qid, category = EXCLUDED.category,
    countries = EXCLUDED.countries, source = EXCLUDED.source, popularity = EXCLUDED.popularity,
    imported_at = now()
WHERE (b.name, b.qid, b.category, b.countries, b.source, b.popularity) IS DISTINCT FROM
      (EXCLUDED.name, EXCLUDED.qid, EXCLUDED.category, EXCLUDED.countries, EXCLUDED.source,
       EXCLUDED.popularity)

-- name: put_aliases
INSERT INTO kamioi.brand_alias (norm, brand_id, source)
SELECT r.norm, b.id, r.source
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (norm text, key text, source text)
JOIN kamioi.brand b ON b.key = r.key
ON CONFLICT (norm, brand_id) DO NOTHING

-- name: put_companies
INSERT INTO kamioi.company AS c (cik, name, norm)
SELECT cik, name, norm
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (cik bigint, name text, norm text)
ON CONFLICT (cik) DO UPDATE SET name = EXCLUDED.name, norm = EXCLUDED.norm, imported_at = now()
WHERE (c.name, c.norm) IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.norm)

-- name: put_securities
-- A company has one common share here; other classes, preferred shares and warrants are left out.
INSERT INTO kamioi.security (company_id, kind, name)
SELECT c.id, 'common', c.name
FROM kamioi.company c
WHERE NOT EXISTS (SELECT FROM kamioi.security s WHERE s.company_id = c.id)

-- name: end_renamed_listings
-- A share that stands under another symbol now ended under its old one on the day of the file.
UPDATE kamioi.listing l SET valid_to = %(day)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (cik bigint, ticker text)
JOIN kamioi.company c ON c.cik = r.cik
JOIN kamioi.security s ON s.company_id = c.id
WHERE l.security_id = s.id AND l.valid_to IS NULL AND l.ticker <> r.ticker
  AND l.valid_from < %(day)s

-- name: put_listings
-- A symbol under which the share stood no longer is not taken up again: the file is the older one.
INSERT INTO kamioi.listing (security_id, ticker, exchange, valid_from, source)
SELECT s.id, r.ticker, r.exchange, %(day)s, %(source)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (cik bigint, ticker text, exchange text)
JOIN kamioi.company c ON c.cik = r.cik
JOIN kamioi.security s ON s.company_id = c.id
WHERE NOT EXISTS (
    SELECT FROM kamioi.listing l
    WHERE l.security_id = s.id AND (l.valid_to IS NULL OR l.ticker = r.ticker)
)
  AND NOT EXISTS (
    SELECT FROM kamioi.listing l
    WHERE l.ticker = r.ticker AND l.exchange = r.exchange AND l.valid_to IS NULL
)
ON CONFLICT DO NOTHING

-- name: drop_listings
DELETE FROM kamioi.listing l
USING kamioi.security s
JOIN kamioi.company c ON c.id = s.company_id
WHERE l.security_id = s.id AND c.cik = ANY (%(ciks)s::bigint[])

-- name: put_curated_listings
INSERT INTO kamioi.listing (security_id, ticker, exchange, valid_from, valid_to, source)
SELECT s.id, r.ticker, r.exchange, r.valid_from, r.valid_to, r.source
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    cik bigint, ticker text, exchange text, valid_from date, valid_to date, source text
)
JOIN kamioi.company c ON c.cik = r.cik
JOIN kamioi.security s ON s.company_id = c.id
ON CONFLICT DO NOTHING

-- name: drop_ownerships
DELETE FROM kamioi.ownership o USING kamioi.brand b
WHERE b.id = o.brand_id AND b.key = ANY (%(keys)s::text[])

-- name: put_ownerships
INSERT INTO kamioi.ownership (
    brand_id, valid_from, valid_to, owner_name, security_id, source
)
SELECT b.id, r.valid_from, r.valid_to, r.owner, s.id, r.source
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    key text, owner text, cik bigint, valid_from date, valid_to date, source text
)
JOIN kamioi.brand b ON b.key = r.key
LEFT JOIN kamioi.company c ON c.cik = r.cik
LEFT JOIN kamioi.security s ON s.company_id = c.id

-- name: put_mccs
INSERT INTO kamioi.mcc AS m (code, description, kind)
SELECT code, description, kind
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (code text, description text, kind text)
ON CONFLICT (code) DO UPDATE SET description = EXCLUDED.description, kind = EXCLUDED.kind
WHERE (m.description, m.kind) IS DISTINCT FROM (EXCLUDED.description, EXCLUDED.kind)

-- name: list_unlisted_closes
-- Rows whose ticker no share had on their day.
SELECT r.line, r.ticker, r.day
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (line bigint, ticker text, day date)
WHERE NOT EXISTS (
    SELECT FROM kamioi.listing AS l
    WHERE l.ticker = r.ticker AND l.valid_from <= r.day
      AND (l.valid_to IS NULL OR l.valid_to > r.day)
)
ORDER BY r.line

-- name: put_closes
-- A close that a file tells takes the place of an invented one, and of an earlier file's.
INSERT INTO kamioi.price AS p (security_id, day, close, currency, source)
SELECT DISTINCT ON (l.security_id, r.day) l.security_id, r.day, r.close, s.currency, %(source)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (line bigint, ticker text, day date, close numeric)
JOIN kamioi.listing AS l ON l.ticker = r.ticker AND l.valid_from <= r.day
    AND (l.valid_to IS NULL OR l.valid_to > r.day)
JOIN kamioi.security AS s ON s.id = l.security_id
ORDER BY l.security_id, r.day, r.line DESC
ON CONFLICT (security_id, day) DO UPDATE SET close = EXCLUDED.close, source = EXCLUDED.source
WHERE (p.close, p.source) IS DISTINCT FROM (EXCLUDED.close, EXCLUDED.source)

-- name: forget_refusals
DELETE FROM kamioi.fact_refusal WHERE file = %(file)s

-- name: put_refusals
INSERT INTO kamioi.fact_refusal (file, line, reason, row_text)
SELECT %(file)s, r.line, r.reason, r.row_text
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (line bigint, reason text, row_text text)

-- name: list_known_brands
SELECT b.id, b.key, b.name, b.qid, b.category, b.countries, b.source, b.popularity,
       coalesce(array_agg(a.norm ORDER BY a.norm) FILTER (WHERE a.norm IS NOT NULL), '{}')
           AS aliases
FROM kamioi.brand b
LEFT JOIN kamioi.brand_alias a ON a.brand_id = b.id
GROUP BY b.id
ORDER BY b.key

-- name: facts_version
SELECT concat_ws('/', (SELECT count(*) FROM kamioi.brand), (SELECT count(*) FROM kamioi.brand_alias),
                 (SELECT max(imported_at) FROM kamioi.brand)) AS version

-- name: list_owners
SELECT b.key, o.valid_from, o.valid_to, o.owner_name, o.source, c.cik, s.status, s.is_fractionable
FROM kamioi.ownership o
JOIN kamioi.brand b ON b.id = o.brand_id
LEFT JOIN kamioi.security s ON s.id = o.security_id
LEFT JOIN kamioi.company c ON c.id = s.company_id
ORDER BY b.key, o.valid_from

-- name: list_owned_listings
SELECT c.cik, l.ticker, l.exchange, l.valid_from, l.valid_to, l.source
FROM kamioi.listing l
JOIN kamioi.security s ON s.id = l.security_id
JOIN kamioi.company c ON c.id = s.company_id
WHERE l.security_id IN (SELECT security_id FROM kamioi.ownership)
ORDER BY c.cik, l.valid_from
