"""Sums in the programme's currency, and the strings that people decide as one list of columns.

`stated_rate` is the last rate that a person stated for a pair of currencies. `programme_rate` leads
from it, or from its inverse, to the programme's currency: that of most of its first thousand
members. `descriptor_stake` is what the purchases at a string come to in that currency; a currency
without a rate counts smallest unit for smallest unit, and is named in `unrated`. `queued_string` is
a string with what holds or is proposed of it, for every list of the center.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0015"
down_revision = "kamioi_0012"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE kamioi.stated_rate (
    tenant_id UUID NOT NULL,
    currency TEXT NOT NULL,
    into_currency TEXT NOT NULL,
    rate NUMERIC(20, 10) NOT NULL,
    minor_rate NUMERIC(24, 14) NOT NULL,
    source TEXT NOT NULL,
    last_on DATE NOT NULL,
    stated_by UUID,
    stated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_stated_rate PRIMARY KEY (tenant_id, currency, into_currency),
    CONSTRAINT ck_stated_rate_pair CHECK (currency <> into_currency),
    CONSTRAINT ck_stated_rate_rate CHECK (minor_rate > 0),
    CONSTRAINT fk_stated_rate_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
"""

# What was stated before: of each pair the rate of the latest purchase that it released.
STATED_BEFORE = """
ALTER TABLE kamioi.foreign_purchase NO FORCE ROW LEVEL SECURITY;
ALTER TABLE kamioi.purchase NO FORCE ROW LEVEL SECURITY;
INSERT INTO kamioi.stated_rate (
    tenant_id, currency, into_currency, rate, minor_rate, source, last_on, stated_by, stated_at
)
SELECT DISTINCT ON (f.tenant_id, p.currency, f.currency)
    f.tenant_id, p.currency, f.currency, f.rate, f.minor_rate, f.source, f.booked_on, f.decided_by,
    coalesce(f.decided_at, f.held_at)
FROM kamioi.foreign_purchase f
JOIN kamioi.purchase p ON p.tenant_id = f.tenant_id AND p.booked_on = f.booked_on
    AND p.id = f.purchase_id
WHERE f.state = 'released' AND f.rate IS NOT NULL AND p.currency <> f.currency
ORDER BY f.tenant_id, p.currency, f.currency, f.booked_on DESC, f.decided_at DESC;
ALTER TABLE kamioi.purchase FORCE ROW LEVEL SECURITY;
ALTER TABLE kamioi.foreign_purchase FORCE ROW LEVEL SECURITY;
"""

VIEWS = """
CREATE VIEW kamioi.programme_rate WITH (security_invoker = true) AS
WITH own AS (
    SELECT t.id AS tenant_id, coalesce(most.currency, 'USD') AS currency
    FROM platform.tenant t
    LEFT JOIN LATERAL (
        SELECT m.currency
        FROM (
            SELECT currency FROM kamioi.member WHERE tenant_id = t.id ORDER BY id LIMIT 1000
        ) m
        GROUP BY m.currency ORDER BY count(*) DESC, m.currency LIMIT 1
    ) most ON true
), led AS (
    SELECT DISTINCT ON (o.tenant_id, c.currency)
        o.tenant_id, c.currency, o.currency AS into_currency, c.minor_rate
    FROM own o
    JOIN kamioi.stated_rate r ON r.tenant_id = o.tenant_id
    CROSS JOIN LATERAL (VALUES
        (r.currency, r.into_currency, r.minor_rate, 1),
        (r.into_currency, r.currency, 1 / r.minor_rate, 2)
    ) c (currency, into_currency, minor_rate, place)
    WHERE c.into_currency = o.currency
    ORDER BY o.tenant_id, c.currency, c.place
)
SELECT tenant_id, currency, currency AS into_currency, 1::numeric AS minor_rate FROM own
UNION ALL
SELECT tenant_id, currency, into_currency, minor_rate FROM led;

-- A rate that nobody can have meant must not end the jobs that weigh by it.
CREATE VIEW kamioi.descriptor_stake WITH (security_invoker = true) AS
SELECT u.tenant_id, u.descriptor_id,
    least(ceil(sum(u.amount_minor * coalesce(r.minor_rate, 1))), 1e15)::bigint AS stake_minor,
    array_agg(u.currency) FILTER (WHERE r.minor_rate IS NULL) AS unrated
FROM kamioi.descriptor_use u
LEFT JOIN kamioi.programme_rate r ON r.tenant_id = u.tenant_id AND r.currency = u.currency
WHERE u.purchases > 0
GROUP BY u.tenant_id, u.descriptor_id;

CREATE VIEW kamioi.queued_string WITH (security_invoker = true) AS
SELECT d.tenant_id, d.id AS descriptor_id, d.norm, d.raw_example, d.processor,
    m.id AS mapping_id, m.version, m.brand_id, b.name AS brand, m.confidence, m.method, m.state,
    m.weight, m.evidence, m.model
FROM kamioi.descriptor d
LEFT JOIN kamioi.mapping m ON m.tenant_id = d.tenant_id AND m.descriptor_id = d.id
    AND m.valid_to IS NULL
LEFT JOIN kamioi.brand b ON b.id = m.brand_id;

GRANT SELECT ON kamioi.programme_rate, kamioi.descriptor_stake, kamioi.queued_string
    TO myriad_app, myriad_crossing;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLE)
    op.execute(STATED_BEFORE)
    protect(op, "kamioi.stated_rate")
    op.execute(VIEWS)


def downgrade() -> None:
    op.execute("DROP VIEW kamioi.queued_string, kamioi.descriptor_stake, kamioi.programme_rate")
    op.execute("DROP TABLE kamioi.stated_rate")
