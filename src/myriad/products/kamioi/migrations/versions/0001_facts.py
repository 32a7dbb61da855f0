"""Facts of the world: brands, companies, securities, who owned what and when, prices.

None of it belongs to a tenant. Every tenant reads it; import commands write it as the crossing
role. A ticker is never a key: symbols are used again (FB was another company until 2003), so a
security has an id of its own, and listings say under which ticker it stood and when.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data import APP_ROLE
from myriad.scale.data.migrations import create_schema
from myriad.scale.data.migrations.operations import publish

revision = "kamioi_0001"
down_revision = None
branch_labels = ("kamioi",)
depends_on = ("directory",)

TABLES = (
    "mcc",
    "brand",
    "brand_alias",
    "company",
    "security",
    "listing",
    "ownership",
    "price",
    "corporate_action",
    "fact_refusal",
)

DDL = """
CREATE TABLE kamioi.mcc (
    code TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT DEFAULT 'purchase' NOT NULL,
    CONSTRAINT pk_mcc PRIMARY KEY (code),
    CONSTRAINT ck_mcc_code CHECK (code ~ '^[0-9]{4}$')
);
CREATE TABLE kamioi.brand (
    id UUID DEFAULT uuidv7() NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    qid TEXT,
    category TEXT DEFAULT '' NOT NULL,
    countries TEXT[] DEFAULT '{}' NOT NULL,
    source TEXT NOT NULL,
    popularity BIGINT DEFAULT 0 NOT NULL,
    imported_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_brand PRIMARY KEY (id),
    CONSTRAINT uq_brand_key UNIQUE (key)
);
CREATE TABLE kamioi.brand_alias (
    norm TEXT COLLATE "C" NOT NULL,
    brand_id UUID NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_brand_alias PRIMARY KEY (norm, brand_id),
    CONSTRAINT fk_brand_alias_brand_id
        FOREIGN KEY (brand_id) REFERENCES kamioi.brand (id) ON DELETE CASCADE
);
CREATE INDEX ix_brand_alias_brand_id ON kamioi.brand_alias (brand_id);
CREATE TABLE kamioi.company (
    id UUID DEFAULT uuidv7() NOT NULL,
    cik BIGINT,
    name TEXT NOT NULL,
    norm TEXT COLLATE "C" NOT NULL,
    imported_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_company PRIMARY KEY (id),
    CONSTRAINT uq_company_cik UNIQUE (cik)
);
CREATE INDEX ix_company_norm ON kamioi.company (norm);
CREATE TABLE kamioi.security (
    id UUID DEFAULT uuidv7() NOT NULL,
    company_id UUID,
    kind TEXT DEFAULT 'common' NOT NULL,
    name TEXT NOT NULL,
    figi TEXT,
    currency TEXT DEFAULT 'USD' NOT NULL,
    status TEXT DEFAULT 'listed' NOT NULL,
    is_fractionable BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_security PRIMARY KEY (id),
    CONSTRAINT ck_security_kind CHECK (kind IN ('common', 'etf')),
    CONSTRAINT ck_security_status CHECK (status IN ('listed', 'halted', 'delisted')),
    CONSTRAINT fk_security_company_id
        FOREIGN KEY (company_id) REFERENCES kamioi.company (id) ON DELETE RESTRICT
);
CREATE INDEX ix_security_company_id ON kamioi.security (company_id);
CREATE TABLE kamioi.listing (
    security_id UUID NOT NULL,
    ticker TEXT COLLATE "C" NOT NULL,
    exchange TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    source TEXT NOT NULL,
    CONSTRAINT pk_listing PRIMARY KEY (security_id, valid_from),
    CONSTRAINT uq_listing_ticker UNIQUE (ticker, exchange, valid_from),
    CONSTRAINT ck_listing_period CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT fk_listing_security_id
        FOREIGN KEY (security_id) REFERENCES kamioi.security (id) ON DELETE CASCADE
);
CREATE TABLE kamioi.ownership (
    brand_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    owner_name TEXT NOT NULL,
    security_id UUID,
    share NUMERIC(5, 4) DEFAULT 1 NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_ownership PRIMARY KEY (brand_id, valid_from),
    CONSTRAINT ck_ownership_period CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT ck_ownership_share CHECK (share > 0 AND share <= 1),
    CONSTRAINT fk_ownership_brand_id
        FOREIGN KEY (brand_id) REFERENCES kamioi.brand (id) ON DELETE CASCADE,
    CONSTRAINT fk_ownership_security_id
        FOREIGN KEY (security_id) REFERENCES kamioi.security (id) ON DELETE RESTRICT
);
CREATE INDEX ix_ownership_security_id ON kamioi.ownership (security_id);
CREATE TABLE kamioi.price (
    security_id UUID NOT NULL,
    day DATE NOT NULL,
    close NUMERIC(18, 6) NOT NULL,
    currency TEXT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_price PRIMARY KEY (security_id, day),
    CONSTRAINT ck_price_close CHECK (close > 0),
    CONSTRAINT fk_price_security_id
        FOREIGN KEY (security_id) REFERENCES kamioi.security (id) ON DELETE CASCADE
);
CREATE TABLE kamioi.corporate_action (
    id UUID DEFAULT uuidv7() NOT NULL,
    security_id UUID NOT NULL,
    kind TEXT NOT NULL,
    ex_date DATE NOT NULL,
    ratio_num BIGINT,
    ratio_den BIGINT,
    cash_per_share NUMERIC(18, 9),
    currency TEXT,
    new_security_id UUID,
    source TEXT NOT NULL,
    announced_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_corporate_action PRIMARY KEY (id),
    CONSTRAINT uq_corporate_action_event UNIQUE (security_id, kind, ex_date),
    CONSTRAINT ck_corporate_action_kind CHECK (kind IN (
        'split', 'reverse_split', 'stock_dividend', 'cash_dividend', 'spin_off', 'merger',
        'rename', 'worthless'
    )),
    CONSTRAINT ck_corporate_action_ratio CHECK (ratio_num > 0 AND ratio_den > 0),
    CONSTRAINT fk_corporate_action_security_id
        FOREIGN KEY (security_id) REFERENCES kamioi.security (id) ON DELETE RESTRICT,
    CONSTRAINT fk_corporate_action_new_security_id
        FOREIGN KEY (new_security_id) REFERENCES kamioi.security (id) ON DELETE RESTRICT
);
CREATE INDEX ix_corporate_action_ex_date ON kamioi.corporate_action (ex_date);
CREATE INDEX ix_corporate_action_new_security_id ON kamioi.corporate_action (new_security_id);
CREATE TABLE kamioi.fact_refusal (
    id UUID DEFAULT uuidv7() NOT NULL,
    file TEXT NOT NULL,
    line BIGINT NOT NULL,
    reason TEXT NOT NULL,
    row_text TEXT NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_fact_refusal PRIMARY KEY (id)
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    create_schema(op, "kamioi")
    op.execute(DDL)
    for table in TABLES:
        publish(op, f"kamioi.{table}")
    # A refused row of a file may hold anything; operators see it, tenants do not.
    op.execute("DROP POLICY fact_refusal_reading ON kamioi.fact_refusal")
    op.execute(f"REVOKE SELECT ON TABLE kamioi.fact_refusal FROM {APP_ROLE}")  # noqa: S608 - a constant.


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE kamioi.{table}")
    op.execute("DROP SCHEMA kamioi")
