"""The company register: the files of the KBO as tables, and what screens search in.

None of it belongs to a tenant. Every tenant reads it and only the crossing role writes it. A full
extract is loaded into tables of the same form with `_next` behind their names, which then take
the place of the old ones in one short transaction. The roles of the application own nothing, so
making and swapping them is done by functions that run as their owner.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data import APP_ROLE, CROSSING_ROLE
from myriad.scale.data.migrations import create_schema

revision = "upswitch_0001"
down_revision = None
branch_labels = ("upswitch",)
depends_on = None

KBO = (
    "kbo_enterprise",
    "kbo_establishment",
    "kbo_branch",
    "kbo_denomination",
    "kbo_address",
    "kbo_activity",
    "kbo_contact",
    "kbo_code",
)
MADE = ("company", "company_term")
KEPT = ("kbo_extract", "kbo_refusal")

DDL = """
CREATE TABLE upswitch.kbo_extract (
    number INTEGER NOT NULL,
    is_full BOOLEAN NOT NULL,
    snapshot_date DATE NOT NULL,
    extracted_at timestamptz NOT NULL,
    version TEXT NOT NULL,
    loaded_at timestamptz DEFAULT now() NOT NULL,
    natural_persons BOOLEAN DEFAULT false NOT NULL,
    rows JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_kbo_extract PRIMARY KEY (number, is_full)
);
CREATE TABLE upswitch.kbo_refusal (
    id UUID DEFAULT uuidv7() NOT NULL,
    extract_number INTEGER NOT NULL,
    file TEXT NOT NULL,
    line BIGINT NOT NULL,
    reason TEXT NOT NULL,
    row_text TEXT NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_kbo_refusal PRIMARY KEY (id)
);
CREATE INDEX ix_kbo_refusal_extract_number ON upswitch.kbo_refusal (extract_number, file, line);

CREATE TABLE upswitch.kbo_enterprise (
    number BIGINT NOT NULL,
    status TEXT,
    situation TEXT,
    type TEXT,
    form TEXT,
    form_cac TEXT,
    start_date DATE
);
CREATE TABLE upswitch.kbo_establishment (
    number BIGINT NOT NULL,
    start_date DATE,
    enterprise BIGINT NOT NULL
);
CREATE TABLE upswitch.kbo_branch (
    number BIGINT NOT NULL,
    start_date DATE,
    enterprise BIGINT NOT NULL
);
CREATE TABLE upswitch.kbo_denomination (
    entity BIGINT NOT NULL,
    language TEXT,
    type TEXT,
    denomination TEXT
);
CREATE TABLE upswitch.kbo_address (
    entity BIGINT NOT NULL,
    type TEXT,
    country_nl TEXT,
    country_fr TEXT,
    zipcode TEXT,
    municipality_nl TEXT,
    municipality_fr TEXT,
    street_nl TEXT,
    street_fr TEXT,
    house_number TEXT,
    box TEXT,
    extra TEXT,
    struck_off DATE
);
CREATE TABLE upswitch.kbo_activity (
    entity BIGINT NOT NULL,
    activity_group TEXT,
    nace_version TEXT,
    nace_code TEXT,
    classification TEXT
);
CREATE TABLE upswitch.kbo_contact (
    entity BIGINT NOT NULL,
    entity_contact TEXT,
    contact_type TEXT,
    value TEXT
);
CREATE TABLE upswitch.kbo_code (
    category TEXT NOT NULL,
    code TEXT NOT NULL,
    language TEXT NOT NULL,
    description TEXT
);
CREATE INDEX ix_kbo_enterprise_number ON upswitch.kbo_enterprise (number);
CREATE INDEX ix_kbo_establishment_number ON upswitch.kbo_establishment (number);
CREATE INDEX ix_kbo_establishment_enterprise ON upswitch.kbo_establishment (enterprise);
CREATE INDEX ix_kbo_branch_number ON upswitch.kbo_branch (number);
CREATE INDEX ix_kbo_branch_enterprise ON upswitch.kbo_branch (enterprise);
CREATE INDEX ix_kbo_denomination_entity ON upswitch.kbo_denomination (entity);
CREATE INDEX ix_kbo_address_entity ON upswitch.kbo_address (entity);
CREATE INDEX ix_kbo_activity_entity ON upswitch.kbo_activity (entity);
CREATE INDEX ix_kbo_contact_entity ON upswitch.kbo_contact (entity);
CREATE INDEX ix_kbo_code_code ON upswitch.kbo_code (category, code, language);

