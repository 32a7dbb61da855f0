"""Initials are found without their dots: A.B.C. as abc.

The words of names that are loaded already are made in this transaction, during which searches wait:
a few seconds for the whole register, since few names have initials.
"""

from __future__ import annotations

from alembic import op

revision = "upswitch_0007"
down_revision = "upswitch_0006"
branch_labels = None
depends_on = None

# A dot between two letters, each of which stands alone.
_DOT = r"(?<=\m[a-zà-ÿ])\.(?=[a-zà-ÿ]\M)"

FUNCTION = f"""
CREATE FUNCTION upswitch.name_words(name text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
SELECT CASE WHEN strpos(name, '.') = 0 THEN upswitch.search_words(name)
    ELSE upswitch.search_words(name)
        || upswitch.search_words(regexp_replace(lower(name), '{_DOT}', '', 'g'))
END
$$
"""

WORDS = f"""
WITH drawn AS (
    SELECT coalesce(t.enterprise, b.enterprise, m.entity) AS number, word
    FROM upswitch.kbo_denomination m
    LEFT JOIN upswitch.kbo_establishment t ON t.number = m.entity
    LEFT JOIN upswitch.kbo_branch b ON b.number = m.entity
    CROSS JOIN LATERAL unnest(upswitch.name_words(m.denomination)) AS word
    WHERE strpos(m.denomination, '.') > 0 AND lower(m.denomination) ~ '{_DOT}'
), term AS (
    INSERT INTO upswitch.company_term (term, number)
    SELECT DISTINCT d.word, d.number FROM drawn d JOIN upswitch.company c USING (number)
    ON CONFLICT (term, number) DO NOTHING
)
UPDATE upswitch.company c
SET words = ARRAY(SELECT DISTINCT each FROM unnest(c.words || d.words) AS each ORDER BY each)
FROM (SELECT number, array_agg(DISTINCT word) AS words FROM drawn GROUP BY number) d
WHERE d.number = c.number
"""  # noqa: S608 - the pattern is the constant above.
_TOUCHED = ("kbo_denomination", "kbo_establishment", "kbo_branch", "company", "company_term")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(FUNCTION)
    # Row security is FORCEd on its owner as well, who has no policy and would find nothing.
    for table in _TOUCHED:
        op.execute(f"ALTER TABLE upswitch.{table} NO FORCE ROW LEVEL SECURITY")
    op.execute(WORDS)
    for table in _TOUCHED:
        op.execute(f"ALTER TABLE upswitch.{table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP FUNCTION upswitch.name_words(text)")
