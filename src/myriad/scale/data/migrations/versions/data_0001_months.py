"""Tables by month: which they are, and the functions by which their months come and go.

Only a table's owner may attach and detach partitions, and no process connects as the owner. So the
functions run as their owner, with a fixed search path, and touch declared tables only. Row security
is forced on the owner too; what the functions must know is opened to it by a policy of its own.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import create_schema, grant
from myriad.scale.data.migrations.operations import force_row_security
from myriad.scale.data.settings import APP_ROLE, CROSSING_ROLE

revision = "data_0001"
down_revision = None
branch_labels = ("data",)
depends_on = ("directory",)

TABLES = """
CREATE TABLE platform.partitioned_table (
    table_name text NOT NULL CONSTRAINT pk_partitioned_table PRIMARY KEY
        CONSTRAINT ck_partitioned_table_name CHECK (table_name ~ '^[a-z_0-9]+[.][a-z_0-9]+$'),
    key_column text NOT NULL,
    ahead smallint NOT NULL CONSTRAINT ck_partitioned_table_ahead CHECK (ahead BETWEEN 1 AND 12),
    keep_months smallint
        CONSTRAINT ck_partitioned_table_keep CHECK (keep_months BETWEEN 1 AND 1200),
    leaves smallint NOT NULL
        CONSTRAINT ck_partitioned_table_leaves CHECK (leaves BETWEEN 2 AND 1200),
    declared_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN platform.partitioned_table.keep_months IS
    'full months before the running one that stay; NULL means all';
COMMENT ON COLUMN platform.partitioned_table.leaves IS
    'as many partitions as months of the past may bring the table to';
CREATE TABLE platform.partition_archive (
    table_name text NOT NULL,
    month date NOT NULL CONSTRAINT ck_partition_archive_month
        CHECK (month = date_trunc('month', month::timestamp)::date),
    state text NOT NULL DEFAULT 'detached' CONSTRAINT ck_partition_archive_state
        CHECK (state IN ('detached', 'archived', 'dropped')),
    storage_key text,
    sha256 text,
    row_count bigint,
    row_digest text,
    size_bytes bigint,
    detached_at timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    dropped_at timestamptz,
    CONSTRAINT pk_partition_archive PRIMARY KEY (table_name, month),
    CONSTRAINT ck_partition_archive_complete CHECK (
        state = 'detached' OR num_nulls(storage_key, sha256, row_count, row_digest) = 0)
);
"""

# What both ends of a range mean, and what a month is called.
ENSURE = """
CREATE FUNCTION platform.ensure_months(wanted regclass, low date, high date)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '3s' AS $$
DECLARE
    declared platform.partitioned_table;
    running date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    space text;
    parent text;
    month date;
    part text;
    missing date[];
    past integer;
    held integer;
BEGIN
    SELECT * INTO declared FROM platform.partitioned_table WHERE table_name = wanted::text;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not declared as a table by month', wanted
            USING ERRCODE = 'wrong_object_type', HINT = 'declare it with declare_months in a migration';
    END IF;
    IF low IS NULL OR high IS NULL OR low > high OR low < DATE '1970-01-01'
            OR high >= running + interval '25 months' THEN
        RAISE EXCEPTION 'months from % to % cannot be made', low, high
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'give the first and the last day, not before 1970 and at most two years ahead';
    END IF;
    SELECT nspname, relname INTO space, parent FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = wanted;
    SELECT array_agg(one::date ORDER BY one) INTO missing
        FROM generate_series(date_trunc('month', low::timestamp), high::timestamp, interval '1 month') one
        WHERE to_regclass(format('%I.%I', space, parent || to_char(one, '_"p"YYYY_MM'))) IS NULL;
    IF missing IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('months of ' || declared.table_name, 0));
    SELECT array_agg(one ORDER BY one), count(*) FILTER (WHERE one < running) INTO missing, past
        FROM unnest(missing) one
        WHERE to_regclass(format('%I.%I', space, parent || to_char(one, '_"p"YYYY_MM'))) IS NULL;
    IF EXISTS (SELECT FROM platform.partition_archive archive
            WHERE archive.table_name = declared.table_name AND archive.month = ANY(missing)) THEN
        RAISE EXCEPTION 'a month of % from % to % has been archived', wanted, low, high
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'its rows are read with "myriad db archive read"; nothing is added to them';
    END IF;
    SELECT count(*) INTO held FROM pg_inherits WHERE inhparent = wanted;
    IF past > 0 AND held + cardinality(missing) > declared.leaves THEN
        RAISE EXCEPTION '% has % partitions and may have %; % more are asked for',
            wanted, held, declared.leaves, cardinality(missing)
            USING ERRCODE = 'configuration_limit_exceeded',
                  HINT = 'declare the table with more leaves, or bring in fewer months';
    END IF;
    FOREACH month IN ARRAY coalesce(missing, '{}') LOOP
        part := format('%I.%I', space, parent || to_char(month, '_"p"YYYY_MM'));
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
            'INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)', part, wanted);
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
        BEGIN
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                wanted, part, month, (month + interval '1 month')::date);
        EXCEPTION WHEN check_violation THEN
            RAISE EXCEPTION 'the default partition of % holds rows of %', wanted, to_char(month, 'YYYY-MM')
                USING ERRCODE = 'check_violation',
                      HINT = 'move them with "myriad db archive settle", then ask again';
        END;
    END LOOP;
    RETURN coalesce(cardinality(missing), 0);