CREATE TABLE upswitch.company (
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    names TEXT[] DEFAULT '{}' NOT NULL,
    words TEXT[] DEFAULT '{}' NOT NULL,
    status TEXT,
    situation TEXT,
    legal_form TEXT,
    is_natural_person BOOLEAN DEFAULT false NOT NULL,
    start_date DATE,
    address JSONB,
    snapshot_date DATE NOT NULL
);
CREATE TABLE upswitch.company_term (
    term TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL
);
CREATE UNIQUE INDEX uq_company_number ON upswitch.company (number);
CREATE UNIQUE INDEX uq_company_term_term ON upswitch.company_term (term, number);
CREATE INDEX ix_company_term_number ON upswitch.company_term (number);
"""

# Letters without their accents, and whatever is no part of a word as a space. Regular expressions
# would take ten times as long over three million names.
_LETTERS = "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿœæß"
_PLAIN = "aaaaaaceeeeiiiinoooooouuuuyyoas"
_MARKS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\r\n«»“”„‘’•·…–—°\xa0'  # noqa: RUF001 - dashes of names.
_FROM = _LETTERS + "''" + _MARKS
_TO = _PLAIN + " " * (1 + len(_MARKS))
_ARRAY = ", ".join(f"'{table}'" for table in (*KBO, *MADE))

FUNCTIONS = f"""
CREATE FUNCTION upswitch.search_words(name text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
SELECT array_remove(string_to_array(translate(lower(name), '{_FROM}', '{_TO}'), ' '), '')
$$;

CREATE FUNCTION upswitch.begin_registry_load() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    part text;
BEGIN
    FOREACH part IN ARRAY ARRAY[{_ARRAY}] LOOP
        EXECUTE format('DROP TABLE IF EXISTS upswitch.%I', part || '_next');
        EXECUTE format(
            'CREATE TABLE upswitch.%I (LIKE upswitch.%I INCLUDING DEFAULTS)', part || '_next', part
        );
        EXECUTE format(
            'GRANT SELECT, INSERT ON upswitch.%I TO {CROSSING_ROLE}', part || '_next'
        );
    END LOOP;
END;
$$;

CREATE FUNCTION upswitch.index_registry_load(parts text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET maintenance_work_mem = '256MB'
AS $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT pg_get_indexdef(i.indexrelid) AS definition, c.relname AS name, t.relname AS part
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'upswitch' AND t.relname = ANY (parts)
          AND t.relname IN ({_ARRAY})
    LOOP
        EXECUTE replace(
            replace(found.definition, ' ' || found.name || ' ON ',
                    ' ' || found.name || '_next ON '),
            ' ON upswitch.' || found.part || ' ', ' ON upswitch.' || found.part || '_next '
        );
        EXECUTE format('ANALYZE upswitch.%I', found.part || '_next');
    END LOOP;
END;
$$;

CREATE FUNCTION upswitch.open_registry_table(part text, base text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    EXECUTE format('ALTER TABLE upswitch.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE upswitch.%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format(
        'CREATE POLICY %I ON upswitch.%I FOR SELECT TO {APP_ROLE} USING (true)',
        base || '_reading', part
    );
    EXECUTE format(
        'CREATE POLICY %I ON upswitch.%I TO {CROSSING_ROLE} USING (true) WITH CHECK (true)',
        base || '_crossing', part
    );
    EXECUTE format('GRANT SELECT ON upswitch.%I TO {APP_ROLE}', part);
    EXECUTE format(
        'GRANT SELECT, INSERT, UPDATE, DELETE ON upswitch.%I TO {CROSSING_ROLE}', part
    );
END;
$$;
REVOKE ALL ON FUNCTION upswitch.open_registry_table FROM PUBLIC;

CREATE FUNCTION upswitch.finish_registry_load() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '200ms'
AS $$
DECLARE
    part text;
    found record;
BEGIN
    FOREACH part IN ARRAY ARRAY[{_ARRAY}] LOOP
        EXECUTE format('DROP TABLE upswitch.%I', part);
        EXECUTE format('ALTER TABLE upswitch.%I RENAME TO %I', part || '_next', part);
        PERFORM upswitch.open_registry_table(part, part);
    END LOOP;
    FOR found IN
        SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'upswitch' AND c.relkind = 'i' AND c.relname LIKE '%\\_next'
    LOOP
        EXECUTE format(
            'ALTER INDEX upswitch.%I RENAME TO %I',
            found.name, left(found.name, -length('_next'))
        );
    END LOOP;
END;
$$;
"""  # noqa: S608 - the names are the constants above.

# A word that many companies share is a poor way in, so the rarest one leads; how rare each is, is
# counted up to a bound. Where all are common, whole words only are asked for.
SEARCH = """
CREATE FUNCTION upswitch.find_companies(query text, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
DECLARE
    bound CONSTANT integer := 1000;
    wanted text[] := array_remove((upswitch.search_words(query))[1:6], '');
    word text;
    rarest text;
    fewest integer := bound + 1;
    found integer;
BEGIN
    FOREACH word IN ARRAY coalesce(wanted, '{}') LOOP
        SELECT count(*) INTO found FROM (
            SELECT 1 FROM upswitch.company_term t
            WHERE t.term >= word AND t.term < word || U&'\\FFFF' LIMIT bound
        ) counted;
        IF found < fewest OR (found = fewest AND length(word) > length(rarest)) THEN
            fewest := found;
            rarest := word;
        END IF;
    END LOOP;
    IF rarest IS NULL THEN
        RETURN;
    ELSIF fewest < bound OR cardinality(wanted) = 1 THEN
        RETURN QUERY
        SELECT c.number FROM (
            SELECT DISTINCT near.number FROM (
                SELECT t.number FROM upswitch.company_term t
                WHERE t.term >= rarest AND t.term < rarest || U&'\\FFFF'
                ORDER BY t.term, t.number
                LIMIT CASE WHEN cardinality(wanted) = 1 THEN 200 ELSE bound END
            ) near
        ) numbers
        JOIN upswitch.company c USING (number)
        WHERE cardinality(wanted) = 1 OR NOT EXISTS (
            SELECT 1 FROM unnest(wanted) asked
            WHERE NOT EXISTS (SELECT 1 FROM unnest(c.words) own WHERE starts_with(own, asked))
        )
        ORDER BY starts_with(lower(c.name), lower(btrim(query))) DESC, (c.words @> wanted) DESC,
                 length(c.name), c.name, c.number
        LIMIT most;
    ELSE
        RETURN QUERY
        SELECT c.number FROM (
            SELECT t.number FROM upswitch.company_term t
            WHERE t.term = ANY (wanted)
            GROUP BY t.number HAVING count(*) = cardinality(wanted)
            LIMIT bound
        ) numbers
        JOIN upswitch.company c USING (number)
        ORDER BY starts_with(lower(c.name), lower(btrim(query))) DESC,
                 length(c.name), c.name, c.number
        LIMIT most;
    END IF;
END;
$$;
"""
LOADING = (
    "begin_registry_load()",
    "index_registry_load(text[])",
    "finish_registry_load()",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    create_schema(op, "upswitch")
    op.execute(DDL)
    op.execute(FUNCTIONS)
    op.execute(SEARCH)
    for table in (*KEPT, *KBO, *MADE):
        op.execute(f"SELECT upswitch.open_registry_table('{table}', '{table}')")
    # A refused row may hold a person's name; operators see it, tenants do not.
    op.execute(f"REVOKE SELECT ON TABLE upswitch.kbo_refusal FROM {APP_ROLE}")  # noqa: S608
    op.execute("DROP POLICY kbo_refusal_reading ON upswitch.kbo_refusal")
    for function in LOADING:
        op.execute(f"REVOKE ALL ON FUNCTION upswitch.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION upswitch.{function} TO {CROSSING_ROLE}")


def downgrade() -> None:
    for function in (
        *LOADING,
        "open_registry_table(text, text)",
        "find_companies(text, integer)",
        "search_words(text)",
    ):
        op.execute(f"DROP FUNCTION upswitch.{function}")
    for table in (*KBO, *MADE, *KEPT):
        op.execute(f"DROP TABLE upswitch.{table}")
    op.execute("DROP SCHEMA upswitch")
