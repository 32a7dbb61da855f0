"""Profiles, the persons behind them, the links between and their visits.

The view `sale` is a payment with the person who paid; it and the functions run as their caller,
so row security holds. `sales_until` and `visits_until` know nothing of what came after their day.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0002"
down_revision = "keeper_0001"
branch_labels = None
depends_on = None

TABLES = (
    "person",
    "person_term",
    "customer",
    "identity_link",
    "visit",
)

DDL = """
CREATE TABLE keeper.person (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    display_name TEXT DEFAULT '' NOT NULL,
    sort_name TEXT COLLATE "C" DEFAULT '' NOT NULL,
    email TEXT,
    phone TEXT,
    contact_allowed BOOLEAN DEFAULT true NOT NULL,
    merged_into_id UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_person_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE,
    CONSTRAINT fk_person_tenant_id_merged_into_id
        FOREIGN KEY (tenant_id, merged_into_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE SET NULL (merged_into_id)
);
CREATE INDEX ix_person_merged ON keeper.person (tenant_id, merged_into_id);
CREATE INDEX ix_person_name ON keeper.person (tenant_id, sort_name, id);

CREATE TABLE keeper.person_term (
    tenant_id UUID NOT NULL,
    term TEXT COLLATE "C" NOT NULL,
    person_id UUID NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_person_term PRIMARY KEY (tenant_id, term, person_id),
    CONSTRAINT fk_person_term_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_person_term_person ON keeper.person_term (tenant_id, person_id);

CREATE TABLE keeper.customer (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    given_name TEXT,
    family_name TEXT,
    company_name TEXT,
    email TEXT,
    email_norm TEXT,
    email_unsubscribed BOOLEAN DEFAULT false NOT NULL,
    phone TEXT,
    phone_e164 TEXT,
    birth_year SMALLINT,
    birth_month SMALLINT,
    birth_day SMALLINT,
    address_line TEXT,
    postcode TEXT,
    creation_source TEXT,
    version BIGINT DEFAULT 0 NOT NULL,
    person_id UUID,
    merged_into_ext_id TEXT,
    deleted_at timestamptz,
    ext_created_at timestamptz,
    ext_updated_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_customer PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_customer_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE,
    CONSTRAINT fk_customer_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE SET NULL (person_id)
);
CREATE INDEX ix_customer_person ON keeper.customer (tenant_id, person_id);
CREATE UNIQUE INDEX uq_customer_ext_id ON keeper.customer (tenant_id, ext_id);

CREATE TABLE keeper.identity_link (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    left_customer_id UUID NOT NULL,
    right_customer_id UUID NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    probability DOUBLE PRECISION NOT NULL,
    method TEXT NOT NULL,
    evidence JSONB DEFAULT '{}' NOT NULL,
    state TEXT NOT NULL,
    veto_reason TEXT,
    decided_by TEXT,
    decided_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_identity_link PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_identity_link_tenant_id_left_customer_id
        FOREIGN KEY (tenant_id, left_customer_id)
        REFERENCES keeper.customer (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_identity_link_tenant_id_right_customer_id
        FOREIGN KEY (tenant_id, right_customer_id)
        REFERENCES keeper.customer (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_identity_link_right ON keeper.identity_link (tenant_id, right_customer_id);
CREATE INDEX ix_identity_link_state ON keeper.identity_link (tenant_id, state, weight, id);
CREATE UNIQUE INDEX uq_identity_link_pair
    ON keeper.identity_link (tenant_id, left_customer_id, right_customer_id);

CREATE TABLE keeper.visit (
    tenant_id UUID NOT NULL,
    person_id UUID NOT NULL,
    local_date DATE NOT NULL,
    net BIGINT DEFAULT 0 NOT NULL,
    services TEXT[] DEFAULT '{}' NOT NULL,
    staff TEXT[] DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_visit PRIMARY KEY (tenant_id, person_id, local_date),
    CONSTRAINT fk_visit_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_visit_day ON keeper.visit (tenant_id, local_date, person_id);
"""

VIEWS = """
CREATE VIEW keeper.sale WITH (security_invoker = true) AS
SELECT p.tenant_id, p.id, p.ext_id, p.order_ext_id, p.location_ext_id, p.team_member_ext_id,
       p.amount, p.tip, p.refunded, p.currency, p.status, p.source_type, p.local_date,
       p.ext_created_at, p.ext_updated_at,
       coalesce(p.customer_ext_id, o.customer_ext_id) AS customer_ext_id,
       c.id AS customer_id, c.person_id
FROM keeper.payment p
LEFT JOIN keeper.sales_order o ON o.tenant_id = p.tenant_id AND o.ext_id = p.order_ext_id
LEFT JOIN keeper.customer c ON c.tenant_id = p.tenant_id
    AND c.ext_id = coalesce(p.customer_ext_id, o.customer_ext_id);
GRANT SELECT ON keeper.sale TO myriad_app, myriad_crossing;

CREATE FUNCTION keeper.sales_until(day date)
RETURNS TABLE (tenant_id uuid, person_id uuid, local_date date, amount bigint, net bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH given_back AS (
        SELECT r.tenant_id, r.payment_ext_id, sum(r.amount)::bigint AS amount
        FROM keeper.refund r
        WHERE r.local_date <= day AND r.status NOT IN ('REJECTED', 'FAILED')
        GROUP BY r.tenant_id, r.payment_ext_id
    )
    SELECT s.tenant_id, s.person_id, s.local_date, s.amount,
           s.amount - least(s.amount, greatest(
               coalesce(g.amount, 0),
               CASE WHEN s.ext_updated_at::date <= day THEN s.refunded ELSE 0 END
           ))
    FROM keeper.sale s
    LEFT JOIN given_back g ON g.tenant_id = s.tenant_id AND g.payment_ext_id = s.ext_id
    WHERE s.status = 'COMPLETED' AND s.local_date <= day;
END;

CREATE FUNCTION keeper.visits_until(day date)
RETURNS TABLE (tenant_id uuid, person_id uuid, local_date date, net bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT e.tenant_id, e.person_id, e.local_date, sum(e.net)::bigint
    FROM (
        SELECT s.tenant_id, s.person_id, s.local_date, s.net
        FROM keeper.sales_until(day) s
        WHERE s.net > 0 OR s.amount = 0
        UNION ALL
        SELECT b.tenant_id, c.person_id, b.local_date, 0
        FROM keeper.booking b
        JOIN keeper.customer c ON c.tenant_id = b.tenant_id AND c.ext_id = b.customer_ext_id
        WHERE b.status = 'ACCEPTED' AND b.local_date <= day AND b.start_at <= now()
    ) e
    WHERE e.person_id IS NOT NULL
    GROUP BY e.tenant_id, e.person_id, e.local_date;
END;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    op.execute(VIEWS)
    for table in TABLES:
        protect(op, f"keeper.{table}")


def downgrade() -> None:
    op.execute("DROP FUNCTION keeper.visits_until, keeper.sales_until")
    op.execute("DROP VIEW keeper.sale")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
