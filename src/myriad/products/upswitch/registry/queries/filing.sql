-- name: keep_filing
INSERT INTO upswitch.filing (number, reference, model, starts_on, ends_on, deposited_on, rubrics)
VALUES (%(number)s, %(reference)s, %(model)s, %(starts_on)s, %(ends_on)s, %(deposited_on)s,
        %(rubrics)s)
ON CONFLICT (number, reference) DO UPDATE SET
    model = EXCLUDED.model, starts_on = EXCLUDED.starts_on, ends_on = EXCLUDED.ends_on,
    deposited_on = EXCLUDED.deposited_on, rubrics = EXCLUDED.rubrics, read_at = now()

-- name: note_filing_check
INSERT INTO upswitch.filing_check (number, deposits, without_data)
VALUES (%(number)s, %(deposits)s, %(without_data)s)
ON CONFLICT (number) DO UPDATE SET
    checked_at = now(), deposits = EXCLUDED.deposits, without_data = EXCLUDED.without_data

-- name: list_filings
SELECT number, reference, model, starts_on, ends_on, deposited_on, rubrics
FROM upswitch.filing WHERE number = %(number)s ORDER BY ends_on DESC, reference DESC

-- name: find_filing_check
SELECT checked_at, deposits, without_data FROM upswitch.filing_check WHERE number = %(number)s