END $$;
"""

# Rows that came before their month lie in the default. They go to a month of their own before it is
# attached; for as long as that takes, and in this transaction only, row security is not forced on
# the owner of the default.
SETTLE = """
CREATE FUNCTION platform.settle_month(wanted regclass, of_month date)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '3s' AS $$
DECLARE
    declared platform.partitioned_table;
    space text;
    parent text;
    rest text;
    part text;
    kept text;
    month date := date_trunc('month', of_month::timestamp)::date;
    moved bigint;
BEGIN
    SELECT * INTO STRICT declared FROM platform.partitioned_table WHERE table_name = wanted::text;
    PERFORM pg_advisory_xact_lock(hashtextextended('months of ' || declared.table_name, 0));
    SELECT nspname, relname INTO space, parent FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = wanted;
    SELECT partdefid::regclass::text INTO rest FROM pg_partitioned_table WHERE partrelid = wanted;
    part := format('%I.%I', space, parent || to_char(month, '_"p"YYYY_MM'));
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', rest);
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
        'INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)', part, wanted);
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', rest);
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO kept FROM pg_attribute
        WHERE attrelid = wanted AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('WITH taken AS (DELETE FROM ONLY %1$s WHERE %2$I >= %3$L AND %2$I < %4$L '
        'RETURNING %5$s) INSERT INTO %6$s (%5$s) SELECT %5$s FROM taken', rest, declared.key_column,
        month, (month + interval '1 month')::date, kept, part);
    GET DIAGNOSTICS moved = ROW_COUNT;
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', rest);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
        wanted, part, month, (month + interval '1 month')::date);
    RETURN moved;
END $$;
"""

# A table with a default partition cannot be detached from CONCURRENTLY; the lock is short and has
# a bound. What has been detached is read by the crossing role until it is dropped.
RETIRE = """
CREATE FUNCTION platform.detach_month(wanted regclass, of_month date)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '3s' AS $$
DECLARE
    declared platform.partitioned_table;
    space text;
    parent text;
    part text;
    month date := date_trunc('month', of_month::timestamp)::date;
BEGIN
    SELECT * INTO declared FROM platform.partitioned_table WHERE table_name = wanted::text;
    IF NOT FOUND OR declared.keep_months IS NULL OR month >= date_trunc('month',
            (now() AT TIME ZONE 'UTC') - make_interval(months => declared.keep_months))::date THEN
        RAISE EXCEPTION 'the month % of % is to be kept', to_char(month, 'YYYY-MM'), wanted
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'what goes is decided by keep_months where the table is declared';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('months of ' || declared.table_name, 0));
    SELECT nspname, relname INTO space, parent FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = wanted;
    part := format('%I.%I', space, parent || to_char(month, '_"p"YYYY_MM'));
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', wanted, part);
    EXECUTE format('CREATE POLICY detached_reading ON %s FOR SELECT TO myriad_crossing USING (true)', part);
    EXECUTE format('GRANT SELECT ON TABLE %s TO myriad_crossing', part);
    INSERT INTO platform.partition_archive (table_name, month) VALUES (declared.table_name, month);
    RETURN part;
END $$;
CREATE FUNCTION platform.drop_month(wanted regclass, of_month date)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '3s' AS $$
DECLARE
    space text;
    parent text;
    gone date;
BEGIN
    UPDATE platform.partition_archive SET state = 'dropped', dropped_at = now()
        WHERE table_name = wanted::text AND month = of_month AND state = 'archived'
        RETURNING month INTO gone;
    IF gone IS NULL THEN
        RAISE EXCEPTION 'the month % of % is not archived', of_month, wanted
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'a month is dropped once its file has been written and read back';
    END IF;
    SELECT nspname, relname INTO space, parent FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = wanted;
    EXECUTE format('DROP TABLE %I.%I', space, parent || to_char(gone, '_"p"YYYY_MM'));
END $$;
"""


def upgrade() -> None:
    create_schema(op, "platform")
    op.execute(TABLES)
    for table in ("partitioned_table", "partition_archive"):
        force_row_security(op, f"platform.{table}")
    # What is declared changes by migrations only.
    for role in (APP_ROLE, CROSSING_ROLE):
        op.execute(
            f"CREATE POLICY partitioned_table_{role} ON platform.partitioned_table "
            f"FOR SELECT TO {role} USING (true)"
        )
        grant(op, "platform.partitioned_table", role, ("SELECT",))
    op.execute(
        "CREATE POLICY partition_archive_crossing ON platform.partition_archive "
        f"TO {CROSSING_ROLE} USING (true) WITH CHECK (true)"
    )
    grant(op, "platform.partition_archive", CROSSING_ROLE, ("SELECT", "UPDATE"))
    for table in ("partitioned_table", "partition_archive"):
        op.execute(
            f"CREATE POLICY {table}_owner ON platform.{table} TO CURRENT_USER "
            "USING (true) WITH CHECK (true)"
        )
    for functions in (ENSURE, SETTLE, RETIRE):
        op.execute(functions)
    for function in ("ensure_months", "settle_month", "detach_month", "drop_month"):
        op.execute(f"REVOKE ALL ON FUNCTION platform.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION platform.{function} TO {CROSSING_ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION platform.ensure_months TO {APP_ROLE}")


def downgrade() -> None:
    for function in ("drop_month", "detach_month", "settle_month", "ensure_months"):
        op.execute(f"DROP FUNCTION platform.{function}")
    for table in ("partition_archive", "partitioned_table"):
        op.execute(f"DROP TABLE platform.{table}")
