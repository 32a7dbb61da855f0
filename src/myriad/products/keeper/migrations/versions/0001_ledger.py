"""The account, its connection and what Square says happened."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import create_schema, protect

revision = "keeper_0001"
down_revision = None
branch_labels = ("keeper",)
depends_on = ("directory",)

TABLES = (
    "account",
    "connection",
    "sync_cursor",
    "webhook_event",
    "quarantine",
    "day_total",
    "location",
    "team_member",
    "timecard",
    "payment",
    "refund",
    "sales_order",
    "order_line",
    "booking",
)

DDL = """
CREATE TABLE keeper.account (
    tenant_id UUID NOT NULL,
    vertical TEXT DEFAULT 'spa' NOT NULL,
    currency TEXT DEFAULT 'USD' NOT NULL,
    size_band TEXT DEFAULT 'small' NOT NULL,
    business_date DATE,
    settings JSONB DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (tenant_id),
    CONSTRAINT fk_account_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES platform.tenant (id) ON DELETE CASCADE
);

CREATE TABLE keeper.connection (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    provider TEXT DEFAULT 'square' NOT NULL,
    merchant_id TEXT NOT NULL,
    merchant_name TEXT DEFAULT '' NOT NULL,
    base_url TEXT NOT NULL,
    access_token_enc BYTEA,
    refresh_token_enc BYTEA,
    scopes TEXT[] DEFAULT '{}' NOT NULL,
    expires_at timestamptz,
    refreshed_at timestamptz,
    status TEXT DEFAULT 'pending' NOT NULL,
    plan_flags JSONB DEFAULT '{}' NOT NULL,
    notice TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_connection PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_connection_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_connection_merchant ON keeper.connection (provider, merchant_id, tenant_id);
CREATE UNIQUE INDEX uq_connection_merchant
    ON keeper.connection (tenant_id, provider, merchant_id);

CREATE TABLE keeper.sync_cursor (
    tenant_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    object TEXT NOT NULL,
    location_ext_id TEXT DEFAULT '' NOT NULL,
    phase TEXT DEFAULT 'backfill' NOT NULL,
    watermark timestamptz,
    cursor TEXT,
    window_start timestamptz,
    window_end timestamptz,
    last_ok_at timestamptz,
    rows BIGINT DEFAULT 0 NOT NULL,
    lag_seconds BIGINT,
    error TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_sync_cursor PRIMARY KEY (tenant_id, connection_id, object, location_ext_id),
    CONSTRAINT fk_sync_cursor_tenant_id_connection_id
        FOREIGN KEY (tenant_id, connection_id)
        REFERENCES keeper.connection (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE keeper.webhook_event (
    tenant_id UUID NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    body JSONB NOT NULL,
    received_at timestamptz DEFAULT now() NOT NULL,
    processed_at timestamptz,
    outcome TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_webhook_event PRIMARY KEY (tenant_id, event_id),
    CONSTRAINT fk_webhook_event_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_webhook_event_received ON keeper.webhook_event (tenant_id, received_at);

CREATE TABLE keeper.quarantine (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    object TEXT NOT NULL,
    ext_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    body JSONB NOT NULL,
    seen_at timestamptz DEFAULT now() NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_quarantine PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_quarantine_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_quarantine_object
    ON keeper.quarantine (tenant_id, object, ext_id, reason);

CREATE TABLE keeper.day_total (
    tenant_id UUID NOT NULL,
    location_ext_id TEXT NOT NULL,
    local_date DATE NOT NULL,
    ours BIGINT NOT NULL,
    square BIGINT NOT NULL,
    drift BIGINT NOT NULL,
    checked_at timestamptz DEFAULT now() NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_day_total PRIMARY KEY (tenant_id, location_ext_id, local_date),
    CONSTRAINT fk_day_total_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE TABLE keeper.location (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    timezone TEXT,
    currency TEXT,
    country TEXT,
    status TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_location PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_location_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_location_ext_id ON keeper.location (tenant_id, ext_id);

CREATE TABLE keeper.team_member (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    given_name TEXT,
    family_name TEXT,
    status TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_team_member PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_team_member_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_team_member_ext_id ON keeper.team_member (tenant_id, ext_id);

CREATE TABLE keeper.timecard (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    team_member_ext_id TEXT,
    location_ext_id TEXT,
    start_at timestamptz,
    end_at timestamptz,
    status TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_timecard PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_timecard_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_timecard_start ON keeper.timecard (tenant_id, start_at);
CREATE UNIQUE INDEX uq_timecard_ext_id ON keeper.timecard (tenant_id, ext_id);

CREATE TABLE keeper.payment (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    customer_ext_id TEXT,
    order_ext_id TEXT,
    location_ext_id TEXT,
    team_member_ext_id TEXT,
    amount BIGINT NOT NULL,
    tip BIGINT DEFAULT 0 NOT NULL,
    refunded BIGINT DEFAULT 0 NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    source_type TEXT,
    card_fingerprint TEXT,
    local_date DATE NOT NULL,
    ext_created_at timestamptz NOT NULL,
    ext_updated_at timestamptz NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_payment_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_payment_customer ON keeper.payment (tenant_id, customer_ext_id, local_date);
CREATE INDEX ix_payment_day ON keeper.payment (tenant_id, local_date);
CREATE INDEX ix_payment_order ON keeper.payment (tenant_id, order_ext_id);
CREATE UNIQUE INDEX uq_payment_ext_id ON keeper.payment (tenant_id, ext_id);

CREATE TABLE keeper.refund (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    payment_ext_id TEXT,
    location_ext_id TEXT,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    local_date DATE NOT NULL,
    ext_created_at timestamptz NOT NULL,
    ext_updated_at timestamptz NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_refund PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_refund_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_refund_day ON keeper.refund (tenant_id, local_date);
CREATE INDEX ix_refund_payment ON keeper.refund (tenant_id, payment_ext_id);
CREATE UNIQUE INDEX uq_refund_ext_id ON keeper.refund (tenant_id, ext_id);

CREATE TABLE keeper.sales_order (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    customer_ext_id TEXT,
    location_ext_id TEXT,
    state TEXT NOT NULL,
    total BIGINT DEFAULT 0 NOT NULL,
    currency TEXT NOT NULL,
    local_date DATE NOT NULL,
    ext_created_at timestamptz NOT NULL,
    ext_updated_at timestamptz NOT NULL,
    version BIGINT DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_sales_order PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_sales_order_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_sales_order_customer
    ON keeper.sales_order (tenant_id, customer_ext_id, local_date);
CREATE INDEX ix_sales_order_day ON keeper.sales_order (tenant_id, local_date);
CREATE UNIQUE INDEX uq_sales_order_ext_id ON keeper.sales_order (tenant_id, ext_id);

CREATE TABLE keeper.order_line (
    tenant_id UUID NOT NULL,
    order_ext_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    catalog_ext_id TEXT,
    name TEXT DEFAULT '' NOT NULL,
    quantity DOUBLE PRECISION DEFAULT '1' NOT NULL,
    net BIGINT DEFAULT 0 NOT NULL,
    category TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_order_line PRIMARY KEY (tenant_id, order_ext_id, position),
    CONSTRAINT fk_order_line_tenant_id_order_ext_id
        FOREIGN KEY (tenant_id, order_ext_id)
        REFERENCES keeper.sales_order (tenant_id, ext_id) ON DELETE CASCADE
);

CREATE TABLE keeper.booking (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    ext_id TEXT NOT NULL,
    customer_ext_id TEXT,
    location_ext_id TEXT,
    status TEXT NOT NULL,
    start_at timestamptz NOT NULL,
    local_date DATE NOT NULL,
    segments JSONB DEFAULT '[]' NOT NULL,
    source TEXT,
    any_team_member BOOLEAN DEFAULT false NOT NULL,
    version BIGINT DEFAULT 0 NOT NULL,
    ext_created_at timestamptz,
    ext_updated_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_booking PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_booking_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
CREATE INDEX ix_booking_customer ON keeper.booking (tenant_id, customer_ext_id, start_at);
CREATE INDEX ix_booking_start ON keeper.booking (tenant_id, start_at);
CREATE UNIQUE INDEX uq_booking_ext_id ON keeper.booking (tenant_id, ext_id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    create_schema(op, "keeper")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"keeper.{table}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
    op.execute("DROP SCHEMA keeper")
